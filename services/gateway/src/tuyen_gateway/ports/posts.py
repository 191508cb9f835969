"""Posts and their comments, as one viewer sees them."""

from dataclasses import dataclass
from typing import Protocol

from tuyen_events.ids import PageId
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.posts import PagePost
from tuyen_gateway.domain.threads import Message
from tuyen_gateway.domain.visibility import Scope
from tuyen_gateway.ports.views import ViewPage


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedPost:
    """A post, with the counts of the comments below it that the viewer may see: those that
    customers wrote and that were not removed, and the conversations among them that need a
    reply."""

    post: PagePost
    comments: int
    unanswered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentOfPost:
    """A comment and the conversation that it is in."""

    message: Message
    row: InboxRow


class PostViews(Protocol):
    """The posts of the pages that `scope` covers, and of their comments those in conversations that
    it covers (R7.2)."""

    async def posts(
        self, scope: Scope, page: PageId | None, limit: int, after: str | None
    ) -> ViewPage[CountedPost]:
        """The newest first; without `page`, those of all pages. Removed posts are left out."""
        ...

    async def post(self, scope: Scope, external_id: str) -> PagePost | None:
        """One post, by its id at the channel; None if there is none, or if it was removed."""
        ...

    async def comments(
        self, scope: Scope, post: PagePost, limit: int, after: str | None
    ) -> ViewPage[CommentOfPost]:
        """The comments and replies below a post, of customers and of the page, oldest first. A page
        may have fewer of them than `limit`, or none, and be followed by others."""
        ...
