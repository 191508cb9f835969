"""What a topic is: content, key, number of partitions, retention, and its settings in Kafka."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from tuyen_events.event import Event

CUSTOMER_PARTITIONS = 24
"""For every topic that is partitioned by customer; with equal numbers, one worker owns all of a
customer."""

ORGANIZATION_PARTITIONS = 12
"""For every topic that is partitioned by organization: stage 2 of routing, and the CRM."""

RECORD_BYTES = 1024 * 1024
"""The largest record: key, value and headers together."""

LARGE_RECORD_BYTES = 8 * 1024 * 1024
"""The largest record of topics that contain bodies: a webhook may contain a thousand updates
(P3)."""

_FRAME_BYTES = 4096
"""What Kafka's own framing may add to a record."""

_SEGMENT_BYTES = 16 * 1024 * 1024
"""Of a compacted topic. Kafka compacts only closed segments, and by default closes one at 1 GiB."""

_SOONEST_SEGMENT = timedelta(minutes=10)
_LATEST_SEGMENT = timedelta(days=1)
"""When a segment of a compacted topic is closed: after its retention, but within these two
limits."""

_REMOVALS_STAY = timedelta(hours=1)
"""How long a tombstone stays in a compacted topic at least: a reader that began before it was
written must read it, or would keep what it removes."""

_DIRTY_SHARE = "0.2"
"""Which share of a compacted topic may be superseded and cleanable before Kafka cleans it: a start
then reads a quarter more than it needs. Kafka's default of a half would be twice as much."""


class Cleanup(StrEnum):
    DELETE = "delete"
    COMPACT = "compact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic. `name` is without the prefix of the installation.

    `retention` is how long a record stays (None: for ever); of a compacted topic, how long every
    superseded or removed record stays at least, and not much longer; with `forgotten_after`, all
    other records are removed as well once they are so old. Removals stay for `removals_stay`, if
    that is longer. `public` topics are for other services: their events only ever gain optional
    fields. A topic without `events` carries records that are none.
    """

    name: str
    key: str
    partitions: int
    cleanup: Cleanup
    retention: timedelta | None
    public: bool
    carries: str
    events: tuple[type[Event], ...] = ()
    large_records: bool = False
    """Whether a record may have LARGE_RECORD_BYTES instead of RECORD_BYTES."""
    forgotten_after: timedelta | None = None
    removals_stay: timedelta = _REMOVALS_STAY
    removals: tuple[str, ...] = ()
    """The types of records without a value, which remove their key's entity."""
    broker_time: bool = False
    """Whether the broker stamps the records with its own time, instead of the producer."""

    @property
    def retention_ms(self) -> int | None:
        """The retention in milliseconds; None is for ever."""
        return None if self.retention is None else self.retention // timedelta(milliseconds=1)

    @property
    def max_record_bytes(self) -> int:
        """The largest record: key, value and headers together."""
        return LARGE_RECORD_BYTES if self.large_records else RECORD_BYTES

    @property
    def max_batch_bytes(self) -> int:
        """The largest record batch that Kafka accepts from a producer: the largest record with its
        framing."""
        return self.max_record_bytes + _FRAME_BYTES

    def config(self) -> dict[str, str]:
        """The topic's settings by Kafka's names."""
        settings = {
            "cleanup.policy": self.cleanup.value,
            "compression.type": "producer",
            "max.message.bytes": str(self.max_batch_bytes),
        }
        if self.broker_time:
            settings["message.timestamp.type"] = "LogAppendTime"
        if self.cleanup is Cleanup.DELETE:
            settings["retention.ms"] = str(-1 if self.retention_ms is None else self.retention_ms)
            if self.retention is not None and self.retention < _LATEST_SEGMENT:
                # Kafka deletes whole segments, and closes one after a week by default.
                settings["segment.ms"] = settings["retention.ms"]
            return settings
        kept = timedelta(0) if self.retention is None else self.retention
        if self.forgotten_after is not None:
            settings["cleanup.policy"] = "compact,delete"
            settings["retention.ms"] = _milliseconds(self.forgotten_after)
        return settings | {
            "min.compaction.lag.ms": _milliseconds(kept),
            "delete.retention.ms": _milliseconds(max(kept, self.removals_stay)),
            "segment.bytes": str(_SEGMENT_BYTES),
            "segment.ms": _milliseconds(min(max(kept, _SOONEST_SEGMENT), _LATEST_SEGMENT)),
            "min.cleanable.dirty.ratio": _DIRTY_SHARE,
        }


def _milliseconds(time: timedelta) -> str:
    return str(time // timedelta(milliseconds=1))
