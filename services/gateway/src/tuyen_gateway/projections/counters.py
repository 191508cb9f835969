"""Counters of conversations, kept in the transaction that writes the rows that they count.

One document counts the conversations of an organization that are on one page, or any, and that one
agent has, or nobody, or whoever, by channel, kind, and whether they are done: `all` of them, and
the `live` ones, in which a customer's word still stands. A document of its own counts, for each
viewer who marked some of these, the live ones that are `read`, and those that were and are unread
`again`.

Who came to an organization has read all that came before them (I5). So the documents of whoever and
of nobody are one for each month of the last inbound event, and one for each day, for the month in
which a viewer came; the rest of a day is looked up. An agent has few conversations from before
another came; there days would cost more than they save.

A row is in as many documents, six to eight and as many for each viewer who marked it, however many
rows there are.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import product

from pymongo import DeleteOne, UpdateOne
from pymongo.errors import BulkWriteError, PyMongoError

from tuyen_events.ids import AgentId, OrganizationId, PageId
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.domain.inbox import Conversation
from tuyen_gateway.projections.collections import (
    CONVERSATIONS,
    COUNTERS,
    DUPLICATE_KEY,
    Operation,
    Stored,
    operation_for,
)
from tuyen_platform.mongodb import Database, Document

ANY_PAGE = PageId("*")
WHOEVER = AgentId("*")
NOBODY = AgentId("")
_NO_VIEWER = AgentId("")

ALL, LIVE, READ, AGAIN = "all", "live", "read", "again"

_MOST_CHANGES = 20_000
"""Of counters, in one transaction; a row alone may have more."""
_PAUSE_S = 0.02
"""Up to so long, who lost a race waits for the transaction that won it."""

Changes = Counter[tuple[str, str]]
"""By document and field."""


def place_of(
    organization: OrganizationId, viewer: AgentId | None, page: PageId, assignee: AgentId
) -> str:
    """With what the ids of the documents begin that count the same but for the period."""
    return f"{organization}|{viewer or _NO_VIEWER}|{page}|{assignee}|"


@dataclass(frozen=True, slots=True)
class Periods:
    """Of a moment, how the ids of the documents of its month and of its day end."""

    month: str
    day: str


MONTHS, DAYS = "m", "d"
"""How all months begin, and all days."""

_EVER = Periods(month=MONTHS, day="")


def periods_of(moment: datetime | None) -> Periods:
    """Of the last inbound event; without one there is no day."""
    if moment is None:
        return _EVER
    day = moment.astimezone(UTC).date().isoformat()
    return Periods(month=f"{MONTHS}{day[:7]}", day=f"{DAYS}{day}")


def has_days(assignee: AgentId) -> bool:
    """Whether what an assignee has is counted by month and by day."""
    return assignee in (WHOEVER, NOBODY)


def field_of(measure: str, channel: Channel, kind: ConversationKind, *, done: bool) -> str:
    """Where a document has a number."""
    return f"{measure}/{channel.value}/{kind.value}/{int(done)}"


@cache
def read_field(name: str) -> tuple[str, Channel, ConversationKind, bool] | None:
    """The inverse of `field_of`; None for a field that is no number by channel and kind."""
    measure, *rest = name.split("/")
    if not rest:
        return None
    channel, kind, done = rest
    return measure, Channel(channel), ConversationKind(kind), done == "1"


async def write_rows(
    database: Database,
    before: Mapping[str, Stored[Conversation]],
    after: Iterable[Conversation],
) -> bool:
    """Stores the rows that differ from `before`, and counts them; false when another writer came
    between, or may have: what is not stored then is as if it had never been tried."""
    for operations, changes in _parts(before, after):
        if not await _commit(database, operations, changes):
            await asyncio.sleep(random.uniform(0, _PAUSE_S))  # noqa: S311 - no secret
            return False
    return True


def _parts(
    before: Mapping[str, Stored[Conversation]], after: Iterable[Conversation]
) -> Iterator[tuple[Sequence[Operation], Changes]]:
    """What is written together."""
    operations: list[Operation] = []
    changes: Changes = Counter()
    for row in after:
        stored = before.get(row.id)
        written = operation_for(stored, row)
        if written is None:
            continue
        operations.append(written)
        if stored is None:
            changes.update(_counted(row))
        elif _counted_by(stored.value) != _counted_by(row):
            changes.update(_counted(row))
            changes.subtract(_counted(stored.value))
        if len(changes) >= _MOST_CHANGES:
            yield operations, changes
            operations, changes = [], Counter()
    if operations:
        yield operations, changes


def _counted_by(row: Conversation) -> object:
    """All of a row that decides where it is counted: most changes leave it as it is."""
    return (
        row.organization,
        row.page_id,
        row.channel,
        row.kind,
        row.assignee,
        row.done,
        row.live_events > 0,
        periods_of(row.last_inbound_at),
        [read.agent_id for read in row.reads],
        row.read_by,
    )


def _counted(row: Conversation) -> Iterator[tuple[str, str]]:
    """The documents that count a row, with the field, each as often as the row counts there."""
    channel, kind = row.channel, row.kind
    if row.organization is None or row.page_id is None or channel is None or kind is None:
        return
    all_, live_, read_, again_ = (
        field_of(measure, channel, kind, done=row.done) for measure in (ALL, LIVE, READ, AGAIN)
    )
    live = row.live_events > 0
    periods = periods_of(row.last_inbound_at)
    read_by = frozenset(row.read_by)
    owner = row.assignee or NOBODY
    for page, assignee in product((ANY_PAGE, row.page_id), (WHOEVER, owner)):
        dated = periods if has_days(assignee) else _EVER
        for within in filter(None, (dated.month, dated.day)):
            document = place_of(row.organization, None, page, assignee) + within
            yield document, all_
            if not live:
                continue
            yield document, live_
            for read in row.reads:
                theirs = place_of(row.organization, read.agent_id, page, assignee) + within
                yield theirs, read_ if read.agent_id in read_by else again_


async def _commit(database: Database, operations: Sequence[Operation], changes: Changes) -> bool:
    counting = list(_updates(changes))
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
    """Whether MongoDB says that another transaction came between, or cannot say what came of this
    one: it was stored whole or not at all, which the rows tell who reads them."""
    return error.has_error_label("TransientTransactionError") or error.has_error_label(
        "UnknownTransactionCommitResult"
    )


def _updates(changes: Changes) -> Iterator[UpdateOne | DeleteOne]:
    """What changes the documents, and takes away those that count nothing any more."""
    documents: dict[str, Document] = {}
    for (document, field), change in changes.items():
        if change:
            documents.setdefault(document, {"size": 0})[field] = change
    for document, changed in sorted(documents.items()):
        changed["size"] = sum(changed.values())
        yield UpdateOne({"_id": document}, {"$inc": changed}, upsert=True)
        if changed["size"] < 0:
            yield DeleteOne({"_id": document, "size": 0})
