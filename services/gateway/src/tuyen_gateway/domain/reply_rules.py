"""What an agent may send, and what they may do to a comment (I6, I8).

An agent who may see a conversation may reply in it, whatever their role (R7).

Decides I6 and I8.
"""

from datetime import datetime

from tuyen_events.ids import is_unnamed
from tuyen_events.outbound_limits import (
    COMMENT_ATTACHMENTS,
    COMMENT_CHARACTERS,
    REPLY_ATTACHMENTS,
    REPLY_CHARACTERS,
    RETRIES,
    SITE_REPLY_CHARACTERS,
)
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.domain.attempts import ReplyState
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.threads import Direction, Message, is_removed
from tuyen_gateway.domain.window import (
    PRIVATE_REPLY_WITHIN,
    Allowed,
    Window,
    can_reply_privately,
)
from tuyen_gateway.errors import ConflictError, InvalidError, WindowClosedError


def check_content(row: InboxRow, text: str | None, attachments: int, *, private: bool) -> None:
    """Raises InvalidError for a reply that its channel would refuse."""
    if not (text and text.strip()) and not attachments:
        raise InvalidError("text", "Give a text, a template or an attachment.")
    comment = row.kind is not ConversationKind.MESSAGE and not private
    most = COMMENT_CHARACTERS if comment else _find_longest(row)
    if text is not None and len(text) > most:
        raise InvalidError(
            "text", f"A text here has at most {most} characters, and this one has {len(text)}."
        )
    most = COMMENT_ATTACHMENTS if comment else REPLY_ATTACHMENTS
    if attachments > most:
        raise InvalidError("attachment_ids", f"At most {most} of them can be sent here.")


def _find_longest(row: InboxRow) -> int:
    return SITE_REPLY_CHARACTERS if row.channel is Channel.LIVECHAT else REPLY_CHARACTERS


def check_window(window: Window) -> bool:
    """Whether the reply is sent as a person's, after the channel's window. Raises
    WindowClosedError if the channel takes no reply at all."""
    if window.open:
        return False
    if Allowed.HUMAN_AGENT in window.allowed:
        return True
    if window.until is None:
        raise WindowClosedError(
            "The channel lets a page write only to customers who have written to it first.", None
        )
    raise WindowClosedError(
        "The channel's time for replies has ended: it begins again when the customer writes.",
        window.until,
    )


def check_private_reply(comment: Message, now: datetime) -> None:
    """Raises InvalidError, ConflictError or WindowClosedError if a comment cannot be answered by a
    private message."""
    if comment.direction is not Direction.IN or comment.customer_id is None:
        raise InvalidError("reply_to", "Only a customer's comment can be answered privately.")
    if comment.customer_external_id is None or is_unnamed(comment.customer_external_id):
        raise InvalidError("private", "The channel does not say who wrote this comment.")
    if is_removed(comment):
        raise ConflictError("The comment was removed: it can no longer be answered.")
    if comment.at is not None and not can_reply_privately(comment.at, now):
        raise WindowClosedError(
            "A comment can be answered privately for 7 days.", comment.at + PRIVATE_REPLY_WITHIN
        )


def check_retry(reply: Message) -> None:
    """Raises ConflictError unless the reply failed, or nobody can tell what became of it."""
    if reply.state not in (ReplyState.FAILED, ReplyState.UNKNOWN):
        raise ConflictError("Only a reply that failed, or may have failed, can be sent again.")
    if len(reply.attempts) > RETRIES:
        raise ConflictError("This reply has failed too often: write a new one.")


def check_cancelling(reply: Message) -> bool:
    """Whether there is anything to cancel; False if it was cancelled before. Raises ConflictError
    if the reply waits no more."""
    if reply.state is ReplyState.CANCELLED:
        return False
    if reply.state is not ReplyState.PENDING:
        raise ConflictError("The reply does not wait any more: it was sent, or has failed.")
    return True


def check_action(comment: Message, external_id: str | None) -> str:
    """The comment's id at the channel. Raises ConflictError if nothing can be done with it."""
    if is_removed(comment) or comment.state is ReplyState.CANCELLED:
        raise ConflictError("The comment was removed.")
    if external_id is None:
        raise ConflictError("The comment has not been sent yet: try again when it has.")
    return external_id


def check_edit(comment: Message, text: str) -> None:
    """Raises InvalidError unless it is the page's own comment (I8)."""
    if comment.direction is not Direction.OUT:
        raise InvalidError("text", "Only the page's own comments can be edited.")
    if not text.strip():
        raise InvalidError("text", "Give a text: a comment is deleted otherwise.")
    if len(text) > COMMENT_CHARACTERS:
        raise InvalidError("text", f"A comment has at most {COMMENT_CHARACTERS} characters.")
