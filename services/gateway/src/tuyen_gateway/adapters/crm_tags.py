"""Lists an organization's tags."""

from tuyen_events.crm.tags import fold_tag
from tuyen_events.ids import OrganizationId
from tuyen_gateway.ports.views import ViewPage
from tuyen_platform.mongodb import Database, Document
from tuyen_platform.text import fold_accents
from tuyen_views.contacts import CONTACTS_VIEW, FOLDED_TAGS
from tuyen_views.tags import TAGS_VIEW


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
    written in several ways, one of them is listed. `after` is a tag as it is compared."""
    given, contacts = database[TAGS_VIEW.collection], database[CONTACTS_VIEW.collection]
    wanted = fold_accents(name or "")
    found: list[str] = []
    last: str | None = None
    for folded in sorted(await given.distinct("folded", {"organization": organization})):
        if (after is not None and folded <= after) or wanted not in fold_accents(folded):
            continue
        tagged = {"organization": organization, FOLDED_TAGS: folded}
        shown = await contacts.find_one({"$and": [tagged, readable]}, {"tags": 1})
        if shown is None:
            continue
        if len(found) == limit:
            return ViewPage(items=found, following=last)
        found.append(next(each for each in shown["tags"] if fold_tag(each) == folded))
        last = folded
    return ViewPage(items=found, following=None)
