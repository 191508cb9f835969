"""Drops the inbox's views, to be folded again from the log: `python -m tuyen_gateway.rebuild`.

Stop every gateway first: a running one would continue from where it was. If a gateway still runs,
the command notices and changes nothing. The history of assignments is rebuilt here, from the copy
that is kept for ever; the gateways fold everything else again when they start, and can serve while
they do.

Decides O4.
"""

import asyncio
import sys

import structlog

from tuyen_events.assignments import AssignmentEvent
from tuyen_events.codec import decode_data
from tuyen_events.topics import ASSIGNMENT_HISTORY
from tuyen_gateway.projections.collections import COLLECTIONS, HISTORY, VIEW
from tuyen_gateway.projections.history import record
from tuyen_gateway.projections.run import GROUP
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.groups import members
from tuyen_platform.kafka.ports import FetchedRecords, Log, LogUnavailableError
from tuyen_platform.logging import configure_logging
from tuyen_platform.mongodb import Database, connect
from tuyen_platform.projection import MongoPositions, folded_up_to, run_projection
from tuyen_platform.settings import ServiceSettings

_KEPT_VIEW = "assignment-history"
_KEPT_GROUP = "gateway-rebuild"
_POLL_S = 0.1
_GONE_WITHIN_S = 15.0
"""Kafka counts a killed gateway for 10 s more."""

_log = structlog.get_logger()


class StillRunningError(RuntimeError):
    """A gateway is folding the views, or it cannot be determined."""


async def require_stopped(settings: ServiceSettings, within_s: float = _GONE_WITHIN_S) -> None:
    """Returns when no gateway is folding the views. Raises StillRunningError if one still is after
    `within_s` seconds."""
    group, problem = settings.topic_prefix + GROUP, "Kafka does not answer"
    try:
        async with asyncio.timeout(within_s):
            while True:
                try:
                    if not await members(settings.kafka, group):
                        return
                    problem = "a gateway is running and folds the inbox: stop every gateway first"
                except LogUnavailableError as error:
                    problem = str(error)
                await asyncio.sleep(_POLL_S)
    except TimeoutError:
        raise StillRunningError(problem) from None


async def rebuild(log: Log, database: Database) -> None:
    """Drops the views and their positions, and returns when the history shows everything that was
    kept of it. Can be repeated, and must be if it was interrupted."""
    # In this order: folding into views that still exist changes nothing, so nothing is lost if the
    # command is interrupted between the two.
    kept = MongoPositions(database, _KEPT_VIEW)
    for positions in (MongoPositions(database, VIEW), kept):
        await positions.forget()
    for name in COLLECTIONS:
        await database.drop_collection(name)
    _log.info("views_dropped", view=VIEW)
    await _fold_kept(log, database, kept)


async def _fold_kept(log: Log, database: Database, kept: MongoPositions) -> None:
    async def fold(batch: FetchedRecords) -> None:
        events = [decode_data(r.headers, r.value or b"") for rs in batch.values() for r in rs]
        writes = [record(event) for event in events if isinstance(event, AssignmentEvent)]
        if writes:
            await database[HISTORY].bulk_write(writes)

    ends = await log.end_offsets(ASSIGNMENT_HISTORY)
    wanted = {(ASSIGNMENT_HISTORY.name, partition): end for partition, end in ends.items()}
    async with asyncio.TaskGroup() as tasks:
        folding = tasks.create_task(
            run_projection(
                log,
                ASSIGNMENT_HISTORY,
                service="gateway",
                view=_KEPT_VIEW,
                group=_KEPT_GROUP,
                positions=kept,
                fold=fold,
                apart_s=0.0,
            )
        )
        while not await folded_up_to(kept, wanted):  # noqa: ASYNC110 - MongoDB cannot notify
            await asyncio.sleep(_POLL_S)
        folding.cancel()
    _log.info("history_folded", records=sum(ends.values()))


async def main(settings: ServiceSettings) -> None:
    await require_stopped(settings)
    database = connect(settings.mongodb, settings.database)
    async with KafkaLog(settings.kafka, settings.topic_prefix) as log:
        await rebuild(log, database)
    database.client.close()


if __name__ == "__main__":
    _settings = ServiceSettings()
    configure_logging("gateway", _settings.log_format)
    try:
        asyncio.run(main(_settings))
    except StillRunningError as error:
        sys.exit(str(error))
