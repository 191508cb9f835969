"""What agents request at a channel, and what became of it.

Requests are in `outbound`, their results in `outbound-results`. Both are keyed by conversation and
placed in the partition of the customer, as in `inbound`: one worker gets the requests of a
conversation in their order, and the channel's echoes of what was sent.
"""

from typing import ClassVar, NewType

import msgspec

from tuyen_events.event import Event
from tuyen_events.ids import AgentId, ConversationId, CustomerId, MessageId, OrganizationId, PageId
from tuyen_events.vocabulary import Channel, ConversationKind, Moment, OpenWord

AttachmentId = NewType("AttachmentId", str)


class OutboundAction(OpenWord):
    """What to do at the channel (I6, I8)."""

    SEND = "send"
    """A message in the customer's thread."""
    COMMENT = "comment"
    """A reply below the comment `target_external_id`."""
    PRIVATE_REPLY = "private_reply"
    """A message in the customer's thread that answers the comment `target_external_id`."""
    HIDE = "hide"
    UNHIDE = "unhide"
    LIKE = "like"
    UNLIKE = "unlike"
    EDIT = "edit"
    DELETE = "delete"

    @property
    def makes_message(self) -> bool:
        """Whether it adds a message to a thread, rather than changing a comment."""
        return self in (OutboundAction.SEND, OutboundAction.COMMENT, OutboundAction.PRIVATE_REPLY)


class OutboundAttachment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A stored file that is sent. `kind` is image, video, audio or file; `size` is in bytes."""

    id: AttachmentId
    kind: str
    content_type: str
    size: int
    name: str | None = None


class OutboundEvent(Event, frozen=True, kw_only=True):
    """The common fields.

    `request_id` identifies one request: a retry is another request. Of several records with one
    `request_id`, the first in the log counts: the same reply was requested twice at the same time.
    """

    request_id: str
    organization: OrganizationId
    page_id: PageId
    channel: Channel
    conversation_id: ConversationId
    message_id: MessageId
    """The message that the request makes or changes, as it is shown in the thread."""
    at: Moment


class OutboundRequested(OutboundEvent, frozen=True, kw_only=True):
    """An agent wants something done at the channel."""

    type: ClassVar[str] = "outbound.requested.v1"
    action: OutboundAction
    customer_id: CustomerId
    customer_external_id: str
    customer_name: str | None = None
    chat_external_id: str | None = None
    """The chat that is answered, where the customer has no account at the channel."""
    kind: ConversationKind
    """The kind of the conversation. A private reply is in the customer's message thread."""
    by: AgentId
    by_name: str
    client_id: str | None = None
    """The caller's `Idempotency-Key`. For a message, `message_id` is derived from it and the
    conversation."""
    target_external_id: str | None = None
    """The comment that is replied to or changed, by its id at the channel."""
    target_message_id: MessageId | None = None
    """The same comment, as it is shown in its thread."""
    target_conversation_id: ConversationId | None = None
    """For a private reply: the conversation of that comment."""
    post_external_id: str | None = None
    """For a comment: the post that it is on."""
    reply_to: MessageId | None = None
    """The message that is quoted, and in `reply_to_external_id` its id at the channel."""
    reply_to_external_id: str | None = None
    text: str | None = None
    attachments: tuple[OutboundAttachment, ...] = ()
    human_agent: bool = False
    """Outside the channel's window, by its rule for people's answers (P5)."""
    retries: str | None = None
    """The earlier request that this one repeats. The `request_id` is derived from it, so an agent
    who clicks twice makes one request."""
    sent_external_ids: tuple[str, ...] = ()
    """Of a repetition: the ids at the channel of the parts that were sent before, from the first
    one on. Only the others are sent."""
    body_digest: str | None = None
    """Of the caller's request, to recognize that the same key comes with another body (I6)."""


class OutboundCancelled(OutboundEvent, frozen=True, kw_only=True):
    """An agent no longer wants what was requested. It counts unless the call had begun: whoever
    makes the calls settles the request as cancelled, or as what became of it."""

    type: ClassVar[str] = "outbound.cancelled.v1"
    by: AgentId


class OutboundOutcome(OpenWord):
    DONE = "done"
    """The channel accepted it."""
    FAILED = "failed"
    """The channel refused it, or could not be reached for too long."""
    UNKNOWN = "unknown"
    """The call was begun, and nobody can tell whether the channel carried it out."""
    CANCELLED = "cancelled"


class OutboundError(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request failed: `code` is a word of ours, the texts are for agents. `retry` is whether
    the same request may succeed later."""

    code: str
    vi: str
    en: str
    retry: bool = False


class OutboundSettled(OutboundEvent, frozen=True, kw_only=True):
    """What became of a request. There is one such event for each request, possibly repeated with
    the same content; after `unknown`, another one follows if the truth becomes known."""

    type: ClassVar[str] = "outbound.settled.v1"
    action: OutboundAction
    outcome: OutboundOutcome
    external_ids: tuple[str, ...] = ()
    """The ids at the channel of what was made: one for each part of the message."""
    error: OutboundError | None = None
    text: str | None = None
    """For an edit that was carried out: the text that the comment has now."""
