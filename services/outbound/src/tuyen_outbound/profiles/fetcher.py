"""Asks the channels about customers and posts, and publishes their answers."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import structlog

from tuyen_channels.calls import ChannelRefusal, HiddenToken, RefusalKind
from tuyen_channels.posts import PostDetails
from tuyen_channels.profiles import CustomerProfile, ProfileSource
from tuyen_events.directory import PageChanged
from tuyen_events.event import Envelope
from tuyen_events.ids import customer_key, derive_event_id
from tuyen_events.inbound import CustomerDescribed
from tuyen_events.outbound_limits import PROFILE_REFUSED_S
from tuyen_events.topics import INBOUND
from tuyen_events.vocabulary import Channel
from tuyen_outbound.call_turns import CallTurns
from tuyen_outbound.domain.posts import WantedPost, find_post_known_until
from tuyen_outbound.domain.profiles import (
    Lookup,
    WantedProfile,
    build_description,
    find_known_until,
)
from tuyen_outbound.identity import SOURCE
from tuyen_outbound.ports import WaitingProfiles
from tuyen_outbound.profiles.posts import publish_post
from tuyen_outbound.resources import Resources
from tuyen_platform import metrics
from tuyen_platform.dead_letters import list_frames
from tuyen_platform.fair_work import FairWorkers, RetryPlan
from tuyen_platform.kafka.ports import Log

_CLAIMED = timedelta(seconds=120)
"""For how long a customer belongs to the worker that asks for them: if that ends, another one does
so afterwards. Waiting for a turn and the call take less."""

_TURN_WITHIN_S = 60.0
"""How long a call waits for its turn, before the customer is put off."""

_RETRIES = RetryPlan(
    first=timedelta(seconds=5),
    longest=timedelta(hours=1),
    within=timedelta(seconds=PROFILE_REFUSED_S),
)

_log = structlog.get_logger()


class ProfileFetcher:
    """Makes some calls at a time; organizations take turns (R9.5). The calls count towards the same
    limits of the channels as messages. Messages come first.

    A customer, or a post, is removed from those that wait once the log says who or what it is.
    After a crash before that, the channel is asked again, and the log gets an event with the same
    id. While the channel is unavailable or the page's token is dead, it is put off, longer each
    time, for a day. A refusal concerns it alone, and is remembered for a day: a page that may not
    ask for names can send all the same.
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
        self._workers = FairWorkers(
            resources.clock, waiting, self._fetch, claimed_for=_CLAIMED, log_as="profiles_wait"
        )

    async def run(self) -> None:
        """Works until cancelled; while Kafka or MongoDB is unavailable it waits."""
        await self._workers.run()

    async def fetch_next(self) -> bool:
        """Asks for the customer whose turn it is; false if none is due."""
        return await self._workers.work_next()

    async def _fetch(self, wanted: Lookup) -> None:
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
        limits = source.post_limits if isinstance(wanted, WantedPost) else source.limits
        try:
            async with asyncio.timeout(_TURN_WITHIN_S):
                await self._call_turns.wait(page, limits, is_urgent=False)
        except TimeoutError:
            return await self._put_off(wanted)
        await self._note(wanted, page, token, await self._ask(source, wanted, page, token))

    async def _ask(
        self, source: ProfileSource, wanted: Lookup, page: PageChanged, token: HiddenToken
    ) -> CustomerProfile | PostDetails | ChannelRefusal:
        find = source.find_post if isinstance(wanted, WantedPost) else source.find
        try:
            return await find(page.external_id, token, wanted.external_id)
        except Exception as error:  # one customer must not stop the others
            _log.error("profile_failed", wanted=wanted.id, raised_at=list_frames(error))
            return ChannelRefusal(RefusalKind.PERMANENT, "internal")

    async def _note(
        self,
        wanted: Lookup,
        page: PageChanged,
        token: HiddenToken,
        answer: CustomerProfile | PostDetails | ChannelRefusal,
    ) -> None:
        """Does what follows from the answer to a call."""
        now, pause_s = self._resources.clock.now(), self._note_pause(page, answer)
        result = answer.kind.value if isinstance(answer, ChannelRefusal) else "found"
        metrics.OUTBOUND_PROFILES.labels(wanted.channel, result).inc()
        match answer:
            case CustomerProfile(name=name, picture=picture) if isinstance(wanted, WantedProfile):
                described = build_description(wanted, name, picture, now)
                if described is not None:
                    await self._publish(wanted, described)
                await self._waiting.settle(wanted, find_known_until(name, now))
            case PostDetails() if isinstance(wanted, WantedPost):
                await publish_post(self._log, wanted, answer, now)
                await self._waiting.settle(wanted, find_post_known_until(answer, now))
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
                    wanted=wanted.id,
                    organization=wanted.organization,
                    page_id=wanted.page_id,
                    code=answer.code,
                    detail=answer.detail,
                )
                await self._waiting.settle(wanted, find_known_until(None, now))

    def _note_pause(
        self, page: PageChanged, answer: CustomerProfile | PostDetails | ChannelRefusal
    ) -> float:
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

    async def _put_off(self, wanted: Lookup, at_least_s: float = 0.0) -> None:
        now = self._resources.clock.now()
        due = _RETRIES.find_next(wanted, wanted.wanted_at, now)
        if due is None:
            return await self._waiting.remove(wanted)
        await self._waiting.put_off(wanted, max(due, now + timedelta(seconds=at_least_s)))
