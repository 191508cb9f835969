"""What the counters of conversations come to for a viewer."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from itertools import product

from tuyen_events.ids import AgentId, PageId
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.domain.visibility import Assignees, Scope
from tuyen_gateway.ports import ConversationFilter, Counts
from tuyen_gateway.projections import collections
from tuyen_gateway.projections.collections import BY_ASSIGNEE_AND_INBOUND, BY_INBOUND
from tuyen_gateway.projections.counters import (
    AGAIN,
    ALL,
    ANY_PAGE,
    DAYS,
    LIVE,
    MONTHS,
    NOBODY,
    READ,
    WHOEVER,
    has_days,
    periods_of,
    place_of,
    read_field,
)
from tuyen_platform.mongodb import Database, Document, Session

_AFTER_ALL = "~"
"""A character after all that a period goes on with."""

_Cell = tuple[Channel, ConversationKind]


def countable(wanted: ConversationFilter) -> bool:
    """Whether the counters know what is asked for: they know no tag, name or customer."""
    return wanted.tag is None and not wanted.name and wanted.external_id is None


class MongoCounters:
    """Reads the counters in the caller's session, whose snapshot of the views they then are of."""

    def __init__(self, database: Database) -> None:
        self._conversations = database[collections.CONVERSATIONS]
        self._counters = database[collections.COUNTERS]

    async def counts(self, session: Session, scope: Scope, wanted: ConversationFilter) -> Counts:
        """What `wanted`, which has to be countable, and `scope` have in common."""
        places = list(places_of(scope, wanted))
        sums = _Sums(scope, wanted)
        if places:
            asked: Document = {"$or": list(documents_of(scope, places))}
            for document in await self._counters.find(asked, session=session).to_list(None):
                sums.add(document)
        if scope.since is None:
            return sums.counts()
        for days in (True, False):
            unsure = [p for p in places if has_days(p.assignee) is days and sums.unsure(p)]
            if unsure:
                marked = not days or any(sums.marked(place) for place in unsure)
                question = read_at_start(
                    scope, wanted, unsure, scope.since, days=days, marked=marked
                )
                found = self._conversations.aggregate(
                    question, session=session, hint=index_for(unsure)
                )
                sums.leave_out(await found.to_list(None))
        return sums.counts()


@dataclass(frozen=True, slots=True)
class Place:
    """Whose conversations on which page are counted together."""

    page: PageId
    assignee: AgentId


def places_of(scope: Scope, wanted: ConversationFilter) -> Iterator[Place]:
    """What to add up for all that is asked for, none of it twice."""
    pages: Sequence[PageId] = [ANY_PAGE] if scope.pages is None else sorted(scope.pages)
    if wanted.page is not None:
        pages = [wanted.page] if scope.pages is None or wanted.page in scope.pages else []
    assignees = {
        Assignees.ALL: [WHOEVER],
        Assignees.OWN_AND_UNASSIGNED: [NOBODY, scope.agent_id],
        Assignees.OWN: [scope.agent_id],
    }[scope.assignees]
    if wanted.assigned is not None:
        asked = wanted.assigned.agent_id or NOBODY
        assignees = [asked] if assignees == [WHOEVER] or asked in assignees else []
    for page, assignee in product(pages, assignees):
        yield Place(page, assignee)


def documents_of(scope: Scope, places: Sequence[Place]) -> Iterator[Document]:
    """What finds the documents that count there, for everybody and for the viewer: all months, and
    the days of the one in which the viewer came."""
    for place, viewer in product(places, (None, scope.agent_id)):
        first = place_of(scope.organization, viewer, place.page, place.assignee)
        periods = [MONTHS]
        if scope.since is not None and has_days(place.assignee):
            periods.append(periods_of(scope.since).month.replace(MONTHS, DAYS, 1))
        for period in periods:
            yield {"_id": {"$gte": first + period, "$lt": first + period + _AFTER_ALL}}


class _Sums:
    """Adds up what is unread.

    Where there are days: of the months and, in the viewer's first month, the days since the viewer
    came, what is live and not read; of those before, what the viewer marked and has unread again.
    Elsewhere: what is live and not read. What came before the viewer on that day, or elsewhere at
    any time, and was never marked, is left out then.
    """

    def __init__(self, scope: Scope, wanted: ConversationFilter) -> None:
        self._viewer, self._wanted = scope.agent_id, wanted
        self._since = None if scope.since is None else periods_of(scope.since)
        self._total = 0
        self._unread: Counter[_Cell] = Counter()
        self._unsure: Counter[Place] = Counter()
        self._marked: Counter[Place] = Counter()

    def add(self, document: Document) -> None:
        _, _, page, assignee, period = document.pop("_id").split("|")
        place = Place(PageId(page), AgentId(assignee))
        of_month = period.startswith(MONTHS)
        in_days = before = unsure = False
        if self._since is not None and has_days(place.assignee):
            in_days = period == self._since.month
            before = period < (self._since.month if of_month else self._since.day)
            unsure = period == self._since.day
        elif self._since is not None:
            unsure = True
        for name, number in document.items():
            cell = self._cell(name)
            if cell is None:
                continue
            measure, channel, kind = cell
            if unsure and measure in (READ, AGAIN):
                self._marked[place] += number
            if measure == ALL:
                self._total += number if of_month else 0
            elif in_days:
                continue
            elif before:
                self._unread[channel, kind] += number if measure == AGAIN else 0
            elif measure != AGAIN:
                unread = number if measure == LIVE else -number
                self._unread[channel, kind] += unread
                if unsure:
                    self._unsure[place] += unread

    def _cell(self, name: str) -> tuple[str, Channel, ConversationKind] | None:
        """Whose number it is, if it is asked for."""
        field = read_field(name)
        if field is None:
            return None
        measure, channel, kind, done = field
        wanted = self._wanted
        asked = (
            wanted.channel in (None, channel)
            and wanted.kind in (None, kind)
            and wanted.done in (None, done)
        )
        return (measure, channel, kind) if asked else None

    def unsure(self, place: Place) -> bool:
        """Whether something there that came before the viewer is counted as unread."""
        return self._unsure[place] > 0

    def marked(self, place: Place) -> bool:
        """Whether the viewer marked some of what is unsure there."""
        return self._marked[place] > 0

    def leave_out(self, read: Sequence[Document]) -> None:
        """What came before the viewer, as `read_at_start` finds it."""
        for group in read:
            cell = Channel(group["_id"]["channel"]), ConversationKind(group["_id"]["kind"])
            self._unread[cell] -= group["size"]

    def counts(self) -> Counts:
        unread = sum(self._unread.values())
        return Counts(
            total=unread if self._wanted.unread else self._total,
            unread=unread,
            unread_by_channel={
                channel: sum(n for cell, n in self._unread.items() if cell[0] is channel)
                for channel in Channel
            },
            unread_by_kind={
                kind: sum(n for cell, n in self._unread.items() if cell[1] is kind)
                for kind in ConversationKind
            },
        )


def index_for(places: Sequence[Place]) -> str:
    """By which index to look up what came before a viewer."""
    whoever = any(place.assignee == WHOEVER for place in places)
    return BY_INBOUND if whoever else BY_ASSIGNEE_AND_INBOUND


def read_at_start(
    scope: Scope,
    wanted: ConversationFilter,
    places: Sequence[Place],
    since: datetime,
    *,
    days: bool,
    marked: bool,
) -> Sequence[Document]:
    """By channel and kind, how many conversations at `places` came before the viewer and were never
    marked: of the day on which the viewer came, or of all days. Where the viewer `marked` none of
    them, no row has to be read."""
    midnight = datetime.combine(since.astimezone(UTC).date(), time(), UTC)
    before: Document = {"$gte": midnight, "$lte": since} if days else {"$not": {"$gt": since}}
    match: Document = {
        "organization": scope.organization,
        "last_inbound_at": before,
        "live_events": {"$gt": 0},
    }
    if marked:
        match["reads.agent_id"] = {"$ne": scope.agent_id}
    pages = {place.page for place in places}
    assignees = {place.assignee for place in places}
    if ANY_PAGE not in pages:
        match["page_id"] = {"$in": sorted(pages)}
    if WHOEVER not in assignees:
        match["assignee"] = {"$in": [assignee or None for assignee in sorted(assignees)]}
    if wanted.channel is not None:
        match["channel"] = wanted.channel.value
    if wanted.kind is not None:
        match["kind"] = wanted.kind.value
    if wanted.done is not None:
        match["done"] = wanted.done
    cell = {"channel": "$channel", "kind": "$kind"}
    return [{"$match": match}, {"$group": {"_id": cell, "size": {"$sum": 1}}}]
