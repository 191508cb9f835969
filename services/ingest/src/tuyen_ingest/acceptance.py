"""Accepts authentic bodies: reads them, writes what they say, and returns once it stands (P2)."""

from functools import cache

from tuyen_channels.live_posts import LivePosts
from tuyen_channels.ports import Parsed
from tuyen_ingest import records
from tuyen_ingest.domain.pages import ConnectedPages
from tuyen_ingest.records import Delivery
from tuyen_platform import metrics
from tuyen_platform.kafka.copies import LogCopy
from tuyen_platform.kafka.ports import Log
from tuyen_platform.page_tokens import PageTokens

_REFRESH_WITHIN_S = 1.0


class Acceptance:
    """Bodies to records, with what is known of pages and posts.

    `within_s` is how long the log may take to acknowledge one body.
    """

    def __init__(
        self,
        *,
        log: Log,
        pages: ConnectedPages,
        directory: LogCopy,
        posts: LivePosts,
        tokens: PageTokens,
        within_s: float,
    ) -> None:
        self._log = log
        self._pages = pages
        self._tokens = tokens
        self._directory = directory
        self._posts = posts
        self._within_s = within_s

    async def accept(self, delivery: Delivery) -> Parsed:
        """Writes the body and everything that it says, in the body's order and behind the bodies
        that were accepted before (R9.3); returns once all of it is acknowledged.

        Raises LogUnavailableError, and then some of it may stand in the log: the same ids come when
        the channel delivers again.
        """
        parsed = self._parse(delivery)
        if parsed.unknown_pages:
            parsed = await self._parse_again(delivery, parsed)
        await self._write(delivery, parsed, keep=True)
        return parsed

    async def accept_again(self, delivery: Delivery) -> Parsed:
        """Reads a body, or a part of one, that is kept already, and writes what it says now; parts
        that cannot be read stay where they are."""
        parsed = self._parse(delivery)
        await self._write(delivery, parsed, keep=False)
        return parsed

    def _parse(self, delivery: Delivery) -> Parsed:
        channel = delivery.channel
        pages = self._pages.of(channel.name)
        return channel.parse(
            delivery.body, delivery.accepted_at, pages, self._posts, delivery.account
        )

    async def _parse_again(self, delivery: Delivery, parsed: Parsed) -> Parsed:
        """A page that is not known may have been connected a moment ago: the directory is read to
        its present end before the page's events are skipped."""
        await self._directory.refresh(_REFRESH_WITHIN_S)
        if parsed.unknown_pages.isdisjoint(self._pages.of(delivery.channel.name)):
            return parsed
        return self._parse(delivery)

    async def _write(self, delivery: Delivery, parsed: Parsed, *, keep: bool) -> None:
        unwritten = [*records.events(delivery, parsed), *records.facts(delivery, parsed)]
        if keep:
            unwritten += records.dead_letters(delivery, parsed)
            unwritten.append(records.raw(delivery, parsed.page))
            unwritten += self._tokens.first_use(delivery.account)
        await self._log.append_all(unwritten, within_s=self._within_s)
        for _, fact in parsed.classified:
            self._posts.apply(fact)
        _count(delivery.channel.name, parsed)


_accepted = cache(metrics.INBOUND_EVENTS.labels)  # looking a child up costs more than counting


def _count(channel: str, parsed: Parsed) -> None:
    for normalized in parsed.events:
        _accepted(channel, normalized.event.type).inc()
    for skipped in parsed.skipped:
        metrics.SKIPPED_UPDATES.labels(channel, skipped.why).inc()
    if parsed.failures:
        metrics.DEAD_LETTERS.labels(records.SERVICE).inc(len(parsed.failures))
