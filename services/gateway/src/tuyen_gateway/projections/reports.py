"""The numbers of reports: folded from topics that are kept for ever.

What is known of each conversation and contact is stored in one transaction with what it adds to the
numbers, so nothing is counted twice, whoever folds it (decision 23).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Generic, TypeVar

import msgspec
from pymongo import ASCENDING, IndexModel, InsertOne, ReplaceOne
from pymongo.errors import BulkWriteError, PyMongoError

from tuyen_events.assignments import AssignmentEvent
from tuyen_events.crm.records import ContactEvent
from tuyen_events.ids import OrganizationId
from tuyen_events.outbound_topics import OUTBOUND, OUTBOUND_RESULTS
from tuyen_events.topics import ASSIGNMENT_HISTORY, CONTACTS, INBOUND
from tuyen_gateway.domain.assignment_counts import (
    CountedConversation,
    CountedRecord,
    count_records,
    counted_record_of,
)
from tuyen_gateway.domain.contact_counts import CountedContact, note_contact_events
from tuyen_gateway.domain.responses import (
    ConversationMonth,
    ConversationStart,
    ListedMessage,
    begin_months,
    begin_start,
    count_month,
    count_start,
    read_timed_message,
)
from tuyen_gateway.domain.rollups import Slot
from tuyen_gateway.identity import SERVICE
from tuyen_gateway.ports.directory import Directory
from tuyen_gateway.ports.tables import WAIT_S
from tuyen_gateway.projections.report_numbers import (
    DAYS_OF_REPORTS,
    INDEX,
    NUMBERS,
    OrganizationZone,
    ZoneOf,
    learn_days,
    store_numbers,
)
from tuyen_platform.error_causes import ContendedError
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

COUNTED_CONVERSATIONS = "report_courses_3"
CONVERSATION_STARTS = "report_openings_3"
CONVERSATION_MONTHS = "report_talks_2"
COUNTED_CONTACTS = "report_contacts_2"
REPORT_COLLECTIONS = (
    COUNTED_CONVERSATIONS,
    CONVERSATION_STARTS,
    CONVERSATION_MONTHS,
    COUNTED_CONTACTS,
    NUMBERS,
    DAYS_OF_REPORTS,
)
REPORTS = "reports_3"
"""The name of all of them together: they have one position in the log."""

REPORTS_GROUP = "gateway-reports"
REPORTED = (ASSIGNMENT_HISTORY, INBOUND, OUTBOUND, OUTBOUND_RESULTS, CONTACTS)
"""The topics that are folded."""

_MIN_INTERVAL_S = 1.0
_SAVE_EVERY_S = 5.0
_TRIES = 50

_MONTH_KEPT = timedelta(days=60)
"""How long a month of a conversation is remembered after it was changed last: what is counted of it
stays."""

_EXPIRY = IndexModel(
    [("changed_at", ASCENDING)], name="expiry", expireAfterSeconds=_MONTH_KEPT.total_seconds()
)


async def ensure_report_indexes(database: Database) -> None:
    """Creates the indexes that are missing. Can be repeated."""
    await database[NUMBERS].create_indexes([INDEX])
    await database[CONVERSATION_MONTHS].create_indexes([_EXPIRY])
    for name in {*REPORT_COLLECTIONS} - set(await database.list_collection_names()):
        await database.create_collection(name)


async def run_reports(
    log: Log, database: Database, directory: Directory, status: ConsumerStatus
) -> None:
    """Keeps the numbers up to date until cancelled. Gateways share the work."""
    indexed = False

    async def fold(batch: Sequence[FoldedEvent]) -> None:
        nonlocal indexed
        if not indexed:
            await require_transactions(database)
            await ensure_report_indexes(database)
            indexed = True
        table = directory.table
        while not await table.wait_until(partial(getattr, table, "is_caught_up"), WAIT_S):
            status.note_waiting("the directory")
        await fold_reports(database, batch, partial(_find_zone, directory))

    await run_projection(
        log,
        *REPORTED,
        service=SERVICE,
        view=REPORTS,
        group=REPORTS_GROUP,
        positions=MongoPositions(database, REPORTS),
        fold=fold,
        min_interval_s=_MIN_INTERVAL_S,
        save_every_s=_SAVE_EVERY_S,
        status=status,
    )


def _find_zone(directory: Directory, organization_id: OrganizationId) -> OrganizationZone:
    organization = directory.organization(organization_id)
    if organization is None or organization.profile is None:
        return OrganizationZone()
    return OrganizationZone(organization.profile.value.time_zone, organization.profile.version)


Followed = TypeVar(
    "Followed", CountedConversation, ConversationStart, ConversationMonth, CountedContact
)
Noted = TypeVar("Noted")
Note = Callable[[Followed, list[Noted]], tuple[Followed, Mapping[Slot, Counter[str]]]]


class _Fold(Generic[Followed, Noted]):
    """What a batch says of the conversations or contacts in one collection."""

    def __init__(self, collection: str, note: Note[Followed, Noted]) -> None:
        self.collection = collection
        self.blank: dict[str, Followed] = {}
        self._noted: dict[str, list[Noted]] = defaultdict(list)
        self._note: Note[Followed, Noted] = note

    def add(self, blank: Followed, noted: Noted) -> None:
        self.blank.setdefault(blank.id, blank)
        self._noted[blank.id].append(noted)

    def apply(self, before: Followed) -> tuple[Followed, Mapping[Slot, Counter[str]]]:
        return self._note(before, self._noted[before.id])


async def fold_reports(database: Database, batch: Sequence[FoldedEvent], zone_of: ZoneOf) -> None:
    """Returns once the numbers contain the batch; folding it again changes nothing."""
    conversations: _Fold[CountedConversation, tuple[int, CountedRecord]] = _Fold(
        COUNTED_CONVERSATIONS, count_records
    )
    starts: _Fold[ConversationStart, ListedMessage] = _Fold(CONVERSATION_STARTS, count_start)
    months: _Fold[ConversationMonth, ListedMessage] = _Fold(CONVERSATION_MONTHS, count_month)
    contacts: _Fold[CountedContact, ContactEvent] = _Fold(COUNTED_CONTACTS, note_contact_events)
    for one in batch:
        event = one.event
        if isinstance(event, AssignmentEvent):
            conversation = CountedConversation(
                id=event.conversation_id, organization=event.organization
            )
            conversations.add(conversation, (event.version, counted_record_of(event)))
        elif isinstance(event, ContactEvent):
            contact = CountedContact(id=event.contact_id, organization=event.organization)
            contacts.add(contact, event)
        elif (read := read_timed_message(event)) is not None:
            starts.add(begin_start(read), read.listed)
            for month in begin_months(read):
                months.add(month, read.listed)
    organizations = {
        followed.organization
        for fold in (conversations, starts, months, contacts)
        for followed in fold.blank.values()
    }
    await learn_days(database, {one: zone_of(one) for one in organizations})
    await _store_fold(database, conversations)
    await _store_fold(database, starts)
    await _store_fold(database, months)
    await _store_fold(database, contacts)


async def _store_fold(database: Database, fold: _Fold[Followed, Noted]) -> None:
    for _ in range(_TRIES if fold.blank else 0):
        if await _try_to_store(database, fold):
            return
    if fold.blank:
        raise ContendedError(fold.collection)


async def _try_to_store(database: Database, fold: _Fold[Followed, Noted]) -> bool:
    """False if another gateway was faster: then nothing is stored."""
    found = await database[fold.collection].find({"_id": {"$in": list(fold.blank)}}).to_list(None)
    stored = {document["_id"]: document for document in found}
    operations: list[Operation] = []
    numbers: dict[Slot, Counter[str]] = defaultdict(Counter)
    for followed_id, new in fold.blank.items():
        known = stored.get(followed_id)
        before = new if known is None else msgspec.convert(known, type(new))
        after, added = fold.apply(before)
        if after == before:
            continue
        operations.append(_store(after, is_new=known is None))
        for slot, counts in added.items():
            numbers[slot].update(counts)
    return not operations or await _commit(database, fold.collection, operations, numbers)


def _store(
    followed: CountedConversation | ConversationStart | ConversationMonth | CountedContact,
    *,
    is_new: bool,
) -> Operation:
    after = msgspec.structs.replace(followed, revision=followed.revision + 1)
    document: Document = msgspec.to_builtins(after, builtin_types=(datetime,))
    if isinstance(followed, ConversationMonth):
        document["changed_at"] = datetime.now(UTC)
    if is_new:
        return InsertOne(document)
    return ReplaceOne({"_id": followed.id, "revision": followed.revision}, document)


async def _commit(
    database: Database,
    collection: str,
    operations: list[Operation],
    numbers: Mapping[Slot, Counter[str]],
) -> bool:
    try:
        async with await database.client.start_session() as session, session.start_transaction():
            written = await database[collection].bulk_write(
                operations, ordered=False, session=session
            )
            if written.inserted_count + written.matched_count < len(operations):
                await session.abort_transaction()
                return False
            await store_numbers(database, numbers, session)
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
