"""What a visitor sees of their thread, and how it follows from the log.

The events of one thread are in several topics, which are read in any order: so the content of a
reply and its result are two changes, and the reply is shown once both are known. A change that is
applied again, or late, has no effect (decision 5).

Decides L4.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b

import msgspec

from tuyen_events.assignments import AssignmentEvent
from tuyen_events.event import Event
from tuyen_events.ids import AgentId, ConversationId, MessageId, OrganizationId, PageId
from tuyen_events.inbound import MessageReceived
from tuyen_events.media import attachment_url
from tuyen_events.outbound import (
    AttachmentId,
    OutboundAction,
    OutboundOutcome,
    OutboundRequested,
    OutboundSettled,
)
from tuyen_events.visitor_limits import VISITOR_TEXT_CHARACTERS
from tuyen_events.vocabulary import Channel
from tuyen_ingest.domain.visitors import derive_picture_id

_IMAGE = "image"
_MILLISECOND = timedelta(milliseconds=1)


class ShownFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file in a thread. `kind` is image, video, audio or file."""

    id: AttachmentId
    kind: str
    name: str | None = None


class ShownMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message as its visitor sees it: their own, or a reply of the agent of this name."""

    id: MessageId
    at: datetime
    own: bool
    text: str | None = None
    files: tuple[ShownFile, ...] = ()
    agent: str | None = None
    sent_at: datetime | None = None
    """Of a reply."""


class VisitorThread(msgspec.Struct, frozen=True, kw_only=True):
    """The newest messages, oldest first, and who is in charge."""

    messages: tuple[ShownMessage, ...] = ()
    assignee: AgentId | None = None


class MessageWritten(msgspec.Struct, frozen=True):
    """The visitor wrote a message."""

    thread: ConversationId
    message: ShownMessage


class ReplyRequested(msgspec.Struct, frozen=True):
    """An agent wants a reply to be sent; it is not shown yet."""

    thread: ConversationId
    message: ShownMessage


class ReplySent(msgspec.Struct, frozen=True):
    """A reply was sent."""

    thread: ConversationId
    message: MessageId
    at: datetime


class AssigneeChanged(msgspec.Struct, frozen=True):
    """The thread got another assignee. Of two such changes the one with the higher version
    counts."""

    thread: ConversationId
    version: int
    agent: AgentId | None
    at: datetime


ThreadChange = MessageWritten | ReplyRequested | ReplySent | AssigneeChanged


def changes_of(
    event: Event, has_widget: Callable[[OrganizationId, PageId], bool]
) -> Iterator[ThreadChange]:
    """What an event changes in the threads that visitors see. `has_widget` says of a page whether
    it is a site's."""
    match event:
        case MessageReceived(channel=Channel.LIVECHAT):
            yield MessageWritten(event.conversation_id, _read_own(event))
        case OutboundRequested(channel=Channel.LIVECHAT, action=OutboundAction.SEND):
            yield ReplyRequested(event.conversation_id, _read_reply(event))
        case OutboundSettled(
            channel=Channel.LIVECHAT, action=OutboundAction.SEND, outcome=OutboundOutcome.DONE
        ):
            yield ReplySent(event.conversation_id, event.message_id, event.at)
        case AssignmentEvent() if has_widget(event.organization, event.page_id):
            yield AssigneeChanged(event.conversation_id, event.version, event.agent_id, event.at)
        case _:
            pass


def _read_own(event: MessageReceived) -> ShownMessage:
    """The visitor's own message. Of its attachments, only the picture that the widget sent is ours
    to show."""
    picture = derive_picture_id(event.message_id)
    files = [
        ShownFile(id=picture, kind=_IMAGE, name=each.title)
        for each in event.attachments
        if each.url == attachment_url(picture)
    ]
    return ShownMessage(
        id=event.message_id,
        at=_truncate(event.accepted_at),
        own=True,
        text=None if event.text is None else event.text[:VISITOR_TEXT_CHARACTERS],
        files=tuple(files[:1]),
    )


def _read_reply(event: OutboundRequested) -> ShownMessage:
    files = [ShownFile(id=one.id, kind=one.kind, name=one.name) for one in event.attachments]
    return ShownMessage(
        id=event.message_id,
        at=_truncate(event.at),
        own=False,
        text=None if event.text is None else event.text[:VISITOR_TEXT_CHARACTERS],
        files=tuple(files),
        agent=event.by_name,
    )


def _truncate(moment: datetime) -> datetime:
    """A time in whole milliseconds, as it is stored."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class ThreadView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the widget shows. `agent` is the name of who answers."""

    online: bool
    typing: bool
    agent: str | None
    messages: tuple[ShownMessage, ...]

    @property
    def version(self) -> str:
        """Represents all of it: equal views have equal versions, on every replica."""
        return blake2b(msgspec.json.encode(self), digest_size=9).hexdigest()


def find_seen_until(messages: Sequence[ShownMessage], seen: MessageId) -> datetime | None:
    """By when everything was sent that a visitor has seen who sees the reply `seen`; None if there
    is no such reply. Times are stored in whole milliseconds, so it is the end of its
    millisecond."""
    for message in messages:
        if message.id == seen and not message.own:
            return (message.sent_at or message.at) + _MILLISECOND
    return None


def find_last_agent(thread: VisitorThread) -> str | None:
    """The name of the agent who replied last."""
    return next((one.agent for one in reversed(thread.messages) if one.agent), None)
