"""Sends replies: makes a request of what an agent writes, sends a failed one again, and cancels one
that still waits (I6).

The ids of a reply and of its requests are derived from the caller's key, so every gateway makes the
same request of the same call. Of two calls with one key, the first in the log counts: the views,
which the second one waits for, say which one that was. A reply that is in the log is accepted, also
while the views are behind: then the answer says what was asked for, and of two calls with one key
and two bodies both may be accepted, of which the first is sent and shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from tuyen_events.ids import MessageId, TemplateId, outbound_request_id, reply_id
from tuyen_events.outbound import (
    AttachmentId,
    OutboundAction,
    OutboundAttachment,
    OutboundCancelled,
    OutboundRequested,
)
from tuyen_events.vocabulary import ConversationKind
from tuyen_gateway.domain.attempts import ReplyState, find_current, list_sent_parts
from tuyen_gateway.domain.placeholders import fill_in
from tuyen_gateway.domain.read_marks import ReadPosition
from tuyen_gateway.domain.replies import fold_reply
from tuyen_gateway.domain.reply_rules import (
    check_cancelling,
    check_content,
    check_retry,
    check_window,
)
from tuyen_gateway.domain.threads import EventSource, Message
from tuyen_gateway.domain.visibility import Scope, Viewer
from tuyen_gateway.domain.window import find_window
from tuyen_gateway.errors import ConflictError, InvalidError
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.mark_writer import write_mark
from tuyen_gateway.ports.replies import Sender
from tuyen_gateway.replies.targets import (
    ReplyTarget,
    ReplyThread,
    external_id_of,
    find_target,
    partition_of_request,
)
from tuyen_gateway.replies.windows import check_first_private_reply

_NOWHERE = EventSource("", 0, 0)
"""The position of a request that was just written: callers see nothing of it."""

_OTHER_BODY = "This `Idempotency-Key` was used for another reply: use a new one for this reply."


class ReplyAuthor(NamedTuple):
    """Who replies, and what they may see."""

    viewer: Viewer
    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyDraft:
    """What an agent wants to send."""

    text: str | None = None
    template_id: str | None = None
    attachment_ids: tuple[str, ...] = ()
    reply_to: MessageId | None = None
    private: bool = False

    def digest(self) -> str:
        """What distinguishes it from other drafts."""
        content = (self.text, self.template_id, self.attachment_ids, self.reply_to, self.private)
        return blake2b(msgspec.json.encode(content), digest_size=12).hexdigest()


async def send_reply(
    gateway: Gateway, author: ReplyAuthor, thread: ReplyThread, key: str, draft: ReplyDraft
) -> Message:
    """Requests a reply, and returns it as it is shown; the same key and draft return the same reply
    again, whatever became of it. The conversation is read for the author then.

    Raises ConflictError if the key was used for another reply, and otherwise what forbids it:
    InvalidError, ConflictError, WindowClosedError or TooManyAttemptsError.
    """
    sent = await find_reply(gateway, thread, reply_id(thread.id, key))
    if sent is not None:
        return _check_same(sent, draft)
    target = await find_target(gateway.replies, thread, draft.reply_to, private=draft.private)
    if target.conversation_id != thread.id:
        sent = await _find_sent_privately(gateway, thread, target, key)
        if sent is not None:
            return _check_same(sent, draft)
    request = await _build_request(gateway, author, thread, target, draft, key=key)
    sender = Sender(thread.organization, thread.page_id, author.viewer.agent_id)
    await gateway.replies.check_pending(sender)
    await gateway.replies.request(sender, [request], target.partition)
    await _mark_as_read(gateway, author, thread)
    return _check_same(await _read_back(gateway, request), draft)


async def _mark_as_read(gateway: Gateway, author: ReplyAuthor, thread: ReplyThread) -> None:
    """Whoever answers in a conversation has read it (I5), as far as it was in the inbox when they
    did: what comes meanwhile stays unread."""
    row, agent_id = thread.row, author.viewer.agent_id
    if row.unread_of(agent_id):
        shown = ReadPosition(events=row.inbound_events, until=row.counted)
        await write_mark(gateway, thread.organization, agent_id, row, shown)


async def _find_sent_privately(
    gateway: Gateway, thread: ReplyThread, target: ReplyTarget, key: str
) -> Message | None:
    """The private reply for which the key was used. Raises ConflictError if it was used for a
    message of the customer's own thread."""
    reply = reply_id(target.conversation_id, key)
    found = (await gateway.replies.find(thread.organization, [reply])).get(reply)
    if found is None or found.request is None:
        return None
    if found.request.target_conversation_id != thread.id:
        raise ConflictError(_OTHER_BODY)
    return found


def _check_same(reply: Message, draft: ReplyDraft) -> Message:
    if reply.request is None or reply.request.body_digest != draft.digest():
        raise ConflictError(_OTHER_BODY)
    return reply


async def _build_request(
    gateway: Gateway,
    author: ReplyAuthor,
    thread: ReplyThread,
    target: ReplyTarget,
    draft: ReplyDraft,
    *,
    key: str,
) -> OutboundRequested:
    """Raises what forbids the reply."""
    viewer, now = author.viewer, gateway.clock.now()
    text = _write_text(gateway, viewer, thread, target, draft)
    check_content(thread.row, text, len(draft.attachment_ids), private=draft.private)
    human_agent = False
    if target.action is OutboundAction.SEND:
        allowed = gateway.settings.facebook_human_agent
        human_agent = check_window(find_window(thread.row, now, human_agent=allowed))
    elif target.action is OutboundAction.PRIVATE_REPLY and target.answered is not None:
        await check_first_private_reply(gateway, target.answered)
    reply, private = reply_id(target.conversation_id, key), draft.private
    quoted = None if private or draft.reply_to is None else target.answered
    external_id, comment = target.comment or (None, None)
    return OutboundRequested(
        request_id=outbound_request_id(reply),
        organization=thread.organization,
        page_id=thread.page_id,
        channel=thread.channel,
        conversation_id=target.conversation_id,
        message_id=reply,
        at=now,
        action=target.action,
        customer_id=target.customer.id,
        customer_external_id=target.customer.external_id,
        customer_name=target.customer.name,
        chat_external_id=target.chat_external_id,
        kind=target.kind,
        by=viewer.agent_id,
        by_name=viewer.name,
        client_id=key,
        target_external_id=external_id,
        target_message_id=comment,
        target_conversation_id=thread.id if private else None,
        post_external_id=thread.row.post_id,
        reply_to=None if quoted is None else quoted.id,
        reply_to_external_id=None if quoted is None else external_id_of(quoted),
        text=text,
        attachments=await _find_attachments(gateway, author.scope, target, draft),
        human_agent=human_agent,
        body_digest=draft.digest(),
    )


def _write_text(
    gateway: Gateway, viewer: Viewer, thread: ReplyThread, target: ReplyTarget, draft: ReplyDraft
) -> str | None:
    """The text of a draft, or of its template with the names filled in (I7)."""
    if draft.template_id is None:
        return draft.text
    if draft.text is not None:
        raise InvalidError("template_id", "Give a text or a template, not both.")
    template = gateway.desk.template(thread.organization, TemplateId(draft.template_id))
    if template is None:
        raise InvalidError("template_id", f"There is no template {draft.template_id!r}.")
    answered = target.answered
    named = answered is not None and answered.customer_id is not None
    name = answered.customer_name if answered is not None and named else target.customer.name
    return fill_in(template.value.text, customer_name=name, agent_name=viewer.name)


async def _find_attachments(
    gateway: Gateway, scope: Scope, target: ReplyTarget, draft: ReplyDraft
) -> tuple[OutboundAttachment, ...]:
    """The stored files of a draft, which are kept from now on. Raises InvalidError for one that the
    author may not see (R7.2)."""
    if not draft.attachment_ids:
        return ()
    ids = [AttachmentId(each) for each in draft.attachment_ids]
    found = await gateway.attachments.find(scope.organization, ids)
    for each in ids:
        stored = found.get(each)
        if stored is None or not await gateway.attachment_access.may_see(scope, stored):
            raise InvalidError("attachment_ids", f"There is no attachment {each!r}.")
    kept = await gateway.attachments.note_use(scope.organization, ids, target.conversation_id)
    for each in ids:
        if each not in kept:
            raise InvalidError(
                "attachment_ids", f"The attachment {each!r} was sent too often: upload it again."
            )
    return tuple(
        OutboundAttachment(
            id=each,
            kind=kept[each].kind,
            content_type=kept[each].content_type,
            size=kept[each].size,
            name=kept[each].name,
        )
        for each in ids
    )


async def _read_back(gateway: Gateway, request: OutboundRequested) -> Message:
    """The reply as it was accepted, `pending`, however far the channel has got with it meanwhile:
    with the lowest revision, so that what a stream says of it is newer."""
    stored = await gateway.replies.find(request.organization, [request.message_id])
    found = stored.get(request.message_id)
    if found is not None and found.state is ReplyState.PENDING:
        return found
    first = request if found is None or found.request is None else found.request
    return fold_reply(None, request.message_id, first, _NOWHERE)


async def find_reply(gateway: Gateway, thread: ReplyThread, wanted: MessageId) -> Message | None:
    """A reply in a conversation, or a private one to a comment of it."""
    found = (await gateway.replies.find(thread.organization, [wanted])).get(wanted)
    request = None if found is None else found.request
    if request is None:
        return None
    here = thread.id in (request.conversation_id, request.target_conversation_id)
    return found if here else None


async def retry_reply(
    gateway: Gateway, viewer: Viewer, thread: ReplyThread, reply: Message
) -> Message:
    """Requests again what failed, without the parts that were sent. Two clicks make one request.
    Raises ConflictError for a reply that neither failed nor is unknown, and WindowClosedError."""
    check_retry(reply)
    first, current = reply.request, find_current(reply.attempts)
    if first is None or current is None:
        raise ConflictError("This reply was never requested.")
    human_agent = False
    if first.action == OutboundAction.SEND and thread.kind is ConversationKind.MESSAGE:
        allowed = gateway.settings.facebook_human_agent
        window = find_window(thread.row, gateway.clock.now(), human_agent=allowed)
        human_agent = check_window(window)
    again = msgspec.structs.replace(
        first,
        request_id=outbound_request_id(current.id),
        retries=current.id,
        by=viewer.agent_id,
        by_name=viewer.name,
        at=gateway.clock.now(),
        human_agent=human_agent,
        sent_external_ids=list_sent_parts(reply.parts),
    )
    return await _request_more(gateway, viewer, reply, [again])


async def cancel_reply(gateway: Gateway, viewer: Viewer, reply: Message) -> Message:
    """Requests that a reply is not sent; has no effect once the call to the channel has begun.
    Raises ConflictError for a reply that does not wait any more."""
    first, current = reply.request, find_current(reply.attempts)
    if not check_cancelling(reply) or first is None or current is None:
        return reply
    cancelled = OutboundCancelled(
        request_id=current.id,
        organization=first.organization,
        page_id=first.page_id,
        channel=first.channel,
        conversation_id=first.conversation_id,
        message_id=first.message_id,
        at=gateway.clock.now(),
        by=viewer.agent_id,
    )
    return await _request_more(gateway, viewer, reply, [cancelled])


async def _request_more(
    gateway: Gateway,
    viewer: Viewer,
    reply: Message,
    events: Sequence[OutboundRequested | OutboundCancelled],
) -> Message:
    """The reply after one more record about it."""
    if reply.request is None:
        raise ConflictError("This reply was never requested.")
    sender = Sender(reply.organization, reply.page_id, viewer.agent_id)
    await gateway.replies.request(sender, events, partition_of_request(reply.request))
    reply = (await gateway.replies.find(reply.organization, [reply.id])).get(reply.id, reply)
    for event in events:  # changes nothing unless the views are behind
        reply = fold_reply(reply, reply.id, event, _NOWHERE)
    return reply
