"""The numbers of reports: folded from the history of assignments, which is kept for ever.

How far each conversation is counted is stored in one transaction with what it adds to the numbers,
so nothing is counted twice, whoever folds it (decision 23).
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from pymongo import ASCENDING, IndexModel, InsertOne, ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError, PyMongoError

from tuyen_events.assignments import AssignmentEvent
from tuyen_events.topics import ASSIGNMENT_HISTORY
from tuyen_gateway.domain.reports import Course, CourseRecord, Slot, course_record_of, note_records
from tuyen_gateway.identity import SERVICE
from tuyen_platform.blame import ContendedError
from tuyen_platform.kafka.consumer import ConsumerStatus
from tuyen_platform.kafka.ports import Log
from tuyen_platform.mongodb import (
    DUPLICATE_KEY,
    Database,
    Document,
    Operation,
    require_transactions,
)
from tuyen_platform.projection import FoldedEvent, MongoPositions, run_projection

COURSES = "report_courses_1"
NUMBERS = "report_numbers_1"
REPORTS = "reports_1"
"""The name of both together: they have one position in the log."""

REPORTS_GROUP = "gateway-reports"

_APART_S = 1.0
_TRIES = 50

BY_TIME = "by_time"
_INDEX = IndexModel(
    [("organization", ASCENDING), ("counted", ASCENDING), ("quarter", ASCENDING)], name=BY_TIME
)


async def ensure_report_indexes(database: Database) -> None:
    """Creates the indexes that are missing. Can be repeated."""
    await database[NUMBERS].create_indexes([_INDEX])
    if COURSES not in await database.list_collection_names():
        await database.create_collection(COURSES)


async def run_reports(log: Log, database: Database, status: ConsumerStatus) -> None:
    """Keeps the numbers up to date until cancelled. Gateways share the work."""
    indexed = False

    async def fold(batch: Sequence[FoldedEvent]) -> None:
        nonlocal indexed
        if not indexed:
            await require_transactions(database)
            await ensure_report_indexes(database)
            indexed = True
        await fold_reports(database, batch)

    await run_projection(
        log,
        ASSIGNMENT_HISTORY,
        service=SERVICE,
        view=REPORTS,
        group=REPORTS_GROUP,
        positions=MongoPositions(database, REPORTS),
        fold=fold,
        apart_s=_APART_S,
        status=status,
    )


async def fold_reports(database: Database, batch: Sequence[FoldedEvent]) -> None:
    """Returns once the numbers contain the batch; folding it again changes nothing."""
    blank: dict[str, Course] = {}
    records: dict[str, list[tuple[int, CourseRecord]]] = defaultdict(list)
    for one in batch:
        if isinstance(one.event, AssignmentEvent):
            event = one.event
            course = Course(id=event.conversation_id, organization=event.organization)
            blank.setdefault(event.conversation_id, course)
            records[event.conversation_id].append((event.version, course_record_of(event)))
    for _ in range(_TRIES if blank else 0):
        if await _try_to_fold(database, blank, records):
            return
    if blank:
        raise ContendedError(COURSES)


async def _try_to_fold(
    database: Database,
    blank: Mapping[str, Course],
    records: Mapping[str, Sequence[tuple[int, CourseRecord]]],
) -> bool:
    """False if another gateway was faster: then nothing is stored."""
    found = await database[COURSES].find({"_id": {"$in": list(blank)}}).to_list(None)
    stored = {document["_id"]: msgspec.convert(document, Course) for document in found}
    operations: list[Operation] = []
    numbers: dict[Slot, Counter[str]] = defaultdict(Counter)
    for conversation_id, new in blank.items():
        before = stored.get(conversation_id)
        after, added = note_records(before or new, records[conversation_id])
        if after == before:
            continue
        operations.append(_store(before, after))
        for slot, counts in added.items():
            numbers[slot] += counts
    return not operations or await _commit(database, operations, numbers)


def _store(before: Course | None, after: Course) -> Operation:
    after = msgspec.structs.replace(after, revision=after.revision + 1)
    document: Document = msgspec.to_builtins(after, builtin_types=(datetime,))
    if before is None:
        return InsertOne(document)
    return ReplaceOne({"_id": before.id, "revision": before.revision}, document)


async def _commit(
    database: Database, operations: list[Operation], numbers: Mapping[Slot, Counter[str]]
) -> bool:
    counting = [_add(slot, counts) for slot, counts in sorted(numbers.items(), key=_place)]
    try:
        async with await database.client.start_session() as session, session.start_transaction():
            written = await database[COURSES].bulk_write(operations, ordered=False, session=session)
            if written.inserted_count + written.matched_count < len(operations):
                await session.abort_transaction()
                return False
            if counting:
                await database[NUMBERS].bulk_write(counting, session=session)
    except PyMongoError as error:
        if not _is_race(error):
            raise
        return False
    return True


def _is_race(error: PyMongoError) -> bool:
    """Whether another writer was faster, or the result of the transaction is not known: either all
    of it was stored or nothing, which reading again shows."""
    if error.has_error_label("TransientTransactionError"):
        return True
    if error.has_error_label("UnknownTransactionCommitResult"):
        return True
    return isinstance(error, BulkWriteError) and all(
        failure["code"] == DUPLICATE_KEY for failure in error.details["writeErrors"]
    )


def _place(entry: tuple[Slot, Counter[str]]) -> str:
    return _key(entry[0])


def _key(slot: Slot) -> str:
    named = (slot.organization, slot.counted, slot.quarter.isoformat(), slot.page_id)
    return "|".join((*named, slot.rule_id or "", slot.agent_id or ""))


def _add(slot: Slot, counts: Counter[str]) -> UpdateOne:
    named = {
        "organization": slot.organization,
        "counted": slot.counted.value,
        "quarter": slot.quarter,
        "page_id": slot.page_id,
        "rule_id": slot.rule_id,
        "agent_id": slot.agent_id,
    }
    update = {"$setOnInsert": named, "$inc": dict(counts)}
    return UpdateOne({"_id": _key(slot)}, update, upsert=True)
