"""Computes a viewer's counts from the counters of conversations.

Decides I3.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from enum import Enum, auto
from itertools import product

import msgspec

from tuyen_events.conversation_filter import ConversationFilter
from tuyen_events.ids import AgentId, PageId
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.domain.visibility import Assignees, Scope
from tuyen_gateway.ports.views import InboxCounts
from tuyen_gateway.projections import collections
from tuyen_gateway.projections.collections import BY_ASSIGNEE_AND_INBOUND, BY_INBOUND
from tuyen_gateway.projections.counters import (
    ALL,
    ANY_PAGE,
    DAYS,
    LIVE,
    MARKED_UNREAD,
    NOBODY,
    READ,
    WHOEVER,
    Cell,
    CounterKey,
    has_months,
    month_and_day,
    place_of,
    read_field,
    read_place,
)
from tuyen_platform.mongodb import Database, Document, MongoSession

_AFTER_ALL = chr(ord("|") + 1)
"""Sorts after every text that continues with a `|`."""


def is_countable(wanted: ConversationFilter) -> bool:
    """Whether the counters can answer the filter: they distinguish only the fields below, and use
    some special ids that no page and no agent has."""
    assignee = None if wanted.held_by is None else wanted.held_by.agent_id
    if wanted.page_id == ANY_PAGE or assignee in (WHOEVER, NOBODY):
        return False
    others = msgspec.structs.replace(
        wanted, kind=None, channel=None, page_id=None, unread=False, held_by=None, done=None
    )
    return others == ConversationFilter()


class MongoCounters:
    """Reads the counters in the caller's session, so that they belong to the same snapshot as the
    views."""

    def __init__(self, database: Database) -> None:
        self._conversations = database[collections.CONVERSATIONS]
        self._counters = database[collections.COUNTERS]

    async def counts(
        self, session: MongoSession, scope: Scope, wanted: ConversationFilter
    ) -> InboxCounts:
        """The conversations that both `scope` covers and `wanted`, which must be countable,
        matches."""
        pages, assignees = pages_of(scope, wanted), assignees_of(scope, wanted)
        sums = _Sums(scope, wanted, assignees)
        if pages and assignees:
            found = self._counters.aggregate(counters_of(scope, pages, assignees), session=session)
            for document in await found.to_list(None):
                sums.add(document)
        sums.compute()
        if scope.since is None:
            return sums.counts()
        for assignee in filter(sums.is_unsure, assignees):
            question = count_unread_at_start(
                scope, wanted, assignee, scope.since, marked=sums.has_marks(assignee)
            )
            rows = self._conversations.aggregate(
                question, session=session, hint=index_for(assignee)
            )
            sums.leave_out(await rows.to_list(None))
        return sums.counts()


def pages_of(scope: Scope, wanted: ConversationFilter) -> Sequence[PageId]:
    """The pages to count: any, or these."""
    if wanted.page_id is None:
        return [ANY_PAGE] if scope.pages is None else sorted(scope.pages)
    return [wanted.page_id] if scope.pages is None or wanted.page_id in scope.pages else []


def assignees_of(scope: Scope, wanted: ConversationFilter) -> Sequence[AgentId]:
    """The assignees to count: anybody, or these."""
    covered = {
        Assignees.ALL: [WHOEVER],
        Assignees.OWN_AND_UNASSIGNED: [NOBODY, scope.agent_id],
        Assignees.OWN: [scope.agent_id],
    }[scope.assignees]
    if wanted.held_by is None:
        return covered
    requested = wanted.held_by.agent_id or NOBODY
    return [requested] if covered == [WHOEVER] or requested in covered else []


def counters_of(
    scope: Scope, pages: Sequence[PageId], assignees: Sequence[AgentId]
) -> Sequence[Document]:
    """Finds the documents that count these conversations, for everybody and for the viewer: with
    days only for the month in which the viewer joined."""
    first = {
        place_of(scope.organization, viewer, page, assignee)
        for viewer, page, assignee in product((None, scope.agent_id), pages, assignees)
    }
    found: list[Document] = [{"$match": {"$or": [match_place(each) for each in sorted(first)]}}]
    if scope.since is None:
        return [*found, {"$unset": DAYS}]
    month, _ = month_and_day(scope.since)
    of_month = {"$regexMatch": {"input": "$_id", "regex": rf"\|{month}$"}}
    days = {"$cond": [of_month, f"${DAYS}", "$$REMOVE"]}
    return [*found, {"$set": {DAYS: days}}]


def match_place(place: str) -> Document:
    """Matches the documents whose ids begin with a place."""
    return {"_id": {"$gte": place, "$lt": place[:-1] + _AFTER_ALL}}


class _When(Enum):
    """When the counted conversations had their last inbound event: since the viewer joined, before,
    on the same day, or at any time where that is not distinguished. If a month contains several of
    these, its days decide."""

    SINCE = auto()
    BEFORE = auto()
    UNSURE = auto()
    MIXED = auto()


_UNREAD: Mapping[_When, Mapping[str, int]] = {
    _When.SINCE: {LIVE: 1, READ: -1},
    _When.BEFORE: {MARKED_UNREAD: 1},
    _When.UNSURE: {LIVE: 1, READ: -1},
    _When.MIXED: {},
}
"""How many conversations the numbers add to the unread count. Those from before the viewer joined
that were never marked are subtracted later."""


class _Sums:
    """Adds up documents: first by field name, because many documents have the same fields."""

    def __init__(
        self, scope: Scope, wanted: ConversationFilter, assignees: Sequence[AgentId]
    ) -> None:
        self._wanted, self._assignees = wanted, assignees
        self._since = None if scope.since is None else month_and_day(scope.since)
        self._numbers: defaultdict[tuple[AgentId, _When], Counter[str]] = defaultdict(Counter)
        self._total = 0
        self._unread: Counter[tuple[Channel, ConversationKind]] = Counter()
        self._unsure: Counter[AgentId] = Counter()
        self._marked: Counter[AgentId] = Counter()

    def add(self, document: Document) -> None:
        place = read_place(document.pop("_id"))
        days = document.pop(DAYS, {})
        self._numbers[place.assignee, self._when(place)].update(document)
        for day, numbers in days.items():
            self._numbers[place.assignee, self._when_in_month(day)].update(numbers)

    def _when(self, place: CounterKey) -> _When:
        if self._since is None:
            return _When.SINCE
        if not has_months(place.assignee):
            return _When.UNSURE
        month, _ = self._since
        if place.month == month:
            return _When.MIXED
        return _When.BEFORE if place.month < month else _When.SINCE

    def _when_in_month(self, of_day: str) -> _When:
        if self._since is None:
            return _When.SINCE
        _, day = self._since
        if of_day == day:
            return _When.UNSURE
        return _When.BEFORE if of_day < day else _When.SINCE

    def compute(self) -> None:
        """Must be called once all documents are added."""
        for (owner, when), numbers in self._numbers.items():
            for name, number in numbers.items():
                cell = read_field(name)
                if cell is None or not self._asks_for(cell):
                    continue
                assignee = self._assignee(owner, cell)
                if assignee not in self._assignees:
                    continue
                if cell.measure == ALL:
                    self._total += number
                unread = _UNREAD[when].get(cell.measure, 0) * number
                self._unread[cell.channel, cell.kind] += unread
                if when is _When.UNSURE:
                    self._unsure[assignee] += unread
                    self._marked[assignee] += number if cell.measure in (READ, MARKED_UNREAD) else 0

    def _asks_for(self, cell: Cell) -> bool:
        wanted = self._wanted
        return (
            wanted.channel in (None, cell.channel)
            and wanted.kind in (None, cell.kind)
            and wanted.done in (None, cell.done)
        )

    def _assignee(self, owner: AgentId, cell: Cell) -> AgentId:
        """The requested assignee that a number belongs to."""
        if owner != WHOEVER or WHOEVER in self._assignees:
            return owner
        return WHOEVER if cell.assigned else NOBODY

    def is_unsure(self, assignee: AgentId) -> bool:
        """Whether conversations of this assignee from before the viewer joined are counted as
        unread."""
        return self._unsure[assignee] > 0

    def has_marks(self, assignee: AgentId) -> bool:
        """Whether the viewer marked some of the unsure ones."""
        return self._marked[assignee] > 0

    def leave_out(self, read: Sequence[Document]) -> None:
        """Subtracts what came before the viewer joined, as found by `count_unread_at_start`."""
        for group in read:
            cell = Channel(group["_id"]["channel"]), ConversationKind(group["_id"]["kind"])
            self._unread[cell] -= group["size"]

    def counts(self) -> InboxCounts:
        unread = sum(self._unread.values())
        return InboxCounts(
            total=unread if self._wanted.unread else self._total,
            unread=unread,
            unread_by_channel=by_channel(self._unread),
            unread_by_kind=by_kind(self._unread),
        )


Unread = Mapping[tuple[Channel, ConversationKind], int]
"""How many conversations of a channel and kind have something unread."""


def by_channel(unread: Unread) -> Mapping[Channel, int]:
    """Every channel that is known, and each other one that has any conversations."""
    counts = dict.fromkeys(Channel, 0)
    for (channel, _), number in unread.items():
        counts[channel] = counts.get(channel, 0) + number
    return counts


def by_kind(unread: Unread) -> Mapping[ConversationKind, int]:
    """Every kind."""
    counts = dict.fromkeys(ConversationKind, 0)
    for (_, kind), number in unread.items():
        counts[kind] += number
    return counts


def index_for(assignee: AgentId) -> str:
    """The index for looking up what came before a viewer joined."""
    return BY_INBOUND if assignee == WHOEVER else BY_ASSIGNEE_AND_INBOUND


def count_unread_at_start(
    scope: Scope, wanted: ConversationFilter, assignee: AgentId, since: datetime, *, marked: bool
) -> Sequence[Document]:
    """By channel and kind, how many conversations of an assignee came before the viewer joined and
    were never marked: those of the day on which the viewer joined, or of all days if none are
    counted. If the viewer `marked` none of the conversations of any assignee, an index answers."""
    midnight = datetime.combine(since.astimezone(UTC).date(), time(), UTC)
    of_day = has_months(assignee)
    before: Document = {"$gte": midnight, "$lte": since} if of_day else {"$not": {"$gt": since}}
    match: Document = {
        "organization": scope.organization,
        "last_inbound_at": before,
        "live_events": {"$gt": 0},
    }
    if marked:
        match["reads.agent_id"] = {"$ne": scope.agent_id}
    pages = pages_of(scope, wanted)
    if ANY_PAGE not in pages:
        match["page_id"] = {"$in": list(pages)}
    if assignee != WHOEVER:
        match["assignee"] = assignee or None
    if wanted.channel is not None:
        match["channel"] = wanted.channel.value
    if wanted.kind is not None:
        match["kind"] = wanted.kind.value
    if wanted.done is not None:
        match["done"] = wanted.done
    cell = {"channel": "$channel", "kind": "$kind"}
    return [{"$match": match}, {"$group": {"_id": cell, "size": {"$sum": 1}}}]
