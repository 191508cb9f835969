"""Finds child entities by their ids, and lists those of all contacts that a viewer may read."""

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
from tuyen_views.view import LAST_ACCESS, ChildDocumentT, View, match_child

_AT_ONCE = 200
"""How many rows are read, and their contacts looked up, at once."""

_ROWS_READ = 4_000
"""How many rows one page looks at. A page of a viewer who may read few of them ends early."""

_BY_KEY = "_id_"
"""The index of keys: only few documents have one id, and the others are for sorting all."""

_LAST_OWNER = f"{LAST_ACCESS}.contact_id"

FindReadable = Callable[[Collection[ContactId]], Awaitable[Collection[ContactId]]]
"""Which of some contacts the viewer may read."""


async def find_child_by_id(
    database: Database, view: View[ChildDocumentT], organization: OrganizationId, child_id: str
) -> ChildDocumentT | None:
    """The child with this id, whoever may see it: the newest one, if the view does not show yet
    that an earlier one of another contact was removed."""
    query = {**match_child(organization, child_id), "organization": organization, "id": child_id}
    newest = [("place", DESCENDING)]
    stored = await database[view.collection].find_one(query, sort=newest, hint=_BY_KEY)
    return None if stored is None else view.read(stored)


async def find_owner_of_removed(
    database: Database, view: View[Any], organization: OrganizationId, child_id: str
) -> ContactId | None:
    """The contact that had a child with this id which was removed within the last day; of several
    contacts the last one that had it."""
    query = {**match_child(organization, child_id), _LAST_OWNER: {"$exists": True}}
    last = [("removed_at", DESCENDING)]
    stored = await database[view.collection].find_one(query, sort=last, hint=_BY_KEY)
    return None if stored is None else ContactId(stored[LAST_ACCESS]["contact_id"])


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
