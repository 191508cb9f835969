"""Finds in MongoDB the contacts whose sharing rules have to be applied."""

from collections.abc import Collection, Mapping, Sequence

import msgspec

from tuyen_events.crm.shares import CareStatus
from tuyen_events.ids import ContactId, OrganizationId
from tuyen_gateway.ports.sharing import SharedContact
from tuyen_platform.mongodb import Database, Document
from tuyen_views.contacts import CONTACTS_VIEW
from tuyen_views.shares import AppliedRule
from tuyen_views.sharing_rules import SHARING_RULES_VIEW, SharingRuleDocument

_FIELDS = {"sequence": 1, "rules": 1}


class MongoSharingScans:
    """SharingScans."""

    def __init__(self, database: Database) -> None:
        self._contacts = database[CONTACTS_VIEW.collection]
        self._rules = database[SHARING_RULES_VIEW.collection]

    async def rules(self, organization: OrganizationId) -> Sequence[SharingRuleDocument]:
        found = self._rules.find({"organization": organization}).sort("id", 1)
        return [SHARING_RULES_VIEW.read(stored) for stored in await found.to_list(None)]

    async def outdated(
        self,
        organization: OrganizationId,
        revisions: Mapping[str, int],
        limit: int,
        among: Collection[ContactId] | None = None,
    ) -> Sequence[SharedContact]:
        query = build_outdated_query(organization, revisions)
        if among is not None:
            query = {"$and": [{"_id": {"$in": list(among)}}, query]}
        found = await self._contacts.find(query, _FIELDS).limit(limit).to_list(None)
        return [_read_outdated(stored, revisions) for stored in found]

    async def waiting(
        self, rule: SharingRuleDocument, limit: int, after: ContactId | None
    ) -> Sequence[SharedContact]:
        query = build_waiting_query(rule, after)
        found = await self._contacts.find(query, _FIELDS).sort("_id", 1).limit(limit).to_list(None)
        return [
            SharedContact(ContactId(stored["_id"]), stored["sequence"], {rule.id: rule.revision})
            for stored in found
        ]


def build_outdated_query(organization: OrganizationId, revisions: Mapping[str, int]) -> Document:
    """Matches the contacts that `outdated` returns: each part is a range of `by_sharing_rule`, in
    which there is nothing else."""
    applied: list[Document] = [
        {"id": rule_id, "revision": {"$lt": revision}}
        for rule_id, revision in sorted(revisions.items())
    ]
    applied.append({"id": {"$gt": "", "$nin": sorted(revisions)}})
    return {
        "$or": [
            {"organization": organization, "rules": {"$elemMatch": condition}}
            for condition in applied
        ]
    }


def build_waiting_query(rule: SharingRuleDocument, after: ContactId | None) -> Document:
    """Matches the contacts that `waiting` returns; the index `by_campaign` gives their order."""
    applied = {"$elemMatch": {"id": rule.id, "revision": {"$gte": rule.revision}}}
    query: Document = {
        "organization": rule.organization,
        "campaign_id": rule.campaign_id,
        "$or": [
            {"care_status": CareStatus.MULTI_ASSIGN_PENDING.value},
            {"rules": {"$not": applied}},
        ],
    }
    if after is not None:
        query["_id"] = {"$gt": after}
    return query


def _read_outdated(stored: Document, revisions: Mapping[str, int]) -> SharedContact:
    applied = msgspec.convert(stored["rules"], tuple[AppliedRule, ...])
    return SharedContact(
        ContactId(stored["_id"]),
        stored["sequence"],
        {
            each.id: revisions.get(each.id)
            for each in applied
            if revisions.get(each.id) != each.revision
        },
    )
