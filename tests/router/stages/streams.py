"""Records as the stages read them, and outboxes as they leave them."""

from collections.abc import Sequence
from dataclasses import dataclass

from support.organizations import AT
from tuyen_events.codec import decode_data, encode
from tuyen_events.event import Envelope, Event
from tuyen_router.stages.phases import Phase
from tuyen_stream import Batch, Outbox


@dataclass(frozen=True, slots=True)
class StreamRecord:
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()
    timestamp: int = 0


def record(offset: int, event: Event, event_id: str = "evt_00") -> StreamRecord:
    value, headers = encode(
        Envelope(id=event_id, source="test", subject="test", time=AT, data=event)
    )
    return StreamRecord(offset, b"key", value, headers)


def batch(topic: str, partition: int, *records: StreamRecord) -> Batch:
    return Batch(topic, partition, records[0].offset, records[-1].offset, records)


def read_written(
    outbox: Outbox, phase: Phase, topic: str
) -> list[list[tuple[bytes | None, bytes | None]]]:
    """What an outbox writes to a topic in a phase: groups of keys and values."""
    return [
        [(each.key, each.value) for each in group]
        for (name, _), groups in outbox.groups(phase).items()
        if name == topic
        for group in groups
    ]


def events(outbox: Outbox, phase: Phase, topic: str) -> list[Event]:
    return [
        decode_data(each.headers, each.value or b"")
        for (name, _), groups in outbox.groups(phase).items()
        if name == topic
        for group in groups
        for each in group
    ]
