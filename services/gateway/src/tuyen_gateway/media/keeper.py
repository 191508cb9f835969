"""Fetches the waiting media, stores them, and publishes that they are stored."""

import asyncio
from datetime import timedelta

import structlog

from tuyen_attachments.naming import clean_name
from tuyen_attachments.ports import Attachments, NewAttachment, StoredAttachment
from tuyen_attachments.receiving import AttachmentTooLargeError, receive
from tuyen_attachments.recognizing import UNKNOWN_FILE
from tuyen_events.event import Envelope
from tuyen_events.file_limits import MEDIA_FETCHED_WITHIN_S
from tuyen_events.ids import derive_event_id
from tuyen_events.media import KeptMedium, MediaKept, MissedReason
from tuyen_events.outbound_topics import MEDIA
from tuyen_gateway.domain.media import WaitingMedium
from tuyen_gateway.identity import SOURCE
from tuyen_gateway.media.missing import report_missed
from tuyen_gateway.ports.media import (
    MediaFetcher,
    MediaRefusedError,
    MediaUnavailableError,
    OwnReplies,
    WaitingMedia,
)
from tuyen_platform import metrics
from tuyen_platform.clock import Clock
from tuyen_platform.dead_letters import list_frames
from tuyen_platform.error_causes import is_unavailable
from tuyen_platform.fair_work import FairWorkers, RetryPlan
from tuyen_platform.kafka.ports import Log

_WITHIN_S = 60.0
"""How long one attempt may take."""

_CLAIMED = timedelta(seconds=2 * _WITHIN_S)
"""For how long a medium belongs to the gateway that fetches it: if that ends, another one takes it
afterwards."""

_RETRIES = RetryPlan(
    first=timedelta(seconds=30),
    longest=timedelta(hours=4),
    within=timedelta(seconds=MEDIA_FETCHED_WITHIN_S),
)

_log = structlog.get_logger()


class MediaKeeper:
    """Fetches some media at a time; organizations take turns (R9.5).

    A medium is removed from those that wait once it is stored and the log says so. After a crash
    before that, it is fetched again: the store has it already, and the log gets the same event. A
    medium that cannot be had at the moment is put off, longer each time, until its message is
    MEDIA_FETCHED_WITHIN_S old; one that cannot be had at all is given up at once. Then the log says
    that, and the thread keeps the address at the channel. What is fetched while its message is
    taken back, or edited so that it has it no more, is removed again. The files of a reply that was
    requested here are stored already.
    """

    def __init__(
        self,
        log: Log,
        clock: Clock,
        waiting: WaitingMedia,
        store: Attachments,
        fetcher: MediaFetcher,
        *,
        replies: OwnReplies,
    ) -> None:
        self._log = log
        self._clock = clock
        self._waiting = waiting
        self._store = store
        self._fetcher = fetcher
        self._replies = replies
        self._workers = FairWorkers(
            clock, waiting, self._keep, claimed_for=_CLAIMED, log_as="media_wait"
        )

    async def run(self) -> None:
        """Works until cancelled; while Kafka or MongoDB is unavailable it waits."""
        await self._workers.run()

    async def keep_next(self) -> bool:
        """Fetches the medium whose turn it is; false if none is due."""
        return await self._workers.work_next()

    async def _keep(self, medium: WaitingMedium) -> None:
        try:
            if await self._is_our_own(medium) or await self._remove_withdrawn(medium):
                return
            async with asyncio.timeout(_WITHIN_S):
                stored = await self._fetch(medium)
            if await self._remove_withdrawn(medium):
                return
            await self._report(medium, stored)
        except (MediaRefusedError, AttachmentTooLargeError) as error:
            await self._give_up(medium, MissedReason.REFUSED, str(error))
        except (MediaUnavailableError, TimeoutError) as error:
            await self._put_off(medium, str(error) or "it takes too long")
        except Exception as error:  # one medium must not stop the others
            if is_unavailable(error):
                raise
            _log.error("medium_failed", medium=medium.id, raised_at=list_frames(error))
            await self._give_up(medium, MissedReason.REFUSED, type(error).__name__)
        else:
            await self._waiting.remove(medium)
            metrics.MEDIA_FETCHES.labels(medium.channel, "kept").inc()

    async def _is_our_own(self, medium: WaitingMedium) -> bool:
        """Forgets a medium of a reply that was requested here, and returns whether it was. If the
        views do not show the reply yet, the medium is stored once more, and nothing shows it."""
        if medium.claims is None:
            return False
        found = await self._replies.find(medium.organization, [medium.claims])
        if medium.claims not in found or found[medium.claims].request is None:
            return False
        await self._waiting.remove(medium)
        return True

    async def _remove_withdrawn(self, medium: WaitingMedium) -> bool:
        """Removes what is stored of a message and was taken back, or is not left after an edit, and
        forgets the medium if that holds for it; returns whether it does. If the process ends
        before, the medium is claimed again."""
        left = await self._waiting.find_left(medium.organization, medium.message_id)
        if left is None or medium.id in left:
            return False
        await self._store.remove_of_message(medium.organization, medium.message_id, left)
        await self._waiting.remove(medium)
        return True

    async def _fetch(self, medium: WaitingMedium) -> StoredAttachment:
        async with self._fetcher.fetch(medium.channel, medium.url) as parts:
            received = await receive(parts)
            if not received.head:
                raise MediaRefusedError("it is empty")
            found = received.type or UNKNOWN_FILE
            new = NewAttachment(
                id=medium.id,
                organization=medium.organization,
                kind=found.kind,
                content_type=found.content_type,
                name=None if medium.name is None else clean_name(medium.name),
                message_id=medium.message_id,
                page_id=medium.seen_on,
                created_at=self._clock.now(),
            )
            return await self._store.add(new, received.content(found.kind))

    async def _report(self, medium: WaitingMedium, stored: StoredAttachment) -> None:
        event = MediaKept(
            organization=medium.organization,
            page_id=medium.page_id,
            message_id=medium.message_id,
            media=(
                KeptMedium(
                    id=stored.id,
                    kind=stored.kind,
                    content_type=stored.content_type,
                    size=stored.size,
                ),
            ),
            at=medium.accepted_at,
            post_external_id=medium.post_external_id,
        )
        envelope = Envelope(
            id=derive_event_id(medium.id, event.type),
            source=SOURCE,
            subject=medium.message_id,
            time=medium.accepted_at,
            data=event,
        )
        await self._log.append(MEDIA, medium.message_id, envelope, partition=medium.partition)

    async def _put_off(self, medium: WaitingMedium, reason: str) -> None:
        due = _RETRIES.find_next(medium, medium.accepted_at, self._clock.now())
        if due is None:
            await self._give_up(medium, MissedReason.UNAVAILABLE, reason)
            return
        await self._waiting.put_off(medium, due)
        metrics.MEDIA_FETCHES.labels(medium.channel, "put_off").inc()

    async def _give_up(self, medium: WaitingMedium, missed: MissedReason, reason: str) -> None:
        await report_missed(self._log, medium, missed)
        await self._waiting.remove(medium)
        result = "refused" if missed is MissedReason.REFUSED else "given_up"
        metrics.MEDIA_FETCHES.labels(medium.channel, result).inc()
        _log.warning(
            "medium_not_kept",
            medium=medium.id,
            organization=medium.organization,
            message_id=medium.message_id,
            reason=reason,
        )
