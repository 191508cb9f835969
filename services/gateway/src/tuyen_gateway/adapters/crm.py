"""Reads the CRM's views from MongoDB, for viewers who may see the contacts."""

import asyncio
from collections.abc import Collection, Sequence, Set
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec
from pymongo.errors import OperationFailure

from tuyen_events.custom_fields import CustomFields, show_values
from tuyen_events.ids import AgentId, CallId, ContactId, OrganizationId
from tuyen_events.limits import CONTACT_MERGES, THREAD_PAGE_BYTES
from tuyen_gateway.adapters.crm_children import (
    find_child_by_id,
    find_owner_of_removed,
    list_across_contacts,
)
from tuyen_gateway.adapters.crm_proposals import (
    find_sides,
    list_proposals,
    match_merged,
    match_version,
)
from tuyen_gateway.adapters.crm_queries import (
    IndexLookup,
    build_query_after,
    build_scope_query,
    encode_id,
    encode_place,
    find_custom_values,
    list_lookups,
    list_reads,
    order_fields,
    sort_contacts,
)
from tuyen_gateway.adapters.crm_tags import list_tags
from tuyen_gateway.adapters.names import FREQUENT
from tuyen_gateway.domain.child_filter import ChildFilter
from tuyen_gateway.domain.contact_filter import ContactFilter, ContactOrder
from tuyen_gateway.domain.contact_visibility import AccessLevel, ContactScope, Memberships
from tuyen_gateway.domain.merge_proposals import ProposalFilter
from tuyen_gateway.ports.views import MergeProposal, ProposalSide, ViewPage, VisibleContact
from tuyen_platform.mongodb import Database, Document
from tuyen_views.calls import CALLS_VIEW, CallDocument
from tuyen_views.contact_fields import CONTACT_FIELDS_VIEW
from tuyen_views.contacts import ADDRESS_SUFFIXES, CONTACTS_VIEW, ContactDocument
from tuyen_views.teams import TEAMS_VIEW
from tuyen_views.view import (
    LAST_ACCESS,
    ChildDocumentT,
    OfContactT,
    SetupT,
    View,
)
from tuyen_views.warehouses import WAREHOUSES_VIEW

SHOWN_WITHIN_S = 2.0
_POLL_S = 0.02

_NO_SUCH_INDEX = 2
"""MongoDB's code for a bad value, such as the name of an index that does not exist."""


class MongoCrm:
    """Reads the views that `tuyen_views` defines, and does not write."""

    def __init__(self, database: Database, shown_within_s: float = SHOWN_WITHIN_S) -> None:
        """`shown_within_s` is how long a write waits until the views contain it, at most."""
        self._database = database
        self._shown_within_s = shown_within_s
        self._contacts = database[CONTACTS_VIEW.collection]

    async def contact(self, scope: ContactScope, contact_id: ContactId) -> VisibleContact | None:
        wanted: ContactId | None = contact_id
        for _ in range(CONTACT_MERGES):
            stored = await self._contacts.find_one(
                {"_id": wanted, "organization": scope.organization}
            )
            if stored is None:
                return None
            wanted = stored.get("merged_into")
            if wanted is None:
                (seen,) = await self._apply_scope(scope, [CONTACTS_VIEW.read(stored)])
                return None if seen.access is AccessLevel.NOTHING else seen
        return None

    async def memberships(self, organization: OrganizationId, agent_id: AgentId) -> Memberships:
        either = [{"managers": agent_id}, {"members": agent_id}]
        found = self._database[WAREHOUSES_VIEW.collection].find(
            {"organization": organization, "$or": either},
            {"id": 1, "managers": {"$elemMatch": {"$eq": agent_id}}},
        )
        warehouses = await found.to_list(None)
        managed = frozenset(each["id"] for each in warehouses if each.get("managers"))
        joined = frozenset(each["id"] for each in warehouses) - managed
        teams = self._database[TEAMS_VIEW.collection].find(
            {"organization": organization, "leaders": agent_id}, {"members": 1}
        )
        led = frozenset(
            member for each in await teams.to_list(None) for member in each.get("members", ())
        )
        return Memberships(managed=managed, joined=joined, led=led)

    async def contacts(
        self, scope: ContactScope, wanted: ContactFilter, limit: int, after: str | None
    ) -> ViewPage[VisibleContact]:
        found: dict[ContactId, ContactDocument] = {}
        for rows in await self._read_all(scope, wanted, limit + 1, after):
            for stored in rows:
                contact = CONTACTS_VIEW.read(stored)
                found[contact.id] = contact
        ordered = sort_contacts(wanted.order, found.values())
        page = await self._apply_scope(scope, ordered[:limit])
        more = len(ordered) > limit
        following = encode_place(wanted.order, ordered[limit - 1]) if more else None
        return ViewPage(items=page, following=following)

    async def find_readable_ids(
        self, scope: ContactScope, wanted: ContactFilter, limit: int, after: ContactId | None
    ) -> Sequence[ContactId]:
        readable = replace(scope, joined=frozenset())
        by_id = msgspec.structs.replace(wanted, order=ContactOrder.ID)
        place = None if after is None else encode_id(after)
        read = await self._read_all(readable, by_id, limit, place, {"_id": 1})
        return sorted({stored["_id"] for rows in read for stored in rows})[:limit]

    async def _read_all(
        self,
        scope: ContactScope,
        wanted: ContactFilter,
        limit: int,
        after: str | None,
        fields: Document | None = None,
    ) -> Sequence[Sequence[Document]]:
        """The first contacts of each read; one contact may be in several."""
        custom = find_custom_values(
            await self.contact_fields(scope.organization) if wanted.custom else {}, wanted.custom
        )
        if custom is None:
            return []
        wanted = msgspec.structs.replace(wanted, custom=custom)
        reads = []
        for query, hint in list_reads(scope, wanted, await self._list_few(scope, wanted)):
            if after is not None:
                query["$and"].append(build_query_after(wanted.order, after))
            reads.append(self._read(query, hint, order_fields(wanted.order), limit, fields))
        return await asyncio.gather(*reads)

    async def contact_fields(self, organization: OrganizationId) -> CustomFields:
        found = self._database[CONTACT_FIELDS_VIEW.collection].find({"organization": organization})
        fields = map(CONTACT_FIELDS_VIEW.read, await found.sort("id", 1).to_list(None))
        return {field.id: field.definition for field in fields}

    async def _apply_scope(
        self, scope: ContactScope, documents: Sequence[ContactDocument]
    ) -> Sequence[VisibleContact]:
        """The contacts with what the scope sees of them, and with the values of custom fields that
        the fields show (C10)."""
        some = any(each.custom for each in documents)
        fields = await self.contact_fields(scope.organization) if some else {}
        return [
            VisibleContact(
                msgspec.structs.replace(each, custom=show_values(fields, each.custom)),
                _access_to(scope, each),
            )
            for each in documents
        ]

    async def _list_few(self, scope: ContactScope, wanted: ContactFilter) -> Sequence[IndexLookup]:
        """The lookups with no more contacts than FREQUENT; the one with the fewest first."""
        lookups = list_lookups(scope, wanted)
        counts = await asyncio.gather(*(self._count(*each) for each in lookups))
        counted = [(count, place) for place, count in enumerate(counts) if count <= FREQUENT]
        return [lookups[place] for _, place in sorted(counted)]

    async def _read(
        self,
        query: Document,
        hint: str | None,
        order: Sequence[tuple[str, int]],
        limit: int,
        fields: Document | None = None,
    ) -> Sequence[Document]:
        """The first contacts. Until the CRM has made the index, MongoDB chooses another one: the
        gateway may start first."""
        try:
            rows = self._contacts.find(query, fields, hint=hint).sort(order).limit(limit)
            return await rows.to_list(None)
        except OperationFailure as error:
            if hint is None or error.code != _NO_SUCH_INDEX:
                raise
            return await self._read(query, None, order, limit, fields)

    async def _count(self, query: Document, hint: str) -> int:
        try:
            return await self._contacts.count_documents(query, limit=FREQUENT + 1, hint=hint)
        except OperationFailure as error:
            if error.code != _NO_SUCH_INDEX:
                raise
            return 0

    async def find_contacts(
        self, scope: ContactScope, ids: Collection[ContactId]
    ) -> Sequence[VisibleContact]:
        query = {"organization": scope.organization, "_id": {"$in": list(ids)}}
        stored = await self._contacts.find(query).to_list(None)
        seen = await self._apply_scope(scope, [CONTACTS_VIEW.read(each) for each in stored])
        return [each for each in seen if each.access is not AccessLevel.NOTHING]

    async def find_known_values(
        self, organization: OrganizationId, values: Collection[str]
    ) -> Set[str]:
        known: set[str] = set()
        for field, indexed in (("phones", ADDRESS_SUFFIXES), ("emails", "emails")):
            some = [each for each in values if ("@" in each) is (field == "emails")]
            stages: list[Document] = [
                {"$match": {"organization": organization, indexed: {"$in": some}}},
                {"$unwind": f"${field}"},
                {"$match": {field: {"$in": some}}},
                {"$group": {"_id": f"${field}"}},
            ]
            found = self._contacts.aggregate(stages)
            known.update([each["_id"] async for each in found])
        return known

    async def children(
        self, view: View[OfContactT], contact: VisibleContact, limit: int, after: str | None
    ) -> ViewPage[OfContactT]:
        if contact.access < AccessLevel.READ:
            return ViewPage(items=[], following=None)
        document = contact.document
        own = {"$in": [document.id, *document.merged]} if document.merged else document.id
        query: Document = {"organization": document.organization, "contact_id": own}
        if after is not None:
            query["place"] = {"$lt": after}
        rows = self._database[view.collection].find(query).sort("place", -1)
        found: list[OfContactT] = []
        carried = 0
        async for stored in rows.limit(limit + 1):
            child = view.read(stored)
            carried += len(msgspec.json.encode(child))
            if found and (len(found) == limit or carried > THREAD_PAGE_BYTES):
                return ViewPage(items=found, following=_place(found))
            found.append(child)
        return ViewPage(items=found, following=None)

    async def child(
        self, view: View[ChildDocumentT], scope: ContactScope, child_id: str
    ) -> tuple[VisibleContact, ChildDocumentT] | None:
        child = await find_child_by_id(self._database, view, scope.organization, child_id)
        if child is None:
            return None
        contact = await self.contact(scope, child.contact_id)
        if contact is None or contact.access < AccessLevel.READ:
            return None
        return contact, child

    async def reported_call(
        self, organization: OrganizationId, call: CallId
    ) -> CallDocument | None:
        return await find_child_by_id(self._database, CALLS_VIEW, organization, call)

    async def access_to_removed(
        self, view: View[Any], scope: ContactScope, entity_id: str
    ) -> AccessLevel:
        if view is CONTACTS_VIEW:
            return await self._access_to_removed_contact(scope, entity_id)
        owner = await find_owner_of_removed(self._database, view, scope.organization, entity_id)
        contact = None if owner is None else await self.contact(scope, owner)
        return AccessLevel.NOTHING if contact is None else contact.access

    async def _access_to_removed_contact(self, scope: ContactScope, contact_id: str) -> AccessLevel:
        own = {"_id": contact_id, f"{LAST_ACCESS}.organization": scope.organization}
        stored = await self._contacts.find_one(own)
        if stored is None:
            return AccessLevel.NOTHING
        last = stored[LAST_ACCESS]
        return scope.access_to(last["warehouse_id"], last["assignee"], last["viewers"])

    async def find_children(
        self,
        view: View[ChildDocumentT],
        scope: ContactScope,
        wanted: ChildFilter,
        limit: int,
        after: str | None,
    ) -> ViewPage[ChildDocumentT]:
        return await list_across_contacts(
            self._database,
            view,
            scope.organization,
            wanted,
            find_readable=partial(self._find_readable, scope),
            limit=limit,
            after=after,
        )

    async def _find_readable(
        self, scope: ContactScope, ids: Collection[ContactId]
    ) -> Collection[ContactId]:
        """Those of the contacts that the viewer may read, themselves or as contacts that were
        merged into a survivor."""
        either: list[Document] = [{name: {"$in": sorted(ids)}} for name in ("_id", "merged")]
        query: Document = {"organization": scope.organization, "$or": either}
        found = self._contacts.find({"$and": [query, build_scope_query(scope)]})
        documents = [CONTACTS_VIEW.read(stored) for stored in await found.to_list(None)]
        survivors = [each for each in documents if _access_to(scope, each) >= AccessLevel.READ]
        return {each for survivor in survivors for each in (survivor.id, *survivor.merged)}

    async def proposals(
        self, wanted: ProposalFilter, limit: int, after: str | None
    ) -> ViewPage[MergeProposal]:
        return await list_proposals(self._database, wanted, limit, after)

    async def proposal_sides(
        self, organization: OrganizationId, keys: Collection[str]
    ) -> Sequence[ProposalSide]:
        return await find_sides(self._database, keys)

    async def tags(
        self, scope: ContactScope, name: str | None, limit: int, after: str | None
    ) -> ViewPage[str]:
        readable = build_scope_query(replace(scope, joined=frozenset()))
        return await list_tags(
            self._database, scope.organization, readable, name=name, limit=limit, after=after
        )

    async def setup(
        self, view: View[SetupT], organization: OrganizationId, entity_id: str
    ) -> SetupT | None:
        stored = await self._database[view.collection].find_one(
            {"_id": f"{organization}/{entity_id}", "organization": organization}
        )
        return None if stored is None else view.read(stored)

    async def setup_among(
        self, view: View[SetupT], organization: OrganizationId, ids: Collection[str]
    ) -> Sequence[SetupT]:
        query = {"organization": organization, "id": {"$in": sorted(ids)}}
        found = self._database[view.collection].find(query).sort("id", 1)
        return [view.read(stored) for stored in await found.to_list(None)]

    async def setup_ids(self, view: View[SetupT], organization: OrganizationId) -> Sequence[str]:
        found = self._database[view.collection].find({"organization": organization}, {"id": 1})
        return [stored["id"] for stored in await found.sort("id", 1).to_list(None)]

    async def list_setup(
        self, view: View[SetupT], organization: OrganizationId, limit: int, after: str | None
    ) -> ViewPage[SetupT]:
        query: Document = {"organization": organization}
        if after is not None:
            query["id"] = {"$gt": after}
        ordered = self._database[view.collection].find(query).sort("id", 1).limit(limit + 1)
        found = [view.read(stored) for stored in await ordered.to_list(None)]
        following = found[limit - 1].id if len(found) > limit else None
        return ViewPage(items=found[:limit], following=following)

    async def wait_for_contact(self, contact_id: ContactId, version: int) -> None:
        await self._wait_for(CONTACTS_VIEW.collection, contact_id, version)

    async def wait_for_setup(
        self, view: View[SetupT], organization: OrganizationId, entity_id: str, version: int
    ) -> None:
        await self._wait_for(view.collection, f"{organization}/{entity_id}", version)

    async def _wait_for(self, name: str, key: str, version: int) -> None:
        """Waits until the document has the sequence. A tombstone has a sequence, too."""
        if version:
            await self._wait_until_stored(name, {"_id": key, "sequence": {"$gte": version}})

    async def wait_for_proposal(
        self, proposal: MergeProposal, version: int, *, merged: bool
    ) -> None:
        shown = match_merged(proposal) if merged else match_version(proposal, version)
        wanted = [{"_id": contact_id, **shown} for contact_id in proposal.contact_ids]
        name = CONTACTS_VIEW.collection
        await asyncio.gather(*(self._wait_until_stored(name, each) for each in wanted))

    async def _wait_until_stored(self, name: str, query: Document) -> None:
        collection = self._database[name]
        with suppress(TimeoutError):
            async with asyncio.timeout(self._shown_within_s):
                while True:
                    if await collection.find_one(query, {"_id": 1}) is not None:
                        return
                    await asyncio.sleep(_POLL_S)


def _access_to(scope: ContactScope, contact: ContactDocument) -> AccessLevel:
    return scope.access_to(contact.warehouse_id, contact.assignee, contact.viewers)


def _place(found: Sequence[OfContactT]) -> str:
    return found[-1].place
