"""Replies: sending, sending again, cancelling, and what the channel allows (I6, I7, P5)."""

from datetime import datetime
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Header, Response, status
from pydantic import ConfigDict, Field, StringConstraints

from tuyen_events.ids import CHOSEN_ID_PATTERN, MessageId
from tuyen_events.outbound_limits import COMMENT_CHARACTERS, REPLY_ATTACHMENTS
from tuyen_gateway.api.bodies import ChosenId, RequestBody, ResponseBody
from tuyen_gateway.api.conversation_views import MessageView, message_view
from tuyen_gateway.api.conversations import AfterAssignment, find_visible_row
from tuyen_gateway.api.dependencies import Caller, CurrentCaller, GatewayPorts, PathId
from tuyen_gateway.api.etags import set_etag
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.threads import Message
from tuyen_gateway.domain.window import Allowed
from tuyen_gateway.errors import ConflictError, NotFoundError
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.replies.sending import (
    ReplyAuthor,
    ReplyDraft,
    cancel_reply,
    find_reply,
    retry_reply,
    send_reply,
)
from tuyen_gateway.replies.targets import ReplyThread, thread_of
from tuyen_gateway.replies.windows import find_present_window

router = APIRouter(prefix="/conversations", tags=["replies"])

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=CHOSEN_ID_PATTERN,
        description="Chosen by the caller, a new one for each reply. Repeating a call with the same"
        " key sends nothing again.",
    ),
]

ReplyText = Annotated[str, StringConstraints(min_length=1, max_length=COMMENT_CHARACTERS)]


class ReplyIn(RequestBody):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "Dạ còn size 42, giá 350.000đ ạ!"}]}
    )

    text: ReplyText | None = None
    """At most 2,000 characters to customers of Facebook and Zalo, 5,000 to a site's visitors."""
    template_id: ChosenId | None = None
    """A template, in place of a text."""
    attachment_ids: list[ChosenId] = Field(default=[], max_length=REPLY_ATTACHMENTS, fail_fast=True)
    """Files that were uploaded before, in the order in which they are sent; one for a comment."""
    reply_to: ChosenId | None = None
    """The message or comment of this conversation that is answered."""
    private: bool = False
    """Answers a comment by a message to its author: `reply_to`, or the first one."""


class WindowView(ResponseBody):
    open: bool
    until: datetime | None
    """When it ends or ended; null if it never does, or never began."""
    allowed: list[Allowed]
    """What can be sent now. `human_agent` means that the channel's window has ended, but what
    people write is still accepted."""


async def _find_thread(gateway: Gateway, caller: Caller, conversation_id: str) -> ReplyThread:
    row = await find_visible_row(gateway, caller, conversation_id)
    return require_connected(thread_of(row, caller.organization.id), caller)


def require_connected(thread: ReplyThread, caller: Caller) -> ReplyThread:
    """Raises ConflictError if the thread's page is not connected any more."""
    if thread.page_id not in caller.organization.pages:
        raise ConflictError("The page was disconnected: connect it again to reply here.")
    return thread


class FoundReply(NamedTuple):
    """A reply, and the thread in which the path names it."""

    thread: ReplyThread
    reply: Message


async def _find_reply(
    conversation_id: PathId, message_id: PathId, caller: CurrentCaller, gateway: GatewayPorts
) -> FoundReply:
    thread = await _find_thread(gateway, caller, conversation_id)
    reply = await find_reply(gateway, thread, MessageId(message_id))
    if reply is None:
        raise NotFoundError(f"There is no reply {message_id!r} in this conversation.")
    return FoundReply(thread, reply)


AddressedReply = Annotated[FoundReply, Depends(_find_reply)]


@router.post(
    "/{conversation_id}/messages",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Reply",
    response_model_exclude_unset=True,
    responses=problems(404, 409),
)
async def post_reply(
    conversation_id: PathId,
    body: ReplyIn,
    key: IdempotencyKey,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    *,
    response: Response,
) -> MessageView:
    """For everybody who may see the conversation (R7). Answers once the reply is in the log, and
    shows it as `pending`; `GET .../messages` shows it from then on, or as soon as a view that is
    behind has caught up, and what became of it.

    The same `Idempotency-Key` answers the same message; with another body it is `409`. `422` with
    `window_ended_at` if the channel takes no reply to this customer any more. `429` while too many
    replies wait to be sent.
    """
    thread = await _find_thread(gateway, caller, conversation_id)
    draft = ReplyDraft(
        text=body.text,
        template_id=body.template_id,
        attachment_ids=tuple(body.attachment_ids),
        reply_to=None if body.reply_to is None else MessageId(body.reply_to),
        private=body.private,
    )
    author = ReplyAuthor(caller.viewer, caller.scope)
    reply = await send_reply(gateway, author, thread, key, draft)
    return _show(reply, thread, caller, response)


@router.post(
    "/{conversation_id}/messages/{message_id}/retry",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Send a reply again",
    response_model_exclude_unset=True,
    responses=problems(404, 409),
)
async def post_retry(
    found: AddressedReply, caller: CurrentCaller, gateway: GatewayPorts, response: Response
) -> MessageView:
    """For a reply that is `failed` or `unknown`: the second may arrive twice, which is the agent's
    choice. It is `pending` again. Any other reply is `409`."""
    reply = await retry_reply(gateway, caller.viewer, found.thread, found.reply)
    return _show(reply, found.thread, caller, response)


@router.delete(
    "/{conversation_id}/messages/{message_id}",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Cancel a reply",
    response_model_exclude_unset=True,
    responses=problems(404, 409),
)
async def delete_reply(
    found: AddressedReply, caller: CurrentCaller, gateway: GatewayPorts, response: Response
) -> MessageView:
    """For a reply that is `pending`: it is `removed`. If the call to the channel had begun, it is
    sent all the same, and then shown so. One of which a part was sent becomes `failed` with the
    code `rest_cancelled`. Any other reply is `409`."""
    reply = await cancel_reply(gateway, caller.viewer, found.reply)
    return _show(reply, found.thread, caller, response)


@router.get("/{conversation_id}/window", summary="What the channel allows", responses=problems(404))
async def get_window(
    conversation_id: PathId, caller: CurrentCaller, gateway: GatewayPorts, _: AfterAssignment
) -> WindowView:
    """Until when the page may write to this customer, and what (P5). `private` is missing once
    neither the comment that a private reply answers by itself nor the customer's last one takes one
    any more: it is too old, was removed, or has its private reply."""
    row = await find_visible_row(gateway, caller, conversation_id)
    window = await find_present_window(gateway, thread_of(row, caller.organization.id))
    return WindowView(open=window.open, until=window.until, allowed=list(window.allowed))


def _show(reply: Message, thread: ReplyThread, caller: Caller, response: Response) -> MessageView:
    """The reply; the header `ETag` is the version of its conversation."""
    if reply.conversation_id == thread.id:
        set_etag(response, thread.row.version)
    return message_view(reply, thread.row, caller)
