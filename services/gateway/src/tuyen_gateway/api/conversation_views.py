"""The response bodies of the inbox."""

from datetime import datetime

from pydantic import ConfigDict

from tuyen_events.ids import AgentId, contact_id, is_unnamed
from tuyen_events.inbound import Attachment
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.api.bodies import ChosenId, RequestBody, ResponseBody
from tuyen_gateway.api.dependencies import Caller
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.live import find_message_revision
from tuyen_gateway.domain.threads import Direction, Message
from tuyen_gateway.ports.views import InboxCounts


class CustomerView(ResponseBody):
    id: str
    external_id: str
    name: str | None
    picture: str | None


class AssigneeView(ResponseBody):
    agent_id: str
    name: str


class ConversationView(ResponseBody):
    id: str
    kind: ConversationKind
    channel: Channel
    page_id: str
    external_id: str
    """The root comment's id for a comment, the customer's id at the channel otherwise."""
    customer: CustomerView
    contact_id: str | None
    """Null for a customer whom the channel does not name: they can have no contact."""
    assignee: AssigneeView | None
    waiting: bool
    """In the queue, for the first agent who becomes a candidate (R5.1)."""
    unread: int
    """For the viewer (I5)."""
    needs_reply: bool
    waiting_since: datetime | None
    """The time of the first of the customer's messages after our last reply."""
    done: bool
    tags: list[str]
    last_text: str | None
    """The beginning of the newest message's text, at most 500 characters, or the kind of its first
    attachment in brackets: `[image]`."""
    updated_at: datetime
    """When the last message was accepted, whatever its sender's clock says."""
    post_id: str | None = None
    version: int
    """Of the assignee."""
    revision: int
    """Rises with each change of the conversation: of two copies the higher one is newer."""


class ConversationDetail(ConversationView):
    position: str


class CountsView(ResponseBody):
    total: int
    unread: int
    """Conversations, not messages."""
    by_channel: dict[Channel, int]
    """Of the unread ones."""
    by_kind: dict[ConversationKind, int]
    """Of the unread ones."""
    position: str


class AuthorView(ResponseBody):
    kind: str
    """`customer` or `page`."""
    id: str
    name: str | None


class AttachmentView(ResponseBody):
    kind: str
    url: str | None = None
    title: str | None = None
    latitude: float | None = None
    longitude: float | None = None


class MessageView(ResponseBody):
    """`state` is `received` for customers' messages, `sent`, `delivered` or `seen` for ours, and
    `removed` for those that were removed at the channel."""

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
    revision: int
    """Rises with each change of the message: of two copies the higher one is newer."""


class MarkView(ResponseBody):
    id: str
    unread: int
    version: int
    """Use it as `?after=` for a read that includes the mark."""


class ReadIn(RequestBody):
    model_config = ConfigDict(json_schema_extra={"examples": [{"until": "m_1"}]})

    until: ChosenId | None = None
    """The last message that was shown; if omitted, all of them."""


class DoneIn(RequestBody):
    model_config = ConfigDict(json_schema_extra={"examples": [{"done": True}]})

    done: bool


class DoneView(ResponseBody):
    id: str
    done: bool
    version: int
    """Use it as `?after=` for a read that includes it."""


def conversation_view(row: InboxRow, caller: Caller) -> ConversationView:
    """The row as the caller sees it. It must have a customer; queries find only such rows."""
    return ConversationView.model_validate(_fields(row, caller))


def detail_view(row: InboxRow, caller: Caller, position: str) -> ConversationDetail:
    return ConversationDetail.model_validate({**_fields(row, caller), "position": position})


def _fields(row: InboxRow, caller: Caller) -> dict[str, object]:
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
        "revision": row.revision,
    }


def _contact(row: InboxRow) -> str | None:
    """The contact of the row's customer. Whoever writes a message has one, whatever id a site gives
    them (C1)."""
    customer = row.customer
    if customer is None:
        return None
    unnamed = row.kind is not ConversationKind.MESSAGE and is_unnamed(customer.external_id)
    return None if unnamed else contact_id(customer.id)


def _assignee(agent_id: AgentId | None, caller: Caller) -> AssigneeView | None:
    """The assignee with their name. An agent who was removed keeps the conversation; only the id is
    left of them."""
    if agent_id is None:
        return None
    stored = caller.organization.agents.get(agent_id)
    return AssigneeView(agent_id=agent_id, name=agent_id if stored is None else stored.value.name)


def counts_view(counts: InboxCounts, position: str) -> CountsView:
    return CountsView(
        total=counts.total,
        unread=counts.unread,
        by_channel=dict(counts.unread_by_channel),
        by_kind=dict(counts.unread_by_kind),
        position=position,
    )


def message_view(message: Message, row: InboxRow, caller: Caller) -> MessageView:
    """The message with those optional fields that have a value."""
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
            "revision": find_message_revision(message, row),
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


def _state(message: Message, row: InboxRow) -> str:
    if message.removed:
        return "removed"
    if message.direction is Direction.IN or message.at is None:
        return "received"
    for state, until in (("seen", row.seen_until), ("delivered", row.delivered_until)):
        if until is not None and message.at <= until:
            return state
    return "sent"
