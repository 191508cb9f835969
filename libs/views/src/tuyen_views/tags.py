"""Tags of contacts: who gave them. The CRM writes them; the gateway reads them.

The tags that a contact has are in its own document. These are for the list of all tags.
"""

from pymongo import ASCENDING, IndexModel

from tuyen_views.view import BY_CONTACT, ChildDocument, View


class TagDocument(ChildDocument, frozen=True, kw_only=True, omit_defaults=True):
    """A tag that an agent gave a contact."""

    tag: str
    folded: str
    """By which tags are compared."""


BY_TAG = IndexModel(
    [("organization", ASCENDING), ("folded", ASCENDING), ("tag", ASCENDING)], name="by_tag"
)

TAGS_VIEW = View("crm_tags_2", TagDocument, (BY_CONTACT, BY_TAG))
