"""Which root comment a reply belongs to (R4.3).

For a reply, Facebook names the parent comment, which is usually the root, but is another reply if
somebody answered that one. A conversation belongs to its root, so the parents of recent replies are
remembered: each page has PLACED_REPLIES slots, of which a reply uses the one given by its id. So
every ingest process remembers the same, also after a restart, and memory does not grow with the
years. A reply to a reply that is forgotten, or has not arrived yet, is treated as belonging to that
reply.

A visitor's post is a root itself (P5d), which a comment below it does not say. So the posts of
visitors are remembered in the same way, in VISITOR_POSTS slots: as records of `ReplyPlaced` that
name the post as its own root. A comment below a post that is forgotten is treated as a root.

Decides R4.3.
"""

from zlib import crc32

from tuyen_events.ids import OrganizationId, PageId
from tuyen_events.limits import PLACED_REPLIES, VISITOR_POSTS
from tuyen_events.posts import ReplyPlaced

_LEVELS = 8

PageKey = tuple[OrganizationId, PageId]


class CommentRoots:
    """The parents of the recent replies of all pages."""

    def __init__(self) -> None:
        self._pages: dict[PageKey, dict[str, ReplyPlaced]] = {}

    def apply(self, fact: ReplyPlaced) -> None:
        """Applies one fact; the latest of a slot counts."""
        page = self._pages.setdefault((fact.organization, fact.page_id), {})
        page[place_key(fact)] = fact

    def forget(self, page: PageKey, place: str) -> None:
        """Empties a slot."""
        known = self._pages.get(page)
        if known is not None and known.pop(place, None) is not None and not known:
            del self._pages[page]

    def places(self, page: PageKey) -> list[str]:
        """The slots of a page in which a reply is remembered."""
        return list(self._pages.get(page, ()))

    def pages(self) -> set[PageKey]:
        """The pages of which a reply is remembered."""
        return set(self._pages)

    def find_parent(self, page: PageKey, comment: str) -> str | None:
        """The parent of a reply, if it is remembered."""
        fact = self._pages.get(page, {}).get(reply_key(comment))
        if fact is None or fact.comment_external_id != comment:
            return None
        return fact.root_external_id

    def is_visitor_post(self, page: PageKey, post: str) -> bool:
        """Whether a post is remembered as a visitor's."""
        fact = self._pages.get(page, {}).get(_visitor_post_key(post))
        return fact is not None and fact.comment_external_id == post


class RootsDraft:
    """What one body adds to the known facts, without changing them."""

    def __init__(self, known: CommentRoots) -> None:
        self._known = known
        self._added = CommentRoots()

    def root_of(self, page: PageKey, comment: str) -> str:
        """The root of the thread that the comment belongs to, as far as it is known."""
        for _ in range(_LEVELS):
            parent = self._added.find_parent(page, comment) or self._known.find_parent(
                page, comment
            )
            if parent is None:
                break
            comment = parent
        return comment

    def is_visitor_post(self, page: PageKey, post: str) -> bool:
        """Whether a post is a visitor's, as far as it is known."""
        return self._added.is_visitor_post(page, post) or self._known.is_visitor_post(page, post)

    def add(self, page: PageKey, reply: str, root: str) -> ReplyPlaced:
        """Remembers a reply, or, as its own root, a visitor's post."""
        fact = ReplyPlaced(
            organization=page[0],
            page_id=page[1],
            comment_external_id=reply,
            root_external_id=root,
        )
        self._added.apply(fact)
        return fact


def place_key(fact: ReplyPlaced) -> str:
    """The key of a record within its page."""
    if fact.comment_external_id == fact.root_external_id:
        return _visitor_post_key(fact.root_external_id)
    return reply_key(fact.comment_external_id)


def _visitor_post_key(post: str) -> str:
    return f"visitor:{crc32(post.encode()) % VISITOR_POSTS}"


def reply_key(comment: str) -> str:
    """The key of a reply's record within the page."""
    return f"reply:{crc32(comment.encode()) % PLACED_REPLIES}"
