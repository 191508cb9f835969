"""Drops the inbox's views, to be folded again from the log: `python -m tuyen_gateway.rebuild`.

Stop every gateway first: one that runs would go on from where it was. A gateway that still runs is
seen, and nothing is touched. The history of assignments is made again here, from the copy that is
kept for ever; the gateways fold all else again when they start, and are ready to serve while they
do.

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
"""Kafka counts a gateway that was killed for 10 s more."""

_log = structlog.get_logger()


class StillRunningError(RuntimeError):
    """A gateway folds the views, or nobody can tell."""


async def require_stopped(settings: ServiceSettings, within_s: float = _GONE_WITHIN_S) -> None:
    """Returns when no gateway folds the views. Raises StillRunningError when one does after
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
    """Drops the views, forgets how far they had come, and returns when the history shows all that
    was kept of it. Safe to repeat, and to be repeated when it broke off."""
    # In this order: folding into views that are still there changes nothing, so nothing is lost
    # when it ends between the two.
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
        while not await folded_up_to(kept, wanted):  # noqa: ASYNC110 - MongoDB tells nobody
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
