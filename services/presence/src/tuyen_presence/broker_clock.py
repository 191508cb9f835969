"""The time by the broker's clock, by which alone leases begin and end.

The broker stamps the records of the signals topic (`broker_time` in the table of topics), so a
worker that needs the time appends a record without a value and uses the timestamp with which it is
read back. This process's own clock only decides when it is worth asking.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from tuyen_events.topics import PRESENCE_SIGNALS
from tuyen_platform.clock import Clock
from tuyen_platform.kafka.ports import Log, Record

_QUESTION = "what time is it?"
"""The key of the records that ask for the time; nobody reads it."""
_ASK_AGAIN_AFTER_S = 10.0
"""While leases run, the time is asked for at least this often: if a worker's own clock was set
back, it would otherwise wait until that clock is where it was."""


def broker_time_of(record: Record) -> datetime:
    """When the broker appended the record."""
    return datetime.fromtimestamp(record.timestamp / 1000, UTC)


class BrokerClock:
    """Asks for the time in some partitions, with one question in each at a time."""

    def __init__(self, log: Log, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._pending: dict[int, int] = {}
        """By partition, the offset of the question that was not read back yet."""
        self._fast: dict[int, timedelta] = {}
        """How far this process's clock was ahead of the broker's at the last answer."""
        self._signalled: dict[int, datetime] = {}
        """The broker's time of the last signal."""
        self._asked_at = float("-inf")

    @property
    def waits(self) -> bool:
        """Whether a question was not read back yet."""
        return bool(self._pending)

    async def ask_all(self, partitions: Iterable[int]) -> None:
        """Asks again; earlier questions are ignored from now on. Raises LogUnavailableError."""
        self._pending, self._fast, self._signalled = {}, {}, {}
        await self._ask(partitions)

    async def ask_if_due(self, ends: Mapping[int, datetime]) -> None:
        """Asks for the time where a lease may have ended by now; `ends` contains the first end in
        each partition. Raises LogUnavailableError."""
        if self._pending:
            return
        long_ago = time.monotonic() - self._asked_at > _ASK_AGAIN_AFTER_S
        await self._ask([p for p, end in ends.items() if long_ago or end <= self._about(p)])

    def time_of_answer(self, record: Record) -> datetime | None:
        """The time, if `record` is the last question; older questions are ignored."""
        if self._pending.get(record.partition) != record.offset:
            return None
        del self._pending[record.partition]
        now = broker_time_of(record)
        self._fast[record.partition] = self._clock.now() - now
        return now

    def note_signal(self, record: Record) -> None:
        """Notes a signal: the time is at least that of the signal."""
        self._signalled[record.partition] = broker_time_of(record)

    def _about(self, partition: int) -> datetime:
        """The broker's time, as far as this process can estimate it."""
        guess = self._clock.now() - self._fast.get(partition, timedelta(0))
        return max(guess, self._signalled.get(partition, guess))

    async def _ask(self, partitions: Iterable[int]) -> None:
        wanted = list(partitions)
        if not wanted:
            return
        self._asked_at = time.monotonic()
        written = await asyncio.gather(
            *(
                self._log.append_bytes(PRESENCE_SIGNALS, _QUESTION, None, partition=p)
                for p in wanted
            )
        )
        self._pending = {at.partition: at.offset for at in written}
