"""What can be tuned about the chunks, each with the unit in its name."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSettings:
    """Measured defaults; all sizes are per process."""

    session_timeout_s: float = 10.0
    heartbeat_interval_s: float = 3.0
    rebalance_timeout_s: float = 60.0
    freeze_limit_share: float = 0.4
    """A process that stood still for longer than this share of the session timeout ends itself."""
    membership_limit_share: float = 0.8
    """Nothing is written when what the group confirmed last was asked longer ago than this share of
    the session timeout."""
    commit_interval_s: float = 0.5
    max_fetched_records: int = 2_000
    """At most so many records in one fetch of all partitions, so at most so many in one chunk."""
    max_recovered_records: int = 20_000
    """The same while tables are recovered."""
    max_queued_records: int = 8_000
    """A stage that has so many unhandled records is not fetched for; plus one fetch at most."""
    max_unacknowledged_bytes: int = 16 * 1024 * 1024
    """No chunk is handled while more than this waits for the broker; plus one outbox at most."""
    batch_bytes: int = 512 * 1024
    """Upper bound of a produced record batch; below the broker's `message.max.bytes`."""
    fetch_wait_ms: int = 100
    """Trap 8: Faust's own 1500 ms makes recovery four times slower. What comes to a partition whose
    last records were taken so late that the next fetch had left without it, is late by this."""
    turns_apart_s: float = 0.02
    """How far apart fetches are taken while there is always something new, and little of it."""
    few_records: int = 200
    """More of them pay for a turn of their own: after so many the next fetch is taken at once."""
    fetch_bytes_per_partition: int = 1024 * 1024
    produce_timeout_s: float = 60.0
    stop_timeout_s: float = 4.0

    @property
    def freeze_limit_s(self) -> float:
        return self.session_timeout_s * self.freeze_limit_share

    @property
    def membership_limit_s(self) -> float:
        return self.session_timeout_s * self.membership_limit_share
