"""Lists an organization's tags."""

from tuyen_events.crm.tags import fold_tag
from tuyen_events.ids import OrganizationId
from tuyen_gateway.ports.views import ViewPage
from tuyen_platform.mongodb import Database, Document
from tuyen_platform.text import fold_accents
from tuyen_views.contacts import CONTACTS_VIEW, FOLDED_TAGS
from tuyen_views.tags import TAGS_VIEW

_EXAMINED = 10_000
"""How many tags one page compares with what is searched."""
_LOOKED_UP = 200
"""For how many tags one page looks for a contact that the viewer may read."""


async def list_tags(
    database: Database,
    organization: OrganizationId,
    readable: Document,
    *,
    name: str | None,
    limit: int,
    after: str | None,
) -> ViewPage[str]:
    """A page of the tags that contacts have which the query `readable` finds. Of a tag that is
    written in several ways, one of them is listed. `after` is a tag as it is compared.

    A page ends early if many tags do not match, or are those of contacts that are not readable: one
    request does not read all tags of an organization (R9.5)."""
    contacts = database[CONTACTS_VIEW.collection]
    wanted = fold_accents(name or "")
    found: list[str] = []
    looked_up = 0
    last = after
    examined = await _list_folded(database, organization, after)
    for folded in examined:
        if wanted in fold_accents(folded):
            if len(found) == limit or looked_up == _LOOKED_UP:
                return ViewPage(items=found, following=last)
            looked_up += 1
            tagged = {"organization": organization, FOLDED_TAGS: folded}
            shown = await contacts.find_one({"$and": [tagged, readable]}, {"tags": 1})
            if shown is not None:
                found.append(next(each for each in shown["tags"] if fold_tag(each) == folded))
        last = folded
    return ViewPage(items=found, following=last if len(examined) == _EXAMINED else None)


async def _list_folded(
    database: Database, organization: OrganizationId, after: str | None
) -> list[str]:
    """The next tags, as they are compared. Each is one step in the index, however many contacts
    have it."""
    stages: list[Document] = [
        {"$match": {"organization": organization, "folded": {"$gt": after or ""}}},
        {"$sort": {"organization": 1, "folded": 1}},
        {"$group": {"_id": "$folded", "folded": {"$first": "$folded"}}},
        {"$sort": {"_id": 1}},
        {"$limit": _EXAMINED},
    ]
    found = database[TAGS_VIEW.collection].aggregate(stages)
    return [each["_id"] for each in await found.to_list(None)]
