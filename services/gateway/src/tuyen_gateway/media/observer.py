"""Notes the media in inbound events, so that they are fetched; and removes the media of messages
and posts that were removed, and those that an edit removed."""

from collections.abc import Sequence
from datetime import timedelta

from tuyen_attachments.ports import Attachments
from tuyen_channels.media_hosts import MEDIA_HOSTS
from tuyen_events.codec import decode, find_header
from tuyen_events.event import Envelope
from tuyen_events.file_limits import MEDIA_FETCHED_WITHIN_S
from tuyen_events.inbound import CommentEdited
from tuyen_events.media import MissedReason
from tuyen_events.outbound import AttachmentId
from tuyen_events.topics import INBOUND
from tuyen_gateway.domain.media import (
    WITH_MEDIA,
    WITHDRAWALS,
    WaitingMedium,
    find_media_owner,
    list_media,
)
from tuyen_gateway.domain.threads import moment_of
from tuyen_gateway.identity import SERVICE
from tuyen_gateway.media.missing import report_missed
from tuyen_gateway.ports.media import WaitingMedia
from tuyen_platform import metrics
from tuyen_platform.clock import Clock
from tuyen_platform.dead_letters import reject_or_raise
from tuyen_platform.kafka.consumer import ConsumerStatus, consume, follow_for_ever
from tuyen_platform.kafka.ports import FetchedRecords, Log, Record

GROUP = "gateway-media"
_MIN_INTERVAL_S = 0.25
"""The least time between two batches while there is always something new."""
_COMMIT_EVERY_S = 1.0

_TYPES = frozenset(kind.type.encode() for kind in (*WITH_MEDIA, *WITHDRAWALS))
_CHANGES = frozenset(kind.type.encode() for kind in (*WITHDRAWALS, CommentEdited))
_NAMES = (b'"attachments":', b'"picture":')
"""The fields that name media."""
_WITHIN = timedelta(seconds=MEDIA_FETCHED_WITHIN_S)


class MediaObserver:
    """Reads the inbound events; the members of one group share the partitions.

    Offsets are committed once what follows from the events is stored. An event that is handled
    again adds the same media, which are fetched again and stored once. An event that cannot be
    read goes to the dead letters, and the next one is handled (R9.5). The media of messages that
    are older than MEDIA_FETCHED_WITHIN_S are left out: a group that begins with the first event
    fetches none that is gone anyway. For as long it is remembered that a message was taken back, or
    what it has since an edit: its own event, or an earlier edit, may be handled later, or again.
    Of media that do not wait, because there are too many already, the log says that.
    """

    def __init__(self, log: Log, clock: Clock, waiting: WaitingMedia, store: Attachments) -> None:
        self._log = log
        self._clock = clock
        self._waiting = waiting
        self._store = store
        self.status = ConsumerStatus()

    async def run(self) -> None:
        """Works until cancelled; while Kafka or MongoDB is unavailable it waits."""
        await follow_for_ever(self._follow, log_as="media_wait", status=self.status)

    async def _follow(self) -> None:
        await consume(
            self._log,
            INBOUND,
            group=GROUP,
            handle=self._handle,
            status=self.status,
            min_interval_s=_MIN_INTERVAL_S,
            commit_every_s=_COMMIT_EVERY_S,
        )

    async def _handle(self, batch: FetchedRecords, _partitions: frozenset[tuple[str, int]]) -> bool:
        wanted: list[WaitingMedium] = []
        for records in batch.values():
            for record in records:
                try:
                    wanted += await self._read(record)
                except Exception as error:  # one record must not stop the others
                    await reject_or_raise(self._log, record, SERVICE, error)
        if wanted:
            added = {one.id for one in await self._waiting.add(wanted)}
            for one in wanted:
                if one.id not in added:
                    await report_missed(self._log, one, MissedReason.TOO_MANY)
                    metrics.MEDIA_FETCHES.labels(one.channel, "left_out").inc()
        return True

    async def _read(self, record: Record) -> list[WaitingMedium]:
        """The media that a record adds. Only records that may have media are decoded."""
        kind = find_header(record.headers, "ce_type")
        if record.value is None or kind not in _TYPES:
            return []
        if kind not in _CHANGES and not any(name in record.value for name in _NAMES):
            return []
        envelope = decode(record.headers, record.value)
        event = envelope.data
        if isinstance(event, WITHDRAWALS):
            # First the note: whoever stores a medium of it afterwards finds it, and removes that.
            owner, until = find_media_owner(event), self._clock.now() + _WITHIN
            await self._waiting.withdraw(event.organization, owner, until)
            await self._store.remove_of_message(event.organization, owner)
        if not isinstance(event, WITH_MEDIA) or event.channel not in MEDIA_HOSTS:
            return []
        if event.accepted_at < self._clock.now() - _WITHIN:
            return []
        media = list_media(event, record.partition)
        if isinstance(event, CommentEdited):
            await self._note_edit(envelope, event, [one.id for one in media])
        return media

    async def _note_edit(
        self, envelope: Envelope, event: CommentEdited, media: Sequence[AttachmentId]
    ) -> None:
        """First the note, as above. The order is that in which a thread takes edits."""
        order = f"{moment_of(event)[0].isoformat(timespec='milliseconds')} {envelope.id}"
        until = self._clock.now() + _WITHIN
        await self._waiting.note_edit(event.organization, event.message_id, order, media, until)
        left = await self._waiting.find_left(event.organization, event.message_id)
        await self._store.remove_of_message(event.organization, event.message_id, left or ())
