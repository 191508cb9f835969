"""Drops the inbox's views, to be folded again from the log: `python -m tuyen_gateway.rebuild`.

Stop every gateway first: a running one would continue from where it was. If a gateway still runs,
the command notices and changes nothing; if one starts meanwhile, the command notices as well, and
must be run again, since what that gateway folded may be dropped while its positions remain. The
history of assignments is rebuilt here, from the copy
that is kept for ever; the gateways fold everything else again when they start, and can serve while
they do.

Decides O4.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import structlog

from tuyen_events.assignments import AssignmentEvent
from tuyen_events.topics import ASSIGNMENT_HISTORY
from tuyen_gateway.identity import SERVICE
from tuyen_gateway.projections.audit import ENTRIES
from tuyen_gateway.projections.collections import COLLECTIONS, HISTORY, VIEW
from tuyen_gateway.projections.dead_letters import LETTERS
from tuyen_gateway.projections.history import record
from tuyen_gateway.projections.reports import REPORT_COLLECTIONS, REPORTS
from tuyen_gateway.projections.run import GROUP
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.groups import StillRunningError, require_stopped
from tuyen_platform.kafka.ports import Log
from tuyen_platform.logging import configure_logging
from tuyen_platform.mongodb import Database, connect
from tuyen_platform.projection import (
    FoldedEvent,
    MongoPositions,
    has_folded_up_to,
    run_projection,
)
from tuyen_platform.settings import ServiceSettings

_KEPT_VIEW = "assignment-history"
_KEPT_GROUP = "gateway-rebuild"
_POLL_S = 0.1

_log = structlog.get_logger()


async def rebuild(log: Log, database: Database, stopped: Callable[[], Awaitable[None]]) -> None:
    """Drops the views and their positions, and returns when the history contains all that was kept
    of it. Safe to repeat; must be repeated after an interruption.

    `stopped` raises StillRunningError while a gateway runs: nothing is changed before it returns,
    and the rebuild is not finished while it raises.
    """
    await stopped()
    # In this order: folding into views that still exist changes nothing, so nothing is lost if the
    # command is interrupted between the two.
    kept = MongoPositions(database, _KEPT_VIEW)
    for positions in (
        *(MongoPositions(database, view) for view in (VIEW, LETTERS, ENTRIES, REPORTS)),
        kept,
    ):
        await positions.forget()
    for name in (*COLLECTIONS, LETTERS, ENTRIES, *REPORT_COLLECTIONS):
        await database.drop_collection(name)
    _log.info("views_dropped", view=VIEW)
    await stopped()
    await _fold_kept(log, database, kept)
    await stopped()


async def _fold_kept(log: Log, database: Database, kept: MongoPositions) -> None:
    async def fold(batch: Sequence[FoldedEvent]) -> None:
        writes = [record(one.event) for one in batch if isinstance(one.event, AssignmentEvent)]
        if writes:
            await database[HISTORY].bulk_write(writes)

    ends = await log.end_offsets(ASSIGNMENT_HISTORY)
    wanted = {(ASSIGNMENT_HISTORY.name, partition): end for partition, end in ends.items()}
    async with asyncio.TaskGroup() as tasks:
        folding = tasks.create_task(
            run_projection(
                log,
                ASSIGNMENT_HISTORY,
                service=SERVICE,
                view=_KEPT_VIEW,
                group=_KEPT_GROUP,
                positions=kept,
                fold=fold,
                min_interval_s=0.0,
            )
        )
        while not await has_folded_up_to(kept, wanted):  # noqa: ASYNC110 - MongoDB cannot notify
            await asyncio.sleep(_POLL_S)
        folding.cancel()
    _log.info("history_folded", records=sum(ends.values()))


async def main(settings: ServiceSettings) -> None:
    group = settings.topic_prefix + GROUP
    stopped = partial(require_stopped, settings.kafka, group, "a gateway")
    database = connect(settings.mongodb, settings.database)
    async with KafkaLog(settings.kafka, settings.topic_prefix) as log:
        await rebuild(log, database, stopped)
    database.client.close()


if __name__ == "__main__":
    _settings = ServiceSettings()
    configure_logging(SERVICE, _settings.log_format)
    try:
        asyncio.run(main(_settings))
    except StillRunningError as error:
        sys.exit(str(error))
