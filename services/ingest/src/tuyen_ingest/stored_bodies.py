"""What ingest has stored, to be read again: bodies, and parts of them that could not be read."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from tuyen_events.codec import UnreadableEventError, decode_data, find_header
from tuyen_events.dead_letters import DeadLettered, DeadLetterSettled
from tuyen_events.topic import Topic
from tuyen_events.topics import DEAD_LETTERS, RAW
from tuyen_ingest import records
from tuyen_ingest.identity import SERVICE
from tuyen_platform.kafka.ports import Log, Record

_EARLIER = timedelta(hours=1)
"""By how much the clock of a broker may be behind ours: a record that was accepted at a time is
looked for from so much earlier on."""


class StoredBody(NamedTuple):
    """A stored body, or the smallest body that contains one part; `error` is why it is a dead
    letter, and `letter_id` the id of the letter's event."""

    channel: str
    delivery_id: str
    accepted_at: datetime
    body: bytes
    account: str = ""
    error: str | None = None
    owners: records.Owners = MappingProxyType({})
    """To whom its pages belonged, if that was stored."""
    letter_id: str = ""
    partition: int = 0


class TimeRange(NamedTuple):
    """When a body was accepted: at `since` or later, and before `until`."""

    since: datetime | None = None
    until: datetime | None = None

    def includes(self, found: StoredBody) -> bool:
        if self.since is not None and found.accepted_at < self.since:
            return False
        return self.until is None or found.accepted_at < self.until


EVERYTHING = TimeRange()


def read_raw(record: Record) -> StoredBody | None:
    """A record of `raw`; None if it is not valid."""
    headers = dict(record.headers)
    try:
        return StoredBody(
            headers[records.CHANNEL].decode(),
            headers[records.DELIVERY_ID].decode(),
            datetime.fromisoformat(headers[records.ACCEPTED_AT].decode()),
            record.value or b"",
            headers.get(records.ACCOUNT, b"").decode(),
            owners=_owners_of(headers.get(records.OWNERS, b"{}")),
        )
    except (KeyError, ValueError, msgspec.DecodeError):
        return None


_owners_of = msgspec.json.Decoder(dict[str, str]).decode


def read_dead_letter(record: Record) -> StoredBody | None:
    """A record of `dead-letters`; None when another service wrote it."""
    try:
        letter = decode_data(record.headers, record.value or b"")
    except UnreadableEventError:
        return None
    if not isinstance(letter, DeadLettered) or letter.service != SERVICE:
        return None
    return StoredBody(
        letter.origin,
        letter.delivery_id,
        letter.at,
        letter.payload.encode(),
        letter.account,
        letter.error,
        letter.owners,
        (find_header(record.headers, "ce_id") or b"").decode("utf-8", "replace"),
        record.partition,
    )


_READERS = {"raw": (RAW, read_raw), "dead-letters": (DEAD_LETTERS, read_dead_letter)}

KINDS = tuple(sorted(_READERS))


def topic_of(what: str) -> Topic:
    """The topic that contains bodies (`raw`) or parts of them (`dead-letters`)."""
    return _READERS[what][0]


async def read_stored(
    log: Log, what: str, time_range: TimeRange = EVERYTHING, ends: Mapping[int, int] | None = None
) -> AsyncIterator[StoredBody]:
    """Everything of a time range that is stored by now, or was when the log ended at `ends`, each
    page's bodies in the order of acceptance. Dead letters that were settled are left out."""
    topic, read = _READERS[what]
    ends = ends or await log.end_offsets(topic)
    settled = await _read_settled(log, ends) if topic is DEAD_LETTERS else frozenset()
    async for record in _read_from(log, topic, time_range.since, ends):
        found = read(record)
        if found is not None and time_range.includes(found) and found.letter_id not in settled:
            yield found


async def read_letter(log: Log, letter_id: str, partition: int, offset: int) -> StoredBody | None:
    """The dead letter at a place in the topic; None if it is not stored there any more."""
    ends = await log.end_offsets(DEAD_LETTERS)
    if offset >= ends[partition]:
        return None
    starts = {(DEAD_LETTERS.name, each): end for each, end in ends.items()}
    starts[DEAD_LETTERS.name, partition] = offset
    async with log.tail(DEAD_LETTERS, starts=starts) as tail:
        async for batch in tail.batches():
            for record in batch.get((DEAD_LETTERS.name, partition), ()):
                found = read_dead_letter(record)
                same = found is not None and found.letter_id == letter_id
                return found if same and record.offset == offset else None
            if tail.is_caught_up:
                return None
    return None


async def _read_settled(log: Log, ends: Mapping[int, int]) -> frozenset[str]:
    settled = set()
    async for record in _read_from(log, DEAD_LETTERS, None, ends):
        try:
            event = decode_data(record.headers, record.value or b"")
        except UnreadableEventError:
            continue
        if isinstance(event, DeadLetterSettled):
            settled.add(event.letter_id)
    return frozenset(settled)


async def _read_from(
    log: Log, topic: Topic, since: datetime | None, ends: Mapping[int, int]
) -> AsyncIterator[Record]:
    starts = None
    if since is not None:
        found = await log.offsets_at(topic, since - _EARLIER)
        starts = {(topic.name, partition): offset for partition, offset in found.items()}
    async with log.tail(topic, starts=starts) as tail:
        async for batch in tail.batches():
            for (_, partition), several in batch.items():
                for record in several:
                    if record.offset < ends[partition]:
                        yield record
            if tail.is_caught_up:
                return
