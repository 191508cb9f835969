"""The shapes of the inbox's answers."""

from datetime import datetime

from pydantic import ConfigDict

from tuyen_events.ids import AgentId, contact_id, is_unnamed
from tuyen_events.inbound import Attachment
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.api.bodies import Answer, Body, ChosenId
from tuyen_gateway.api.dependencies import Caller
from tuyen_gateway.domain.inbox import Conversation
from tuyen_gateway.domain.threads import Direction, Message
from tuyen_gateway.ports import Counts


class CustomerView(Answer):
    id: str
    external_id: str
    name: str | None
    picture: str | None


class AssigneeView(Answer):
    agent_id: str
    name: str


class ConversationView(Answer):
    id: str
    kind: ConversationKind
    channel: Channel
    page_id: str
    external_id: str
    """The root comment's id for a comment, the customer's id at the channel otherwise."""
    customer: CustomerView
    contact_id: str | None
    """Null for somebody whom the channel does not name: no contact can be kept of them."""
    assignee: AssigneeView | None
    waiting: bool
    """In the queue, for the first agent who becomes a candidate (R5.1)."""
    unread: int
    """Of the viewer (I5)."""
    needs_reply: bool
    waiting_since: datetime | None
    """The first of the customer's messages after our last word."""
    done: bool
    tags: list[str]
    last_text: str | None
    """The beginning of the newest message's text, at most 500 characters, or its first attachment's
    kind in brackets: `[image]`."""
    updated_at: datetime
    """When the last message was accepted, whatever the clock of its sender says."""
    post_id: str | None = None
    version: int
    """Of the assignee."""


class ConversationDetail(ConversationView):
    position: str


class CountsView(Answer):
    total: int
    unread: int
    """Conversations, not messages."""
    by_channel: dict[Channel, int]
    """Of the unread ones."""
    by_kind: dict[ConversationKind, int]
    """Of the unread ones."""
    position: str


class AuthorView(Answer):
    kind: str
    """`customer` or `page`."""
    id: str
    name: str | None


class AttachmentView(Answer):
    kind: str
    url: str | None = None
    title: str | None = None
    latitude: float | None = None
    longitude: float | None = None


class MessageView(Answer):
    """`state` is `received` of the customers' messages, `sent`, `delivered` or `seen` of ours, and
    `removed` of what is gone at the channel."""

    id: str
    direction: Direction
    client_id: str | None = None
    external_id: str | None
    author: AuthorView
    text: str | None
    attachments: list[AttachmentView]
    state: str
    hidden: bool = False
    liked: bool = False
    reaction: str | None = None
    parent_id: str | None = None
    reply_to: str | None = None
    at: datetime


class MarkView(Answer):
    id: str
    unread: int
    version: int
    """Give it as `?after=` to read what has seen the mark."""


class ReadIn(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"until": "m_1"}]})

    until: ChosenId | None = None
    """The last message that was shown; left out, all of them."""


class DoneIn(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"done": True}]})

    done: bool


class DoneView(Answer):
    id: str
    done: bool
    version: int
    """Give it as `?after=` to read what has seen it."""


def conversation_view(row: Conversation, caller: Caller) -> ConversationView:
    """The row as the caller sees it. It has a customer: others are found by no query."""
    return ConversationView.model_validate(_fields(row, caller))


def detail_view(row: Conversation, caller: Caller, position: str) -> ConversationDetail:
    return ConversationDetail.model_validate({**_fields(row, caller), "position": position})


def _fields(row: Conversation, caller: Caller) -> dict[str, object]:
    customer = row.customer
    return {
        "id": row.id,
        "kind": row.kind,
        "channel": row.channel,
        "page_id": row.page_id,
        "external_id": row.external_id,
        "customer": None
        if customer is None
        else CustomerView(
            id=customer.id,
            external_id=customer.external_id,
            name=customer.name,
            picture=customer.picture,
        ),
        "contact_id": _contact(row),
        "assignee": _assignee(row.assignee, caller),
        "waiting": row.queued,
        "unread": row.unread_of(caller.viewer.agent_id),
        "needs_reply": row.waiting is not None,
        "waiting_since": None if row.waiting is None else row.waiting[0],
        "done": row.done,
        "tags": list(row.tags),
        "last_text": None if row.last is None else row.last.text,
        "updated_at": row.updated_at,
        "post_id": row.post_id,
        "version": row.version,
    }


def _contact(row: Conversation) -> str | None:
    """Who writes a message is somebody, whatever a site calls them (C1)."""
    customer = row.customer
    if customer is None:
        return None
    unnamed = row.kind is not ConversationKind.MESSAGE and is_unnamed(customer.external_id)
    return None if unnamed else contact_id(customer.id)


def _assignee(agent_id: AgentId | None, caller: Caller) -> AssigneeView | None:
    """Somebody who was removed since keeps the conversation, and has only their id left."""
    if agent_id is None:
        return None
    stored = caller.organization.agents.get(agent_id)
    return AssigneeView(agent_id=agent_id, name=agent_id if stored is None else stored.value.name)


def counts_view(counts: Counts, position: str) -> CountsView:
    return CountsView(
        total=counts.total,
        unread=counts.unread,
        by_channel=dict(counts.unread_by_channel),
        by_kind=dict(counts.unread_by_kind),
        position=position,
    )


def message_view(message: Message, row: Conversation, caller: Caller) -> MessageView:
    """The message with those optional fields that say something."""
    said = {
        "client_id": message.client_id,
        "reaction": message.reaction,
        "parent_id": message.parent_id,
        "reply_to": message.reply_to,
    }
    optional: dict[str, object] = {name: value for name, value in said.items() if value is not None}
    if message.comment:
        optional |= {"hidden": message.hidden, "liked": message.liked}
    return MessageView.model_validate(
        {
            "id": message.id,
            "direction": message.direction,
            "external_id": message.external_id,
            "author": _author(message, caller),
            "text": message.text,
            "attachments": [_attachment(one) for one in message.attachments],
            "state": _state(message, row),
            "at": message.at,
            **optional,
        }
    )


def _author(message: Message, caller: Caller) -> AuthorView:
    if message.customer_id is not None:
        return AuthorView(kind="customer", id=message.customer_id, name=message.customer_name)
    page = caller.organization.pages.get(message.page_id)
    name = None if page is None else page.value.name
    return AuthorView(kind="page", id=message.page_id, name=name)


def _attachment(attachment: Attachment) -> AttachmentView:
    return AttachmentView(
        kind=attachment.kind,
        url=attachment.url,
        title=attachment.title,
        latitude=attachment.latitude,
        longitude=attachment.longitude,
    )


def _state(message: Message, row: Conversation) -> str:
    if message.removed:
        return "removed"
    if message.direction is Direction.IN or message.at is None:
        return "received"
    for state, until in (("seen", row.seen_until), ("delivered", row.delivered_until)):
        if until is not None and message.at <= until:
            return state
    return "sent"
