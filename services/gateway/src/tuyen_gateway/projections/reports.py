"""The numbers of reports: folded from topics that are kept for ever.

What is known of each conversation is stored in one transaction with what it adds to the numbers,
so nothing is counted twice, whoever folds it (decision 23).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec
from pymongo import ASCENDING, IndexModel, InsertOne, ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError, PyMongoError

from tuyen_events.assignments import AssignmentEvent
from tuyen_events.outbound_topics import OUTBOUND, OUTBOUND_RESULTS
from tuyen_events.topics import ASSIGNMENT_HISTORY, INBOUND
from tuyen_gateway.domain.reports import Course, CourseRecord, Slot, course_record_of, note_records
from tuyen_gateway.domain.responses import Heard, Opening, note_heard, read_heard
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
OPENINGS = "report_openings_1"
NUMBERS = "report_numbers_1"
REPORTS = "reports_1"
"""The name of all of them together: they have one position in the log."""

REPORTS_GROUP = "gateway-reports"
REPORTED = (ASSIGNMENT_HISTORY, INBOUND, OUTBOUND, OUTBOUND_RESULTS)
"""The topics that are folded."""

_APART_S = 1.0
_TRIES = 50

BY_TIME = "by_time"
_INDEX = IndexModel(
    [("organization", ASCENDING), ("counted", ASCENDING), ("quarter", ASCENDING)], name=BY_TIME
)


async def ensure_report_indexes(database: Database) -> None:
    """Creates the indexes that are missing. Can be repeated."""
    await database[NUMBERS].create_indexes([_INDEX])
    for name in {COURSES, OPENINGS} - set(await database.list_collection_names()):
        await database.create_collection(name)


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
        *REPORTED,
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
    courses: dict[str, Course] = {}
    records: dict[str, list[tuple[int, CourseRecord]]] = defaultdict(list)
    openings: dict[str, Opening] = {}
    heard: dict[str, list[Heard]] = defaultdict(list)
    for one in batch:
        event = one.event
        if isinstance(event, AssignmentEvent):
            course = Course(id=event.conversation_id, organization=event.organization)
            courses.setdefault(course.id, course)
            records[course.id].append((event.version, course_record_of(event)))
        elif (read := read_heard(event)) is not None:
            opening, word = read
            openings.setdefault(opening.id, opening)
            heard[opening.id].append(word)
    await _fold(database, COURSES, courses, lambda one: note_records(one, records[one.id]))
    await _fold(database, OPENINGS, openings, lambda one: note_heard(one, heard[one.id]))


Followed = TypeVar("Followed", Course, Opening)


async def _fold(
    database: Database,
    collection: str,
    blank: Mapping[str, Followed],
    note: Callable[[Followed], tuple[Followed, Mapping[Slot, Counter[str]]]],
) -> None:
    for _ in range(_TRIES if blank else 0):
        if await _try_to_fold(database, collection, blank, note):
            return
    if blank:
        raise ContendedError(collection)


async def _try_to_fold(
    database: Database,
    collection: str,
    blank: Mapping[str, Followed],
    note: Callable[[Followed], tuple[Followed, Mapping[Slot, Counter[str]]]],
) -> bool:
    """False if another gateway was faster: then nothing is stored."""
    found = await database[collection].find({"_id": {"$in": list(blank)}}).to_list(None)
    stored = {document["_id"]: document for document in found}
    operations: list[Operation] = []
    numbers: dict[Slot, Counter[str]] = defaultdict(Counter)
    for conversation_id, new in blank.items():
        known = stored.get(conversation_id)
        before = new if known is None else msgspec.convert(known, type(new))
        after, added = note(before)
        if after == before:
            continue
        operations.append(_store(after, is_new=known is None))
        for slot, counts in added.items():
            numbers[slot].update(counts)
    return not operations or await _commit(database, collection, operations, numbers)


def _store(followed: Course | Opening, *, is_new: bool) -> Operation:
    after = msgspec.structs.replace(followed, revision=followed.revision + 1)
    document: Document = msgspec.to_builtins(after, builtin_types=(datetime,))
    if is_new:
        return InsertOne(document)
    return ReplaceOne({"_id": followed.id, "revision": followed.revision}, document)


async def _commit(
    database: Database,
    collection: str,
    operations: list[Operation],
    numbers: Mapping[Slot, Counter[str]],
) -> bool:
    counting = [_add(slot, counts) for slot, counts in sorted(numbers.items(), key=_place)]
    try:
        async with await database.client.start_session() as session, session.start_transaction():
            written = await database[collection].bulk_write(
                operations, ordered=False, session=session
            )
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
