"""Asks the channels who customers are, and says so in the log."""

import asyncio
from collections import Counter, deque
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from tuyen_channels.calls import ChannelRefusal, HiddenToken, RefusalKind
from tuyen_channels.profiles import CustomerProfile, ProfileSource
from tuyen_events.directory import PageChanged
from tuyen_events.event import Envelope
from tuyen_events.ids import OrganizationId, customer_key, derive_event_id
from tuyen_events.inbound import CustomerDescribed
from tuyen_events.topics import INBOUND
from tuyen_events.vocabulary import Channel
from tuyen_outbound.call_turns import CallTurns
from tuyen_outbound.domain.profiles import WantedProfile, build_description, find_known_until
from tuyen_outbound.identity import SOURCE
from tuyen_outbound.ports import WaitingProfiles
from tuyen_outbound.resources import Resources
from tuyen_platform import metrics
from tuyen_platform.dead_letters import list_calls
from tuyen_platform.kafka.ports import Log
from tuyen_platform.retry import retry

_AT_ONCE = 8
_AT_ONCE_OF_ORGANIZATION = 2
"""Customers whom one worker asks for at the same time."""

_CLAIMED = timedelta(seconds=120)
"""For how long a customer belongs to the worker that asks for them: if that ends, another one does
so afterwards. Waiting for a turn and the call take less."""

_TURN_WITHIN_S = 60.0
"""How long a call waits for its turn, before the customer is put off."""

_POLL_S = 0.5

_log = structlog.get_logger()


class ProfileFetcher:
    """Some calls at a time, in which the organizations take turns (R9.5), within the limits of the
    channels that messages are sent in, too. Messages come first.

    A customer is removed from those that wait once the log says who they are. After a crash before
    that, the channel is asked again, and the log gets an event with the same id. While the channel
    is unavailable or the page's token is dead, a customer is put off, longer each time, for a day.
    A refusal concerns the customer alone, and is remembered for a day: a page that may not ask for
    names can send all the same.
    """

    def __init__(
        self,
        log: Log,
        resources: Resources,
        sources: Mapping[Channel, ProfileSource],
        waiting: WaitingProfiles,
    ) -> None:
        self._log = log
        self._resources = resources
        self._sources = sources
        self._waiting = waiting
        self._call_turns = CallTurns(resources.pacings, resources.slots, resources.elapsed_time)
        self._turn: deque[OrganizationId] = deque()
        self._at_work: Counter[OrganizationId] = Counter()
        self._taking = asyncio.Lock()

    async def run(self) -> None:
        """Works until cancelled; while Kafka or MongoDB is unavailable it waits."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(_AT_ONCE):
                tasks.create_task(self._work())

    async def _work(self) -> None:
        while True:
            if not await retry(self.fetch_next, log_as="profiles_wait"):
                await asyncio.sleep(_POLL_S)

    async def fetch_next(self) -> bool:
        """Asks for the customer whose turn it is; false if none is due."""
        async with self._taking:
            wanted = await self._take()
        if wanted is None:
            return False
        try:
            await self._fetch(wanted)
        finally:
            self._at_work[wanted.organization] -= 1
            if not self._at_work[wanted.organization]:
                del self._at_work[wanted.organization]
        return True

    async def _take(self) -> WantedProfile | None:
        now = self._resources.clock.now()
        if not self._turn:
            self._turn.extend(await self._waiting.organizations(now))
        while self._turn:
            organization = self._turn.popleft()
            if self._at_work[organization] >= _AT_ONCE_OF_ORGANIZATION:
                continue
            wanted = await self._waiting.claim(organization, now, now + _CLAIMED)
            if wanted is not None:
                self._at_work[organization] += 1
                return wanted
        return None

    async def _fetch(self, wanted: WantedProfile) -> None:
        accounts, source = self._resources.accounts, self._sources.get(wanted.channel)
        page = accounts.find_page(wanted.organization, wanted.page_id)
        if page is None or page.channel != wanted.channel or source is None:
            return await self._waiting.remove(wanted)
        token = accounts.find_token(page)
        if token is None:
            return await self._put_off(wanted)
        pause_s = self._call_turns.find_pause(page)
        if pause_s > 0:
            return await self._put_off(wanted, pause_s)
        try:
            async with asyncio.timeout(_TURN_WITHIN_S):
                await self._call_turns.wait(page, source.limits, is_urgent=False)
        except TimeoutError:
            return await self._put_off(wanted)
        await self._note(wanted, page, token, await self._ask(source, wanted, page, token))

    async def _ask(
        self, source: ProfileSource, wanted: WantedProfile, page: PageChanged, token: HiddenToken
    ) -> CustomerProfile | ChannelRefusal:
        try:
            return await source.find(page.external_id, token, wanted.external_id)
        except Exception as error:  # one customer must not stop the others
            _log.error("profile_failed", customer_id=wanted.id, raised_at=list_calls(error))
            return ChannelRefusal(RefusalKind.PERMANENT, "internal")

    async def _note(
        self,
        wanted: WantedProfile,
        page: PageChanged,
        token: HiddenToken,
        answer: CustomerProfile | ChannelRefusal,
    ) -> None:
        """Does what follows from the answer to a call."""
        now, pause_s = self._resources.clock.now(), self._note_pause(page, answer)
        result = answer.kind.value if isinstance(answer, ChannelRefusal) else "found"
        metrics.OUTBOUND_PROFILES.labels(wanted.channel, result).inc()
        match answer:
            case CustomerProfile(name=name, picture=picture):
                described = build_description(wanted, name, picture, now)
                if described is not None:
                    await self._publish(wanted, described)
                await self._waiting.settle(wanted, find_known_until(name, now))
            case ChannelRefusal(kind=RefusalKind.THROTTLED):
                await self._put_off(wanted, pause_s)
            case ChannelRefusal(kind=RefusalKind.DEAD_TOKEN):
                await self._resources.accounts.stop(page, token, answer)
                await self._put_off(wanted)
            case ChannelRefusal(
                kind=RefusalKind.TRANSIENT | RefusalKind.UNREACHABLE | RefusalKind.LOST
            ):
                await self._put_off(wanted)
            case ChannelRefusal():
                _log.info(
                    "profile_refused",
                    customer_id=wanted.id,
                    organization=wanted.organization,
                    page_id=wanted.page_id,
                    code=answer.code,
                    detail=answer.detail,
                )
                await self._waiting.settle(wanted, find_known_until(None, now))

    def _note_pause(self, page: PageChanged, answer: CustomerProfile | ChannelRefusal) -> float:
        """Lets all calls wait that the channel wants to wait; returns for how many seconds."""
        if answer.pause is None:
            return 0.0
        now = self._resources.elapsed_time()
        metrics.OUTBOUND_PAUSES.labels(page.channel, answer.pause.scope).inc()
        return self._resources.pacings[page.channel].pause(page.external_id, answer.pause, now)

    async def _publish(self, wanted: WantedProfile, described: CustomerDescribed) -> None:
        envelope = Envelope(
            id=derive_event_id(wanted.caused_by, described.type),
            source=SOURCE,
            subject=wanted.conversation_id,
            time=described.accepted_at,
            data=described,
        )
        key = customer_key(wanted.organization, wanted.page_id, wanted.external_id)
        await self._log.append(INBOUND, key, envelope)
        _log.info(
            "customer_described",
            event_id=envelope.id,
            organization=wanted.organization,
            page_id=wanted.page_id,
            conversation_id=wanted.conversation_id,
        )

    async def _put_off(self, wanted: WantedProfile, at_least_s: float = 0.0) -> None:
        now = self._resources.clock.now()
        due = wanted.find_next(now)
        if due is None:
            return await self._waiting.remove(wanted)
        soonest: datetime = now + timedelta(seconds=at_least_s)
        await self._waiting.put_off(wanted, max(due, soonest))
