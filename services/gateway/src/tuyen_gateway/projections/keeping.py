"""Keeps the history of assignments for ever (I10): a superseded record disappears from
`assignments` after a month, and a view that is rebuilt has to show it all the same (decision
15).

Decides I10.
"""

import asyncio
from collections.abc import Sequence

import structlog

from tuyen_events.topics import ASSIGNMENT_HISTORY, ASSIGNMENTS
from tuyen_platform.kafka.ports import Log, LogUnavailableError, Record
from tuyen_platform.pacer import Pacer

GROUP = "gateway-history"

_APART_S = 1.0
_RETRY_S = 1.0

_log = structlog.get_logger()


async def keep_history(log: Log) -> None:
    """Copies every record of `assignments` into `assignment-history` until cancelled.

    Gateways share the work. At least once, each partition in order: a reader of the copy takes each
    version of a conversation once, and of two records with the same version the first.
    """
    while True:
        try:
            await _follow(log)
        except LogUnavailableError as error:
            _log.warning("history_waits", error=str(error), wait_s=_RETRY_S)
            await asyncio.sleep(_RETRY_S)


async def _follow(log: Log) -> None:
    async with log.subscribe(ASSIGNMENTS, group=GROUP) as subscription:
        pacer = Pacer(_APART_S)
        await pacer.turn()
        async for batch in subscription.batches():
            if batch:
                await asyncio.gather(*(_copy(log, records) for records in batch.values()))
                await subscription.commit()
            await pacer.turn()


async def _copy(log: Log, records: Sequence[Record]) -> None:
    for record in records:
        await log.append_bytes(
            ASSIGNMENT_HISTORY,
            (record.key or b"").decode("utf-8", "replace"),
            record.value,
            record.headers,
            partition=record.partition,
        )
