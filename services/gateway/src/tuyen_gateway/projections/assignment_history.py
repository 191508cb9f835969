"""Keeps the history of assignments for ever (I10): a superseded record disappears from
`assignments` after a month, and a view that is rebuilt has to show it all the same (decision
15).

Decides I10.
"""

import asyncio
from collections.abc import Sequence
from functools import partial

from tuyen_events.topics import ASSIGNMENT_HISTORY, ASSIGNMENTS
from tuyen_platform.kafka.consumer import consume, follow_for_ever
from tuyen_platform.kafka.ports import FetchedRecords, Log, Record

GROUP = "gateway-history"

_MIN_INTERVAL_S = 1.0


async def copy_assignment_history(log: Log) -> None:
    """Copies every record of `assignments` into `assignment-history` until cancelled.

    Gateways share the work. At least once, each partition in order: a reader of the copy takes each
    version of a conversation once, and of two records with the same version the first.
    """

    async def copy(batch: FetchedRecords, _partitions: frozenset[tuple[str, int]]) -> bool:
        await asyncio.gather(*(_copy(log, records) for records in batch.values()))
        return True

    follow = partial(
        consume, log, ASSIGNMENTS, group=GROUP, handle=copy, min_interval_s=_MIN_INTERVAL_S
    )
    await follow_for_ever(follow, log_as="history_waits")


async def _copy(log: Log, records: Sequence[Record]) -> None:
    for record in records:
        await log.append_bytes(
            ASSIGNMENT_HISTORY,
            (record.key or b"").decode("utf-8", "replace"),
            record.value,
            record.headers,
            partition=record.partition,
        )
