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

Changes = dict[str, Counter[str]]
"""By document and field."""

WHOEVER = AgentId("*")
NOBODY = AgentId("")

COMMENTS, UNANSWERED = "comments", "unanswered"


def post_document(
    organization: OrganizationId, page: PageId, post: str, assignee: AgentId
) -> str:
    """The id of the document that counts what an assignee has below a post. It begins with what
    begins no organization's id."""
    return f"#|{organization}|{page}|{assignee}|{post}"


def numbers_of_post(row: InboxRow) -> tuple[str, int, bool] | None:
    """What a row adds to its post: customers' comments that were not removed, and whether it needs
    a reply; None for a row without a post."""
    if row.post_id is None or row.kind is ConversationKind.MESSAGE:
        return None
    return row.post_id, row.live_events, row.waiting is not None


def count_in_post(changes: Changes, row: InboxRow, times: int) -> None:
    """Adds a row to the documents of its post, or subtracts it."""
    numbers = numbers_of_post(row)
    if numbers is None or row.organization is None or row.page_id is None:
        return
    post, comments, unanswered = numbers
    for assignee in (WHOEVER, row.assignee or NOBODY):
        document = changes[post_document(row.organization, row.page_id, post, assignee)]
        document[COMMENTS] += times * comments
        document[UNANSWERED] += times * unanswered
