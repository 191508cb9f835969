"""Counters of conversations, updated in the transaction that writes the rows that they count.

One document counts the conversations of an organization that are on one page, or on any, and whose
last inbound event was in one month; another one those on a page that one agent has. Both contain
numbers by channel, kind, and whether they are done and assigned: of `all` conversations, and of the
`live` ones, which still have a customer's message that was not removed. For each viewer who marked
some of these, separate documents count the live ones that are `read`, and those that were and are
unread `again`.

A new agent has read everything from before they joined (I5). So the document of a month also
contains the live numbers by day, for the month in which a viewer joined; the rest of a day is
looked up. An agent has few conversations from before another one joined; there days would cost more
than they save.

Comments are counted by post as well (`post_counters`).

A row is counted in two documents, in three if it has an assignee, and in as many for each viewer
who marked it, however many rows there are.

Decides I3.
"""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as field_of
from datetime import UTC, datetime
from functools import lru_cache

import msgspec
from pymongo import DeleteMany, UpdateOne
from pymongo.errors import BulkWriteError, PyMongoError

from tuyen_events.ids import AgentId, OrganizationId, PageId
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.live import find_change
from tuyen_gateway.projections.collections import (
    CONVERSATIONS,
    COUNTERS,
    StoredDocument,
    operation_for,
    revise,
)
from tuyen_gateway.projections.journal import RowChanges, note_rows
from tuyen_gateway.projections.post_counters import CounterChanges, count_in_post, numbers_of_post
from tuyen_platform.mongodb import DUPLICATE_KEY, Database, Operation

ANY_PAGE = PageId("*")
WHOEVER = AgentId("*")
NOBODY = AgentId("")
_NO_VIEWER = AgentId("")

ALL, LIVE, READ, MARKED_UNREAD = "all", "live", "read", "again"

DAYS = "days"
"""The field of a month's document that contains its days, each with numbers of its own."""

_MOST_DOCUMENTS = 10_000
"""The most counters that are changed in one transaction; a single row may change more."""
_PAUSE_S = 0.02
"""The longest pause after a lost race, for the transaction that won it."""


def place_of(
    organization: OrganizationId, viewer: AgentId | None, page: PageId, assignee: AgentId
) -> str:
    """The beginning of the ids of the documents that count what an assignee has on a page, or on
    any. Those that count for any assignee do not count unassigned ones separately."""
    first = f"{organization}|{viewer or _NO_VIEWER}|"
    if has_months(assignee):
        return f"{first}{WHOEVER}|{page}|"
    return f"{first}{assignee}|" if page == ANY_PAGE else f"{first}{assignee}|{page}|"


@dataclass(frozen=True, slots=True)
class CounterKey:
    """The conversations that a document counts: `month` is empty for those of all months."""

    assignee: AgentId
    month: str


def read_place(document: str) -> CounterKey:
    """From a document's id."""
    _, _, assignee, _, month = document.split("|")
    return CounterKey(AgentId(assignee), month)


def month_and_day(moment: datetime | None) -> tuple[str, str]:
    """Of the last inbound event, as text that sorts by time; both empty if there was none."""
    if moment is None:
        return "", ""
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m}", f"{moment:%d}"


def has_months(assignee: AgentId) -> bool:
    """Whether the conversations of an assignee are counted by month and day."""
    return assignee in (WHOEVER, NOBODY)


_FIELDS = 4_096
"""Far more names of fields than there are, also with channels of later versions."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What a number counts."""

    measure: str
    channel: Channel
    kind: ConversationKind
    done: bool
    assigned: bool


@lru_cache(maxsize=_FIELDS)
def _field_of(
    measure: str, channel: Channel, kind: ConversationKind, done: bool, assigned: bool
) -> str:
    """The field of a number in a document."""
    return f"{measure}/{channel.value}/{kind.value}/{int(done)}/{int(assigned)}"


@lru_cache(maxsize=_FIELDS)
def read_field(name: str) -> Cell | None:
    """The inverse; None for a field that does not count conversations."""
    measure, *rest = name.split("/")
    if not rest:
        return None
    channel, kind, done, assigned = rest
    return Cell(measure, Channel(channel), ConversationKind(kind), done == "1", assigned == "1")


async def write_rows(
    database: Database,
    before: Mapping[str, StoredDocument[InboxRow]],
    after: Iterable[InboxRow],
) -> bool:
    """Stores the rows that differ from `before`, counts them, and notes their changes in the
    journal; false if another writer was faster, or may have been: then what is not stored has no
    effect at all."""
    for part in _parts(before, after):
        if not await _commit(database, part):
            await asyncio.sleep(random.uniform(0, _PAUSE_S))  # noqa: S311 - not a secret
            return False
    return True


async def write_again(database: Database, stored: Iterable[StoredDocument[InboxRow]]) -> bool:
    """Gives rows a new revision, and notes them in the journal, because something that is shown of
    them and is stored elsewhere changed; false if another writer was faster: then nothing
    happens."""
    part = _Part()
    for found in stored:
        row = msgspec.structs.replace(found.value, revision=found.value.revision + 1)
        part.operations.append(operation_for(found, row))
        if row.organization is not None:
            part.noted[row.organization].append(find_change(found.value, row))
    return not part.operations or await _commit(database, part)


@dataclass(frozen=True, slots=True)
class _Part:
    """What is written in one transaction."""

    operations: list[Operation] = field_of(default_factory=list)
    counted: CounterChanges = field_of(default_factory=lambda: defaultdict(Counter))
    noted: RowChanges = field_of(default_factory=lambda: defaultdict(list))


def _parts(
    before: Mapping[str, StoredDocument[InboxRow]], after: Iterable[InboxRow]
) -> Iterator[_Part]:
    """Groups what is written together."""
    part = _Part()
    for folded in after:
        stored = before.get(folded.id)
        row = revise(stored, folded)
        if row is None:
            continue
        part.operations.append(operation_for(stored, row))
        value = None if stored is None else stored.value
        if value is None:
            _count(part.counted, row, 1)
        elif _find_counted_fields(value) != _find_counted_fields(row):
            _count(part.counted, value, -1)
            _count(part.counted, row, 1)
        organization = row.organization or (None if value is None else value.organization)
        if organization is not None:
            part.noted[organization].append(find_change(value, row))
        if len(part.counted) >= _MOST_DOCUMENTS:
            yield part
            part = _Part()
    if part.operations:
        yield part


def _find_counted_fields(row: InboxRow) -> object:
    """Everything in a row that decides where it is counted: most changes leave it as it is."""
    return (
        row.organization,
        row.page_id,
        row.channel,
        row.kind,
        row.assignee,
        row.done,
        row.live_events > 0,
        month_and_day(row.last_inbound_at),
        numbers_of_post(row),
        [read.agent_id for read in row.reads],
        row.read_by,
    )


def _count(changes: CounterChanges, row: InboxRow, times: int) -> None:
    """Adds a row to the documents that count it, or subtracts it."""
    channel, kind, owner = row.channel, row.kind, row.assignee
    if row.organization is None or row.page_id is None or channel is None or kind is None:
        return
    count_in_post(changes, row, times)
    counted: list[tuple[AgentId, list[str]]] = [(_NO_VIEWER, [ALL])]
    if row.live_events > 0:
        read_by = frozenset(row.read_by)
        counted = [(_NO_VIEWER, [ALL, LIVE])]
        counted += (
            (read.agent_id, [READ if read.agent_id in read_by else MARKED_UNREAD])
            for read in row.reads
        )
    month, day = month_and_day(row.last_inbound_at)
    for viewer, measures in counted:
        fields = [
            _field_of(measure, channel, kind, row.done, owner is not None) for measure in measures
        ]
        dated = [f"{DAYS}.{day}.{fields[-1]}"] if day and measures[-1] != ALL else []
        for page in (ANY_PAGE, row.page_id):
            document = changes[place_of(row.organization, viewer, page, WHOEVER) + month]
            for field in (*fields, *dated):
                document[field] += times
        if owner is not None:
            document = changes[place_of(row.organization, viewer, row.page_id, owner)]
            for field in fields:
                document[field] += times


async def _commit(database: Database, part: _Part) -> bool:
    operations, counting = part.operations, list(_updates(part.counted))
    try:
        async with await database.client.start_session() as session, session.start_transaction():
            written = await database[CONVERSATIONS].bulk_write(
                operations, ordered=False, session=session
            )
            if written.inserted_count + written.matched_count < len(operations):
                await session.abort_transaction()
                return False
            if counting:
                await database[COUNTERS].bulk_write(counting, session=session)
            await note_rows(database, part.noted, session)
    except BulkWriteError as error:
        failures = error.details["writeErrors"]
        if any(failure["code"] != DUPLICATE_KEY for failure in failures) and not _again(error):
            raise
        return False
    except PyMongoError as error:
        if not _again(error):
            raise
        return False
    return True


def _again(error: PyMongoError) -> bool:
    """Whether MongoDB reports a conflicting transaction, or does not know the result of this one.
    Either all of it was stored or nothing, which reading the rows again shows."""
    return error.has_error_label("TransientTransactionError") or error.has_error_label(
        "UnknownTransactionCommitResult"
    )


def _updates(changes: CounterChanges) -> Iterator[UpdateOne | DeleteMany]:
    """Changes the documents, and then deletes those that count nothing any more."""
    shrunk: list[str] = []
    for document, numbers in sorted(changes.items()):
        changed = {field: number for field, number in numbers.items() if number}
        if not changed:
            continue
        size = sum(changed.values())
        yield UpdateOne({"_id": document}, {"$inc": {**changed, "size": size}}, upsert=True)
        if size < 0:
            shrunk.append(document)
    if shrunk:
        yield DeleteMany({"_id": {"$in": shrunk}, "size": 0})
