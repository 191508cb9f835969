"""When the next call for a page may be made."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from tuyen_channels.calls import Limit
from tuyen_events.directory import PageChanged
from tuyen_events.vocabulary import Channel
from tuyen_outbound.domain.pacing import Pacing
from tuyen_outbound.slots import Slots


class CallTurns:
    """Waits for rate limits, and for the end of the pauses that channels ask for."""

    def __init__(
        self,
        pacings: Mapping[Channel, Pacing],
        slots: Slots,
        elapsed_time: Callable[[], float],
    ) -> None:
        self._pacings = pacings
        self._slots = slots
        self._elapsed_time = elapsed_time

    async def wait(
        self, page: PageChanged, limits: Sequence[Limit], *, is_urgent: bool = True
    ) -> None:
        """Returns when one call with these limits may be made.

        A call waits for the limits of its page first, and reserves nothing of those that all pages
        share until then. So neither a page that is slow, nor one with a backlog, puts off the calls
        of other organizations (R9.5). Nothing is reserved during a pause: what waited for its end
        would be called all at once. A call that is not urgent leaves what all pages share to those
        that are, for as long as any of them waits for it.
        """
        queue = self._slots.queue if is_urgent else self._slots.queue_low_priority
        own = [limit for limit in limits if not limit.of_app]
        shared = [limit for limit in limits if limit.of_app]
        while True:
            while (rest_s := self.find_pause(page)) > 0:  # noqa: ASYNC110 - it may be extended
                await asyncio.sleep(rest_s)
            await self._reserve(page, own)
            if shared:
                async with queue(page.organization, page.channel):
                    await self._reserve(page, shared)
            if self.find_pause(page) <= 0:
                return

    def find_pause(self, page: PageChanged) -> float:
        """The seconds for which calls for the page are paused."""
        return self._pacings[page.channel].find_pause(page.external_id, self._elapsed_time())

    async def _reserve(self, page: PageChanged, limits: Sequence[Limit]) -> None:
        pacing, now = self._pacings[page.channel], self._elapsed_time()
        await asyncio.sleep(pacing.reserve(page.external_id, limits, now))
