"""The settings of this package, each with the unit in its name.

Works around trap 8 (`TRAPS.md`).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSettings:
    """Measured defaults; all sizes are per process."""

    session_timeout_s: float = 10.0
    heartbeat_interval_s: float = 3.0
    rebalance_timeout_s: float = 60.0
    freeze_limit_share: float = 0.4
    """A process that was frozen for longer than this share of the session timeout ends itself."""
    membership_limit_share: float = 0.8
    """Nothing is written when the request that the group confirmed last was sent longer ago than
    this share of the session timeout."""
    commit_interval_s: float = 0.5
    max_fetched_records: int = 2_000
    """The most records in one fetch of all partitions, and so in one batch of a handler."""
    max_recovered_records: int = 20_000
    """The most records in one fetch while tables are recovered."""
    max_queued_records: int = 8_000
    """Nothing is fetched for a stage that has so many unhandled records; exceeded by one fetch at
    most."""
    max_unacknowledged_bytes: int = 16 * 1024 * 1024
    """No batch is handled while more than this is unacknowledged; exceeded by one outbox at
    most."""
    batch_bytes: int = 512 * 1024
    """The upper bound of a produced record batch; below the broker's `message.max.bytes`."""
    fetch_wait_ms: int = 100
    """Trap 8: Faust's own 1500 ms makes recovery four times slower. A record is delayed by up to
    this time if the next fetch was sent without its partition, because the partition's previous
    records had not been taken yet."""
    poll_interval_s: float = 0.02
    """The time from one fetch to the next while there is always something new, but little of it."""
    busy_poll_records: int = 200
    """A fetch that returned at least so many records is followed by the next one at once."""
    fetch_bytes_per_partition: int = 1024 * 1024
    produce_timeout_s: float = 60.0
    stop_timeout_s: float = 4.0
    """How long a stop waits for the outboxes in flight; below the time after which your platform
    kills the process."""

    @property
    def freeze_limit_s(self) -> float:
        return self.session_timeout_s * self.freeze_limit_share

    @property
    def membership_limit_s(self) -> float:
        return self.session_timeout_s * self.membership_limit_share
