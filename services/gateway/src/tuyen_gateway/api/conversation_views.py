"""The response bodies of the inbox."""

from datetime import datetime

from pydantic import ConfigDict

from tuyen_events.ids import AgentId, CustomerId, contact_id, is_unnamed
from tuyen_events.inbound import Attachment
from tuyen_events.media import attachment_url, media_id
from tuyen_events.outbound import OutboundAction, OutboundError
from tuyen_events.vocabulary import Channel, CommentOrigin, ConversationKind
from tuyen_gateway.api.bodies import BilingualText, ChosenId, RequestBody, ResponseBody
from tuyen_gateway.api.dependencies import Caller
from tuyen_gateway.api.visits import VisitView, view_visit
from tuyen_gateway.domain.attempts import (
    ReplyState,
    find_error,
    find_external_id,
    find_sent_at,
)
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.live import find_message_revision
from tuyen_gateway.domain.thread_media import explain_missed
from tuyen_gateway.domain.threads import Direction, Message, shown_text
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
    """After a merge the contact that stayed (C2). Null for a customer whom
    the channel does not name: they can have no contact."""
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
    follows: bool | None = None
    """Whether the customer follows the page; null where the channel has not said so."""
    visit: VisitView | None = None
    """Where a livechat's visitor was when they last wrote, and what they chose (L3)."""
    version: int
    """The version of the assignee."""
    revision: int
    """Rises with each change of the conversation: of two copies the higher one is newer."""


class ConversationDetail(ConversationView):
    position: str


class CountsView(ResponseBody):
    total: int
    unread: int
    """Conversations, not messages."""
    by_channel: dict[Channel, int]
    """The number of unread conversations by channel."""
    by_kind: dict[ConversationKind, int]
    """The number of unread conversations by kind."""
    position: str


class AuthorView(ResponseBody):
    kind: str
    """`customer`, `agent` for replies from here, or `page` for what was written at the channel
    itself."""
    id: str
    name: str | None


class ErrorView(ResponseBody):
    """Why something was not done at the channel. `retry` is whether it may succeed later."""

    code: str
    text: BilingualText
    retry: bool


class AttachmentView(ResponseBody):
    kind: str
    url: str | None = None
    """The address of `GET /v1/attachments/{id}` once the gateway has fetched it; before that, and
    if it cannot be fetched, the address at the channel, which may expire."""
    title: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    error: ErrorView | None = None
    """Why it is not kept here: `too_many`, `refused` or `unavailable`. The address at the channel
    is all that there is."""


class ProblemView(ErrorView):
    """What an agent wanted to be done with a comment and was not done."""

    action: str


class MessageView(ResponseBody):
    """`state` is `received` for customers' messages and `removed` for those that were removed at
    the channel or cancelled. Ours are `pending`, then `sent`, `delivered` and `seen`; or `failed`,
    with `error`; or `unknown`, if nobody can tell whether it went out."""

    id: str
    direction: Direction
    client_id: str | None = None
    external_id: str | None
    author: AuthorView
    text: str | None
    attachments: list[AttachmentView]
    state: str
    error: ErrorView | None = None
    hidden: bool = False
    liked: bool = False
    reaction: str | None = None
    parent_id: str | None = None
    origin: CommentOrigin | None = None
    """The origin of a thread's root; null for a message or a comment."""
    recommends: bool | None = None
    """Whether a review recommends the page."""
    reply_to: str | None = None
    private: bool = False
    """Whether it answers a comment by a private message."""
    private_reply: str | None = None
    """The message that answers this comment privately; it is in the customer's message thread."""
    problem: ProblemView | None = None
    """Why the last action on this comment failed; null if it did not."""
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
        "follows": row.follows,
        "visit": None if row.visit is None else view_visit(row.visit, caller.organization),
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
    return None if unnamed else row.contact_id or contact_id(customer.id)


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
    values = {
        "client_id": message.client_id,
        "error": _error(message),
        "reaction": message.reaction,
        "parent_id": message.parent_whole or message.parent_id,
        "origin": None if message.origin is CommentOrigin.COMMENT else message.origin,
        "recommends": message.recommends,
        "reply_to": message.quoted_whole or message.reply_to,
        "private_reply": message.private_reply,
        "problem": _problem(message),
    }
    optional: dict[str, object] = {
        name: value for name, value in values.items() if value is not None
    }
    if message.comment:
        optional |= {"hidden": message.hidden, "liked": message.liked}
    if message.request is not None and message.request.action == OutboundAction.PRIVATE_REPLY:
        optional["private"] = True
    return MessageView.model_validate(
        {
            "id": message.id,
            "direction": message.direction,
            "external_id": message.external_id or find_external_id(message.parts),
            "author": _author(message, row, caller),
            "text": shown_text(message),
            "attachments": _attachments(message),
            "state": _state(message, row),
            "at": message.at,
            "revision": find_message_revision(message, row),
            **optional,
        }
    )


def _author(message: Message, row: InboxRow, caller: Caller) -> AuthorView:
    if message.request is not None:
        return AuthorView(kind="agent", id=message.request.by, name=message.request.by_name)
    if message.customer_id is not None:
        name = message.customer_name or _name_in(row, message.customer_id)
        return AuthorView(kind="customer", id=message.customer_id, name=name)
    page = caller.organization.pages.get(message.page_id)
    name = None if page is None else page.value.name
    return AuthorView(kind="page", id=message.page_id, name=name)


def _name_in(row: InboxRow, author: CustomerId) -> str | None:
    """The name that the row has for an author who is its customer."""
    customer = row.customer
    return None if customer is None or customer.id != author else customer.name


def _error(message: Message) -> ErrorView | None:
    """Why a reply failed, or may have failed."""
    if message.state not in (ReplyState.FAILED, ReplyState.UNKNOWN):
        return None
    error = find_error(message.attempts)
    return None if error is None else ErrorView.model_validate(_error_fields(error))


def _problem(message: Message) -> ProblemView | None:
    problem = message.problem
    if problem is None:
        return None
    fields = _error_fields(problem.error)
    return ProblemView.model_validate({"action": problem.action, **fields})


def _error_fields(error: OutboundError) -> dict[str, object]:
    return {
        "code": error.code,
        "text": BilingualText(vi=error.vi, en=error.en),
        "retry": error.retry,
    }


def _attachments(message: Message) -> list[AttachmentView]:
    if message.absent:
        return []
    if message.request is not None:
        return [
            AttachmentView(kind=one.kind, url=attachment_url(one.id), title=one.name)
            for one in message.request.attachments
        ]
    return [_attachment(one, message) for one in message.attachments]


def _attachment(one: Attachment, message: Message) -> AttachmentView:
    """With our own address once it is kept here, and an `error` only if it will not be."""
    medium = None if one.url is None else media_id(message.id, one.url)
    kept = medium is not None and medium in message.kept
    reason = None if medium is None or kept else message.missed.get(medium)
    why = None if reason is None else explain_missed(reason)
    error = {} if why is None else {"error": ErrorView.model_validate(_error_fields(why))}
    return AttachmentView(
        kind=one.kind,
        url=attachment_url(medium) if kept and medium is not None else one.url,
        title=one.title,
        latitude=one.latitude,
        longitude=one.longitude,
        **error,
    )


def _state(message: Message, row: InboxRow) -> str:
    if message.absent:
        return "removed"
    if message.direction is Direction.IN or message.at is None:
        return "received"
    if message.state not in (None, ReplyState.SENT):
        return message.state
    sent_at = find_sent_at(message.attempts, message.parts) or message.at
    for state, until in (("seen", row.seen_until), ("delivered", row.delivered_until)):
        if until is not None and sent_at <= until:
            return state
    return "sent"
