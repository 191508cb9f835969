"""Records as views get them: decoded, as `run_projection` passes them on."""

from collections.abc import Iterable, Mapping, Sequence

from tuyen_events.codec import read_event
from tuyen_platform.kafka.ports import Record
from tuyen_platform.projection import FoldedEvent


def fold_events(records: Iterable[Record]) -> list[FoldedEvent]:
    """The events in readable records; tombstones are left out."""
    decoded = [(read_event(r.key, r.headers, r.value), r.position) for r in records]
    return [
        FoldedEvent(record.event, record.id, position)
        for record, position in decoded
        if record.event is not None
    ]


def as_batch(fetched: Mapping[tuple[str, int], Sequence[Record]]) -> list[FoldedEvent]:
    """The same of records by partition."""
    return fold_events(record for records in fetched.values() for record in records)
