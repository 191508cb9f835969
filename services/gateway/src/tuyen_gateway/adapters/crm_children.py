"""Lists the child entities of all contacts that a viewer may read."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from typing import Any

import msgspec
from pymongo import ASCENDING, DESCENDING

from tuyen_events.ids import ContactId, OrganizationId
from tuyen_events.limits import THREAD_PAGE_BYTES
from tuyen_gateway.domain.child_filter import ChildFilter
from tuyen_gateway.ports.views import ViewPage
from tuyen_platform.mongodb import Database, Document
from tuyen_views.view import ChildDocumentT, View

_AT_ONCE = 200
"""How many rows are read, and their contacts looked up, at once."""

_ROWS_READ = 4_000
"""How many rows one page looks at. A page of a viewer who may read few of them ends early."""

FindReadable = Callable[[Collection[ContactId]], Awaitable[Collection[ContactId]]]
"""Which of some contacts the viewer may read."""


async def list_across_contacts(
    database: Database,
    view: View[ChildDocumentT],
    organization: OrganizationId,
    wanted: ChildFilter,
    *,
    find_readable: FindReadable,
    limit: int,
    after: str | None,
) -> ViewPage[ChildDocumentT]:
    """A page of the children whose contacts the viewer may read."""
    rows, matching = database[view.collection], _build_query(organization, wanted)
    found: list[ChildDocumentT] = []
    carried = 0
    for _ in range(_ROWS_READ // _AT_ONCE):
        query = {"$and": [matching, _continue_after(wanted, after)]}
        batch = await rows.find(query).sort(_order(wanted)).limit(_AT_ONCE).to_list(None)
        readable = await find_readable({each["contact_id"] for each in batch})
        for stored in batch:
            if stored["contact_id"] not in readable:
                continue
            child = view.read(stored)
            carried += len(msgspec.json.encode(child))
            if found and (len(found) == limit or carried > THREAD_PAGE_BYTES):
                return ViewPage(items=found, following=after)
            found.append(child)
            after = _cursor(wanted, stored)
        if len(batch) < _AT_ONCE:
            return ViewPage(items=found, following=None)
        after = _cursor(wanted, batch[-1])
    return ViewPage(items=found, following=after)


def _build_query(organization: OrganizationId, wanted: ChildFilter) -> Document:
    query: Document = {"organization": organization, **wanted.words}
    if wanted.held_by is not None:
        query["assignee"] = wanted.held_by.agent_id
    limits = {"$gte": wanted.since, "$lt": wanted.until}
    given = {operator: moment for operator, moment in limits.items() if moment is not None}
    if wanted.moment is not None and given:
        query[wanted.moment] = given
    return query


def _order(wanted: ChildFilter) -> list[tuple[str, int]]:
    if wanted.moment is not None and wanted.by_moment:
        return [(wanted.moment, ASCENDING), ("place", ASCENDING)]
    return [("place", DESCENDING)]


def _cursor(wanted: ChildFilter, stored: Mapping[str, Any]) -> str:
    place: str = stored["place"]
    if wanted.moment is None or not wanted.by_moment:
        return place
    moment: datetime = stored[wanted.moment]
    return f"{moment.isoformat()} {place}"


def _continue_after(wanted: ChildFilter, after: str | None) -> Document:
    """The query for what follows a cursor."""
    if after is None:
        return {}
    if wanted.moment is None or not wanted.by_moment:
        return {"place": {"$lt": after}}
    text, _, place = after.partition(" ")
    moment, field = datetime.fromisoformat(text), wanted.moment
    later = [{field: {"$gt": moment}}, {field: moment, "place": {"$gt": place}}]
    return {field: {"$gte": moment}, "$or": later}
