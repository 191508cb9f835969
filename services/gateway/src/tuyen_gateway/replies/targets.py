"""Where a reply goes: to which customer, below which comment, in whose thread it is shown."""

from dataclasses import dataclass
from typing import NamedTuple

from tuyen_events.ids import (
    ConversationId,
    CustomerId,
    MessageId,
    OrganizationId,
    PageId,
    customer_key,
    message_id,
    message_thread_id,
)
from tuyen_events.outbound import OutboundAction, OutboundRequested
from tuyen_events.outbound_topics import OUTBOUND
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.domain.attempts import find_external_id
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.threads import Message
from tuyen_gateway.errors import ConflictError, InvalidError, NotFoundError
from tuyen_gateway.ports.replies import Replies
from tuyen_platform.kafka.partitions import partition_of

_CHANNELS_WITH_CHATS = frozenset({Channel.ZALO})
"""Those that have chats with people who have no account there."""


class Recipient(NamedTuple):
    """A customer to whom something is sent."""

    id: CustomerId
    external_id: str
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyThread:
    """A conversation in which one can reply: a row of which everything is known."""

    row: InboxRow
    id: ConversationId
    organization: OrganizationId
    page_id: PageId
    channel: Channel
    kind: ConversationKind
    external_id: str
    customer: Recipient

    @property
    def partition(self) -> int:
        """The partition of everything that is requested in the conversation."""
        return find_partition(self.organization, self.page_id, self.kind, self.external_id)


def thread_of(row: InboxRow, organization: OrganizationId) -> ReplyThread:
    """Raises NotFoundError for a row whose customer is not known, which no query finds."""
    customer = row.customer
    if (
        row.page_id is None
        or row.channel is None
        or row.kind is None
        or row.external_id is None
        or customer is None
    ):
        raise NotFoundError(f"There is no conversation {row.id!r}.")
    return ReplyThread(
        row=row,
        id=row.id,
        organization=organization,
        page_id=row.page_id,
        channel=row.channel,
        kind=row.kind,
        external_id=row.external_id,
        customer=Recipient(customer.id, customer.external_id, customer.name),
    )


def find_partition(
    organization: OrganizationId, page: PageId, kind: ConversationKind, external_id: str
) -> int:
    """The partition of a conversation's requests: that of its customer's events or, of a comment
    thread, that of the page's own comments in it. It depends on the conversation alone, so all of
    its requests are in one order. `external_id` is the conversation's."""
    placed_by = f"comment:{external_id}" if kind is ConversationKind.COMMENT else external_id
    return partition_of(customer_key(organization, page, placed_by), OUTBOUND.partitions)


def partition_of_request(request: OutboundRequested) -> int:
    """The partition of the later records about a reply."""
    external_id = request.customer_external_id
    if request.kind is ConversationKind.COMMENT and request.target_external_id is not None:
        external_id = request.target_external_id
    return find_partition(request.organization, request.page_id, request.kind, external_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyTarget:
    """What a reply answers, and how. `comment` is the comment below which, or privately to which,
    it is sent: its id at the channel, and in its thread."""

    action: OutboundAction
    conversation_id: ConversationId
    kind: ConversationKind
    partition: int
    customer: Recipient
    comment: tuple[str, MessageId] | None = None
    answered: Message | None = None
    """The message that is answered, if it had to be read."""
    chat_external_id: str | None = None
    """The chat at the channel, where a customer without an account has one."""


async def find_target(
    replies: Replies, thread: ReplyThread, reply_to: MessageId | None, *, private: bool
) -> ReplyTarget:
    """The target of a reply in a thread. Raises InvalidError for a message that is not in it."""
    answered = None if reply_to is None else await _find_answered(replies, thread, reply_to)
    if thread.kind is ConversationKind.MESSAGE:
        if private:
            raise InvalidError("private", "Only a comment can be answered privately.")
        return ReplyTarget(
            action=OutboundAction.SEND,
            conversation_id=thread.id,
            kind=thread.kind,
            partition=thread.partition,
            customer=thread.customer,
            answered=answered,
            chat_external_id=await _find_chat(replies, thread),
        )
    if private:
        return await _find_private_target(replies, thread, answered)
    return ReplyTarget(
        action=OutboundAction.COMMENT,
        conversation_id=thread.id,
        kind=thread.kind,
        partition=thread.partition,
        customer=thread.customer,
        comment=await _find_root(replies, thread, answered),
        answered=answered,
    )


async def _find_chat(replies: Replies, thread: ReplyThread) -> str | None:
    """The chat of the customer's last message."""
    if thread.channel not in _CHANNELS_WITH_CHATS:
        return None
    last = await replies.find_last_comment(thread.row)
    return None if last is None else last.chat_external_id


async def _find_answered(replies: Replies, thread: ReplyThread, wanted: MessageId) -> Message:
    found = (await replies.find(thread.organization, [wanted])).get(wanted)
    if found is None or found.conversation_id != thread.id:
        raise InvalidError("reply_to", "There is no such message in this conversation.")
    if external_id_of(found) is None:
        raise InvalidError("reply_to", "That message has not been sent yet.")
    return found


async def _find_root(
    replies: Replies, thread: ReplyThread, answered: Message | None
) -> tuple[str, MessageId]:
    """The comment below which an answer is written. The channel shows two levels, so it is always a
    root: the thread's, or, of a livestream's thread, that of the comment that is answered."""
    if thread.kind is ConversationKind.COMMENT:
        root = message_id(thread.organization, thread.page_id, thread.external_id)
        return thread.external_id, root
    comment = answered or await replies.find_last_comment(thread.row)
    if comment is not None and comment.parent_id is not None:
        parents = await replies.find(thread.organization, [comment.parent_id])
        comment = parents.get(comment.parent_id, comment)
    external_id = None if comment is None else external_id_of(comment)
    if comment is None or external_id is None:
        raise ConflictError("The customer's comments were removed: there is nothing to answer.")
    return external_id, comment.id


async def _find_private_target(
    replies: Replies, thread: ReplyThread, answered: Message | None
) -> ReplyTarget:
    """In the message thread of the comment's author."""
    comment = answered or await find_answered_privately(replies, thread)
    external_id = None if comment is None else external_id_of(comment)
    if comment is None or external_id is None:
        raise ConflictError("The comment has not arrived, or was removed: there is no answering.")
    author = _author_of(comment)
    return ReplyTarget(
        action=OutboundAction.PRIVATE_REPLY,
        conversation_id=message_thread_id(author.id),
        kind=ConversationKind.MESSAGE,
        partition=find_partition(
            thread.organization, thread.page_id, ConversationKind.MESSAGE, author.external_id
        ),
        customer=author,
        comment=(external_id, comment.id),
        answered=comment,
    )


async def find_answered_privately(replies: Replies, thread: ReplyThread) -> Message | None:
    """The comment that a private reply answers if it names none: the root, or of a livestream's
    thread the last one. None if it has not arrived, or was removed."""
    if thread.kind is not ConversationKind.COMMENT:
        return await replies.find_last_comment(thread.row)
    root = message_id(thread.organization, thread.page_id, thread.external_id)
    return (await replies.find(thread.organization, [root])).get(root)


def _author_of(comment: Message) -> Recipient:
    """Raises InvalidError for a comment that no customer wrote."""
    if comment.customer_id is None or comment.customer_external_id is None:
        raise InvalidError("reply_to", "Only a customer's comment can be answered privately.")
    return Recipient(comment.customer_id, comment.customer_external_id, comment.customer_name)


def external_id_of(message: Message) -> str | None:
    """The message's id at the channel; None while it has none."""
    return message.external_id or find_external_id(message.parts)
