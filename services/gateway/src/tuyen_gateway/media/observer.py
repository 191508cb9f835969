"""Notes the media in inbound events, to be fetched; and removes what came with messages and posts
that were removed."""

from datetime import timedelta

from tuyen_attachments.ports import Attachments
from tuyen_channels.media_hosts import MEDIA_HOSTS
from tuyen_events.codec import decode, header
from tuyen_events.file_limits import MEDIA_FETCHED_WITHIN_S
from tuyen_events.topics import INBOUND
from tuyen_gateway.domain.media import (
    WITH_MEDIA,
    WITHDRAWALS,
    WaitingMedium,
    find_media_owner,
    list_media,
)
from tuyen_gateway.identity import SERVICE
from tuyen_gateway.ports.media import WaitingMedia
from tuyen_platform.clock import Clock
from tuyen_platform.dead_letters import reject_or_raise
from tuyen_platform.kafka.consumer import ConsumerStatus, consume, follow_for_ever
from tuyen_platform.kafka.ports import FetchedRecords, Log, Record

GROUP = "gateway-media"
_APART_S = 0.25
"""The pause between batches while there is always something new."""

_TYPES = frozenset(kind.type.encode() for kind in (*WITH_MEDIA, *WITHDRAWALS))
_REMOVALS = frozenset(kind.type.encode() for kind in WITHDRAWALS)
_NAMES = (b'"attachments":', b'"picture":')
"""The fields that name media."""
_WITHIN = timedelta(seconds=MEDIA_FETCHED_WITHIN_S)


class MediaObserver:
    """Reads the inbound events; the members of one group share the partitions.

    Offsets are committed once what follows from the events is stored. An event that is handled
    again adds the same media, which are fetched again and stored once. An event that cannot be
    read goes to the dead letters, and the next one is handled (R9.5). The media of messages that
    are older than MEDIA_FETCHED_WITHIN_S are left out: a group that begins with the first event
    fetches none that is gone anyway. For as long it is remembered that a message was taken back:
    its own event may be handled later, or again.
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
            apart_s=_APART_S,
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
            await self._waiting.add(wanted)
        return True

    async def _read(self, record: Record) -> list[WaitingMedium]:
        """What a record adds. Only records that may have media are decoded."""
        kind = header(record.headers, "ce_type")
        if record.value is None or kind not in _TYPES:
            return []
        if kind not in _REMOVALS and not any(name in record.value for name in _NAMES):
            return []
        event = decode(record.headers, record.value).data
        if isinstance(event, WITHDRAWALS):
            # First the note: whoever stores a medium of it afterwards finds it, and removes that.
            owner, until = find_media_owner(event), self._clock.now() + _WITHIN
            await self._waiting.withdraw(event.organization, owner, until)
            await self._store.remove_of_message(event.organization, owner)
        if not isinstance(event, WITH_MEDIA) or event.channel not in MEDIA_HOSTS:
            return []
        if event.accepted_at < self._clock.now() - _WITHIN:
            return []
        return list_media(event, record.partition)
