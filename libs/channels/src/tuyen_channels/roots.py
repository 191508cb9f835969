"""Under which root comment a reply stands (R4.3).

Facebook tells of a reply the comment above it, which is the root as a rule, and another reply where
somebody answered that. A conversation is its root's, so what is above recent replies is remembered:
for each page in PLACED_REPLIES places, of which a reply takes the one that its id says. So every
ingest remembers the same, also after a restart, and none remembers more with the years. A reply to
a reply that is forgotten, or that has not come yet, stands under that reply.
"""

from zlib import crc32

from tuyen_events.ids import OrganizationId, PageId
from tuyen_events.limits import PLACED_REPLIES
from tuyen_events.posts import ReplyPlaced

_LEVELS = 8

PageKey = tuple[OrganizationId, PageId]


class CommentRoots:
    """What is above the recent replies of all pages."""

    def __init__(self) -> None:
        self._pages: dict[PageKey, dict[str, ReplyPlaced]] = {}

    def apply(self, fact: ReplyPlaced) -> None:
        """Folds one fact; the latest of a place counts."""
        page = self._pages.setdefault((fact.organization, fact.page_id), {})
        page[place_of(fact.comment_external_id)] = fact

    def forget(self, page: PageKey, place: str) -> None:
        """Nothing stands in a place any more."""
        known = self._pages.get(page)
        if known is not None and known.pop(place, None) is not None and not known:
            del self._pages[page]

    def places(self, page: PageKey) -> list[str]:
        """In which places of a page a reply is remembered."""
        return list(self._pages.get(page, ()))

    def pages(self) -> set[PageKey]:
        """The pages of which a reply is remembered."""
        return set(self._pages)

    def above(self, page: PageKey, comment: str) -> str | None:
        """The comment above a reply, where it is remembered."""
        fact = self._pages.get(page, {}).get(place_of(comment))
        if fact is None or fact.comment_external_id != comment:
            return None
        return fact.root_external_id


class RootsDraft:
    """What one body adds to what is known, without touching it."""

    def __init__(self, known: CommentRoots) -> None:
        self._known = known
        self._added = CommentRoots()

    def root_of(self, page: PageKey, comment: str) -> str:
        """The root of the thread in which the comment stands, as far as it is known."""
        for _ in range(_LEVELS):
            above = self._added.above(page, comment) or self._known.above(page, comment)
            if above is None:
                break
            comment = above
        return comment

    def place(self, page: PageKey, reply: str, root: str) -> ReplyPlaced:
        """Remembers a reply."""
        fact = ReplyPlaced(
            organization=page[0],
            page_id=page[1],
            comment_external_id=reply,
            root_external_id=root,
        )
        self._added.apply(fact)
        return fact


def place_of(comment: str) -> str:
    """The key of a reply's record within the page."""
    return f"reply:{crc32(comment.encode()) % PLACED_REPLIES}"
