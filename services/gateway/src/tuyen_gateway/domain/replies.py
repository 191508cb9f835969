"""Replies as messages of their threads, and what agents did to comments, folded from requests and
their results in whatever order (decision 29).

An event changes up to three kinds of messages: the reply or comment that it is about; the messages
at the channel that a result names, which are parts of the reply; and the comment that a private
reply answers. A part passes on what is known of it to its reply (`merge_part`).

Decides I6, I8 and P5b.
"""

from collections.abc import Iterator, Mapping
from typing import TypeVar

import msgspec

from tuyen_events.ids import MessageId, message_id
from tuyen_events.inbound import Attachment
from tuyen_events.outbound import (
    OutboundAction,
    OutboundCancelled,
    OutboundEvent,
    OutboundOutcome,
    OutboundRequested,
    OutboundSettled,
)
from tuyen_events.topics import INBOUND
from tuyen_gateway.domain.attempts import (
    ActionTime,
    ReplyPart,
    find_state,
    find_unsettled_since,
    with_part,
    with_request,
)
from tuyen_gateway.domain.threads import (
    Direction,
    EventSource,
    FailedAction,
    Instant,
    Message,
    derive,
    is_later,
    truncate_time,
    with_content,
)


def messages_of(event: OutboundEvent) -> Iterator[MessageId]:
    """The messages that an event changes."""
    yield event.message_id
    match event:
        case OutboundSettled():
            yield from _parts_of(event)
        case OutboundRequested(action=OutboundAction.PRIVATE_REPLY, target_message_id=str(target)):
            yield target
        case _:
            pass


def fold_reply(
    message: Message | None, about: MessageId, event: OutboundEvent, source: EventSource
) -> Message:
    """The message `about`, one of `messages_of`, after the event."""
    if message is None:
        message = Message(id=about, organization=event.organization, page_id=event.page_id)
    if about != event.message_id:
        match event:
            case OutboundSettled():
                message = msgspec.structs.replace(message, part_of=event.message_id)
            case OutboundRequested():
                message = _note_private_reply(message, event)
            case _:
                pass
        return derive(message)
    match event:
        case OutboundRequested(action=action) if action.makes_message:
            message = _apply_request(message, event, source)
        case OutboundSettled(action=action) if action.makes_message:
            message = _with_attempt(message, event)
            for part in _build_parts(event):
                message = _with_part(message, part)
        case OutboundSettled():
            message = _apply_action(message, event)
        case OutboundCancelled():
            message = _with_attempt(message, event)
        case _:
            pass
    return derive(message)


def moment_of_request(event: OutboundRequested) -> Instant:
    """When a reply was said: when it was requested."""
    at = truncate_time(event.at)
    return at, at, event.at.microsecond % 1000


def merge_part(reply: Message, part: Message) -> Message:
    """The reply with what is known of one of its parts."""
    edited = part.content_at is not None and part.content_at[1] != "" and not part.removed
    reply = _with_part(
        reply,
        ReplyPart(
            id=part.id,
            external_id=part.external_id,
            at=part.at,
            removed=part.removed,
            text=part.text if edited else None,
            edited_at=part.content_at if edited else None,
        ),
    )
    if part.hidden_at is not None and is_later(reply.hidden_at, part.hidden_at):
        reply = msgspec.structs.replace(reply, hidden=part.hidden, hidden_at=part.hidden_at)
    if part.liked_at is not None and is_later(reply.liked_at, part.liked_at):
        reply = msgspec.structs.replace(reply, liked=part.liked, liked_at=part.liked_at)
    if part.reaction_at is not None and is_later(reply.reaction_at, part.reaction_at):
        reply = msgspec.structs.replace(reply, reaction=part.reaction, reaction_at=part.reaction_at)
    return derive(reply)


def refer_to_replies(message: Message, replies: Mapping[MessageId, MessageId]) -> Message:
    """The message, which refers to the replies instead of what these became at the channel.
    `replies` has the replies of those messages that are parts of one."""
    return msgspec.structs.replace(
        message,
        parent_whole=replies.get(message.parent_id or MessageId(""), message.parent_whole),
        quoted_whole=replies.get(message.reply_to or MessageId(""), message.quoted_whole),
    )


def join_part(part: Message, reply: Message | None) -> tuple[Message, Message | None]:
    """A message and the reply that it may be a part of, once both are known: what claims to be a
    part of a reply is one if that reply was requested."""
    if part.part_of is None and reply is not None and reply.request is not None:
        part = derive(msgspec.structs.replace(part, part_of=reply.id))
    if part.part_of is None:
        return part, reply
    if reply is None:
        reply = Message(id=part.part_of, organization=part.organization, page_id=part.page_id)
    return part, merge_part(reply, part)


def _parts_of(event: OutboundSettled) -> Iterator[MessageId]:
    if event.action.makes_message:
        for external_id in event.external_ids:
            yield message_id(event.organization, event.page_id, external_id)


def _build_parts(event: OutboundSettled) -> Iterator[ReplyPart]:
    incomplete = event.outcome != OutboundOutcome.DONE
    for number, part in enumerate(_parts_of(event)):
        external_id = event.external_ids[number]
        yield ReplyPart(id=part, number=number, external_id=external_id, incomplete=incomplete)


_OutboundT = TypeVar("_OutboundT", bound=OutboundEvent)


def _as_stored(event: _OutboundT) -> _OutboundT:
    """The event with its time as the views can store it: otherwise a message that was read again
    would differ from the one that was written."""
    return msgspec.structs.replace(event, at=truncate_time(event.at))


def _with_attempt(
    message: Message, event: OutboundRequested | OutboundCancelled | OutboundSettled
) -> Message:
    attempts = with_request(message.attempts, _as_stored(event))
    since = find_unsettled_since(attempts)
    return _with_state(msgspec.structs.replace(message, attempts=attempts, unsettled_since=since))


def _with_part(message: Message, part: ReplyPart) -> Message:
    return _with_state(msgspec.structs.replace(message, parts=with_part(message.parts, part)))


def _with_state(message: Message) -> Message:
    is_one_call = message.request is None or _takes_one_call(message.request)
    state = find_state(message.attempts, message.parts, is_one_call=is_one_call)
    return msgspec.structs.replace(message, state=state)


def _takes_one_call(request: OutboundRequested) -> bool:
    """Whether the channel gets the reply as one message for certain."""
    pieces = bool(request.text) + len(request.attachments)
    return pieces <= 1 or request.action == OutboundAction.COMMENT


def _apply_request(message: Message, event: OutboundRequested, source: EventSource) -> Message:
    """The reply after a request to send it: the first one says what it is."""
    message = _with_attempt(message, event)
    if message.request is not None:
        return message
    at, accepted_at, accepted_us = moment_of_request(event)
    own_text = not message.removed and is_later(message.content_at, (at, ""))
    comment = event.action == OutboundAction.COMMENT
    files = () if message.removed else event.attachments
    changed = msgspec.structs.replace(
        message,
        request=_as_stored(event),
        at=at,
        accepted_at=accepted_at,
        accepted_us=accepted_us,
        partition=INBOUND.partitions + source.partition,
        offset=source.offset,
        conversation_id=event.conversation_id,
        direction=Direction.OUT,
        comment=comment,
        post_id=event.post_external_id,
        parent_id=event.target_message_id if comment else None,
        reply_to=event.reply_to,
        client_id=event.client_id,
        text=event.text if own_text else message.text,
        attachments=tuple(Attachment(kind=one.kind, title=one.name) for one in files),
        content_at=(at, "") if own_text else message.content_at,
    )
    return _with_state(changed)


def _note_private_reply(comment: Message, event: OutboundRequested) -> Message:
    asked: ActionTime = (truncate_time(event.at), event.message_id)
    if not is_later(comment.private_reply_at, asked):
        return comment
    return msgspec.structs.replace(comment, private_reply=event.message_id, private_reply_at=asked)


def _apply_action(comment: Message, event: OutboundSettled) -> Message:
    """The comment after an action on it was settled."""
    action: ActionTime = (truncate_time(event.at), event.request_id)
    done = event.outcome == OutboundOutcome.DONE
    if is_later(comment.problem_at, action):
        error = None if done else event.error
        problem = None if error is None else FailedAction(action=event.action, error=error)
        comment = msgspec.structs.replace(comment, problem=problem, problem_at=action)
    if not done:
        return comment
    match event.action:
        case OutboundAction.HIDE | OutboundAction.UNHIDE if is_later(comment.hidden_at, action):
            hidden = event.action == OutboundAction.HIDE
            return msgspec.structs.replace(comment, hidden=hidden, hidden_at=action)
        case OutboundAction.LIKE | OutboundAction.UNLIKE if is_later(comment.liked_at, action):
            liked = event.action == OutboundAction.LIKE
            return msgspec.structs.replace(comment, liked=liked, liked_at=action)
        case OutboundAction.EDIT if event.text is not None:
            return with_content(comment, event.text, None, action)
        case OutboundAction.DELETE:
            return msgspec.structs.replace(
                comment, removed=True, text=None, attachments=(), content_at=None
            )
        case _:
            return comment
