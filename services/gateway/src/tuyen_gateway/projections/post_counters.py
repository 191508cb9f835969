"""Counters of the comments below each post (I9), in documents beside those of conversations.

For each post, one document counts for whoever has the conversations, and one for each agent who has
some of them; nobody is one of these. So what a viewer may see is the sum of one or two of them, and
nothing of the others shows (R7.2).

Decides I9.
"""

from collections import Counter

from tuyen_events.ids import AgentId, OrganizationId, PageId
from tuyen_events.vocabulary import ConversationKind
from tuyen_gateway.domain.inbox import InboxRow

CounterChanges = dict[str, Counter[str]]
"""By document and field."""

_WHOEVER = AgentId("*")
_NOBODY = AgentId("")

COMMENTS, UNANSWERED = "comments", "unanswered"


def counts_of_all(organization: OrganizationId, page: PageId, post: str) -> str:
    """The id of the document that counts everything below a post."""
    return _document(organization, page, post, _WHOEVER)


def counts_of_assignee(
    organization: OrganizationId, page: PageId, post: str, assignee: AgentId | None
) -> str:
    """The id of the document that counts what an assignee has below a post; None is nobody."""
    return _document(organization, page, post, assignee or _NOBODY)


def _document(organization: OrganizationId, page: PageId, post: str, assignee: AgentId) -> str:
    # No organization's id begins so.
    return f"#|{organization}|{page}|{assignee}|{post}"


def numbers_of_post(row: InboxRow) -> tuple[str, int, bool] | None:
    """What a row adds to its post: customers' comments that were not removed, and whether it needs
    a reply; None for a row without a post."""
    if row.post_id is None or row.kind is ConversationKind.MESSAGE:
        return None
    return row.post_id, row.live_events, row.waiting is not None


def count_in_post(changes: CounterChanges, row: InboxRow, times: int) -> None:
    """Adds a row to the documents of its post, or subtracts it."""
    numbers = numbers_of_post(row)
    if numbers is None or row.organization is None or row.page_id is None:
        return
    post, comments, unanswered = numbers
    place = row.organization, row.page_id, post
    for counted in (counts_of_all(*place), counts_of_assignee(*place, row.assignee)):
        document = changes[counted]
        document[COMMENTS] += times * comments
        document[UNANSWERED] += times * unanswered
