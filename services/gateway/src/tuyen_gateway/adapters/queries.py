"""MongoDB queries for rows of the inbox.

Decides R7.2 and I4.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from tuyen_events.conversation_filter import ConversationFilter
from tuyen_events.crm.tags import fold_tag
from tuyen_events.ids import CustomerId
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.visibility import Assignees, Scope
from tuyen_gateway.projections.collections import BY_ACTIVITY, BY_CUSTOMER_NAME, UNNAMED
from tuyen_platform.mongodb import Document
from tuyen_views.names import match_each_part, match_part

_SHOWN = tuple(
    name for name in InboxRow.__struct_encode_fields__ if name not in ("reads", "read_by")
)


ListKey = tuple[datetime, str]
"""The position of a row in the list: its last activity, then its id."""


def build_matching_query(
    scope: Scope, wanted: ConversationFilter, customers: Collection[CustomerId] = ()
) -> list[Document]:
    """Matches rows that `scope` covers and `wanted` selects; `customers` match its name, although
    their rows do not contain it. Channels and kinds are always listed, so that each index can
    return its rows in the list's order."""
    channels = [*Channel, *sorted(scope.other_channels)]
    if wanted.channel is not None:
        channels = [wanted.channel]
    kinds = [wanted.kind] if wanted.kind else list(ConversationKind)
    parts: list[Document] = [
        *build_covered_query(scope),
        {"channel": {"$in": [channel.value for channel in channels]}},
        {"kind": {"$in": [kind.value for kind in kinds]}},
    ]
    if wanted.page_id is not None:
        parts.append({"page_id": wanted.page_id})
    if wanted.held_by is not None:
        parts.append({"assignee": wanted.held_by.agent_id})
    if wanted.unread:
        parts.append(build_unread_query(scope))
    if wanted.tag is not None:
        parts.append({"tag_keys": fold_tag(wanted.tag), "tag_keys.0": {"$exists": True}})
    if wanted.name:
        named = match_part(wanted.name)
        parts.append({"$or": [named, _named_elsewhere(customers)]} if customers else named)
    if wanted.external_id is not None:
        parts.append({"external_id": wanted.external_id})
    if wanted.done is not None:
        parts.append({"done": wanted.done})
    return parts


def _named_elsewhere(customers: Collection[CustomerId]) -> Document:
    """Matches the rows of customers whose name their own events do not contain."""
    return {"customer.name": None, "customer.id": {"$in": sorted(customers)}}


class ListRead(NamedTuple):
    """One read of rows, newest activity first. `hint` is the index, if MongoDB must not choose: a
    trial of several would be remembered for other names."""

    query: Sequence[Document]
    hint: str | None = None


class ListQuery(NamedTuple):
    """The rows of a list: what matches them, and the reads that together return them. Two reads may
    return the same row."""

    matching: Sequence[Document]
    reads: Sequence[ListRead]


def build_list_query(
    scope: Scope,
    wanted: ConversationFilter,
    customers: Collection[CustomerId] = (),
    *,
    frequent: bool = False,
) -> ListQuery:
    """`build_matching_query` for a list. If the name is `frequent`, it is compared with the names
    in the list's order until a page is full; otherwise all rows with that name are read and
    sorted."""
    matching = build_matching_query(scope, wanted, customers)
    if not wanted.name:
        return ListQuery(matching, [ListRead(matching)])
    others = build_matching_query(scope, msgspec.structs.replace(wanted, name=None))
    if not frequent:
        reads = [ListRead([*others, match_part(wanted.name)], BY_CUSTOMER_NAME)]
    else:
        hint = BY_ACTIVITY if _selects_by_name_alone(scope, wanted) else None
        reads = [ListRead([*others, match_each_part(wanted.name)], hint)]
    if customers:
        reads.append(ListRead([*others, _named_elsewhere(customers)], UNNAMED))
    return ListQuery(matching, reads)


def _selects_by_name_alone(scope: Scope, wanted: ConversationFilter) -> bool:
    """Whether no other index has fewer rows."""
    others = msgspec.structs.replace(wanted, name=None, unread=False, done=None)
    covers_all = scope.pages is None and scope.assignees is Assignees.ALL
    return covers_all and others == ConversationFilter()


def build_unread_query(scope: Scope) -> Document:
    """Matches rows with something unread for the viewer (I5)."""
    query: Document = {"live_events": {"$gt": 0}, "read_by": {"$ne": scope.agent_id}}
    if scope.since is not None:
        later = {"last_inbound_at": {"$gt": scope.since}}
        query["$or"] = [later, {"reads.agent_id": scope.agent_id}]
    return query


def build_unread_expression(scope: Scope) -> Document:
    """The same as an aggregation expression."""
    unread: list[Document] = [
        {"$gt": ["$live_events", 0]},
        {"$not": [{"$in": [scope.agent_id, "$read_by"]}]},
    ]
    if scope.since is not None:
        later = {"$gt": ["$last_inbound_at", scope.since]}
        unread.append({"$or": [later, {"$in": [scope.agent_id, "$reads.agent_id"]}]})
    return {"$and": unread}


def build_covered_query(scope: Scope) -> list[Document]:
    """`Scope.covers` as a query."""
    parts: list[Document] = [{"organization": scope.organization}]
    if scope.pages is not None:
        parts.append({"page_id": {"$in": sorted(scope.pages)}})
    match scope.assignees:
        case Assignees.ALL:
            pass
        case Assignees.OWN_AND_UNASSIGNED:
            parts.append({"assignee": {"$in": [None, scope.agent_id]}})
        case Assignees.OWN:
            parts.append({"assignee": scope.agent_id})
    return parts


def project_row(scope: Scope) -> Document:
    """Projects a row without the marks of others: there may be thousands."""
    own = {"reads": {"$elemMatch": {"agent_id": scope.agent_id}}}
    return {**dict.fromkeys(_SHOWN, 1), **own}


def match_rows_after(last: ListKey) -> Document:
    """Matches what comes after a row in the list."""
    at, key = last
    return {
        "updated_at": {"$lte": at},
        "$or": [{"updated_at": {"$lt": at}}, {"_id": {"$lt": key}}],
    }
