"""Evidence of replies on which every law holds, for the tests of the laws to spoil.

Two messages and a comment were sent; one message failed, and of one nobody knows. One has a
picture, and one was sent again, since nobody could tell. A comment was hidden and shown again; one
of the page's was edited, another one deleted. One page's token died while all others sent.
"""

from collections.abc import Sequence

import msgspec

from faults import sound
from faults.doubles import ChannelCall
from faults.evidence import Evidence
from faults.replying import Held, Reply
from faults.sound import AT, NV1, ORG, PAGE, thread
from faults.stopping import Stop
from faults.tenants import TENANTS, Json
from tuyen_events.event import Event
from tuyen_events.ids import (
    ConversationId,
    customer_id,
    message_id,
    message_thread_id,
    outbound_request_id,
    reply_id,
)
from tuyen_events.inbound import CommentAdded, Customer, MessageEchoed
from tuyen_events.outbound import (
    AttachmentId,
    OutboundAction,
    OutboundAttachment,
    OutboundOutcome,
    OutboundRequested,
    OutboundSettled,
)
from tuyen_events.outbound_topics import OUTBOUND, OUTBOUND_RESULTS
from tuyen_events.topics import INBOUND
from tuyen_events.vocabulary import Channel, ConversationKind

CUSTOMER = customer_id(ORG, PAGE, "1")
MESSAGES, COMMENTS = message_thread_id(CUSTOMER), thread("c_1")
COMMENT = message_id(ORG, PAGE, "c_1")
_ACCOUNT = TENANTS[ORG].pages[PAGE]
_ABOUT: Json = {
    "organization": ORG,
    "page_id": PAGE,
    "channel": Channel.FACEBOOK,
    "at": AT,
}
_REFUSAL = "The customer cannot be reached. (Facebook 551/1545041)"
_ERRORS = {
    "failed": {"code": "unavailable", "text": {"vi": _REFUSAL, "en": _REFUSAL}},
    "unknown": {"code": "answer_lost", "text": {"vi": "Không rõ.", "en": "Nobody can tell."}},
}


def request(name: str, conversation: ConversationId, action: OutboundAction) -> OutboundRequested:
    """For a reply with the text `name`, or with an action on the comment."""
    makes = action.makes_message
    key = name if makes else f"{name}/{action}"
    return OutboundRequested(
        **_ABOUT,
        request_id=outbound_request_id(key),
        conversation_id=conversation,
        message_id=reply_id(conversation, name) if makes else COMMENT,
        action=action,
        customer_id=CUSTOMER,
        customer_external_id="1",
        kind=ConversationKind.COMMENT if conversation == COMMENTS else ConversationKind.MESSAGE,
        by=NV1,
        by_name=NV1,
        client_id=name if makes else None,
        target_external_id="c_1" if conversation == COMMENTS else None,
        text=name if makes else None,
    )


def rewrite(name: str, action: OutboundAction, text: str | None = None) -> OutboundRequested:
    """Of the page's own comment `name`."""
    return msgspec.structs.replace(
        request(name, COMMENTS, action),
        message_id=reply_id(COMMENTS, name),
        target_external_id=f"mid_{name}",
        text=text,
    )


def repeat(asked: OutboundRequested) -> OutboundRequested:
    """The request that sends a reply again."""
    return msgspec.structs.replace(
        asked, request_id=outbound_request_id(asked.request_id), retries=asked.request_id
    )


def settle(
    asked: OutboundRequested, outcome: OutboundOutcome, *external_ids: str
) -> OutboundSettled:
    return OutboundSettled(
        **_ABOUT,
        request_id=asked.request_id,
        conversation_id=asked.conversation_id,
        message_id=asked.message_id,
        action=asked.action,
        outcome=outcome,
        external_ids=external_ids,
    )


def echo(name: str, part: str = "") -> MessageEchoed:
    external_id = f"mid_{name}{part}"
    return MessageEchoed(
        organization=ORG,
        page_id=PAGE,
        channel=Channel.FACEBOOK,
        occurred_at=AT,
        accepted_at=AT,
        customer=Customer(id=CUSTOMER, external_id="1"),
        conversation_id=MESSAGES,
        message_id=message_id(ORG, PAGE, external_id),
        external_id=external_id,
        text=None if part else name,
        client_id=name,
    )


def call(
    number: int, action: str, text: str | None, error: str | None = None, to: str | None = None
) -> ChannelCall:
    """One that sends a message without a text sends a file."""
    to = to or ("1" if action == "send" else "c_1")
    file = action == "send" and text is None
    about: Json = {"seq": number, "account": _ACCOUNT, "action": action, "to": to, "text": text}
    return ChannelCall(**about, error=error, file=file)


def row(name: str, conversation: ConversationId, state: str) -> Json:
    shown: Json = {"id": reply_id(conversation, name), "direction": "out", "client_id": name}
    sent = state == "sent"
    shown |= {"text": name, "state": state, "external_id": f"mid_{name}" if sent else None}
    return shown if sent or state == "removed" else {**shown, "error": _ERRORS[state]}


def find_row(evidence: Evidence, name: str) -> Json:
    """The row of a reply."""
    rows = (each for rows in evidence.threads.values() for each in rows)
    return next(each for each in rows if each.get("client_id") == name)


def evidence() -> Evidence:
    """That of `sound`, and of replies beside it."""
    found = sound.evidence()
    send, comment = OutboundAction.SEND, OutboundAction.COMMENT
    asked = [
        *(request(name, MESSAGES, send) for name in ("r1", "r2", "r3", "r4")),
        request("r5", COMMENTS, comment),
        *(request("c", COMMENTS, act) for act in (OutboundAction.HIDE, OutboundAction.UNHIDE)),
    ]
    done, failed, unknown = OutboundOutcome.DONE, OutboundOutcome.FAILED, OutboundOutcome.UNKNOWN
    outcomes = (done, unknown, failed, done, done, done, done)
    sound.put(found, OUTBOUND, asked[0], *asked)  # the first one is in the log twice
    results: Sequence[Event] = [*map(settle, asked, outcomes)]
    sound.put(found, OUTBOUND_RESULTS, *results)
    sound.put(found, INBOUND, echo("r1"), echo("r4"), _echo_of_comment("r5"))
    found.calls = [
        call(1, "send", "r1"),
        call(2, "send", "r3", "503"),
        call(3, "send", "r3", "551"),
        call(4, "comment", "r5"),
        call(5, "send", "r4"),
        call(6, "hide", None),
        call(7, "hide", None),
        call(8, "unhide", None),
    ]
    _add_changes(found)
    states = {"r1": "sent", "r2": "unknown", "r3": "failed", "r4": "sent"}
    for rows in found.threads.values():
        for each in rows:
            identity = message_id(ORG, PAGE, each["external_id"])
            each |= {"id": identity, "text": "hỏi", "state": "received", "hidden": False}
    found.threads[MESSAGES] = [
        row(name, MESSAGES, state) for name, state in {**states, "r6": "sent", "r7": "sent"}.items()
    ]
    found.threads[COMMENTS] += [
        row("r5", COMMENTS, "sent"),
        {**row("r8", COMMENTS, "sent"), "text": "r8, mended"},
        {**row("r10", COMMENTS, "removed"), "text": None, "external_id": "mid_r10"},
    ]
    found.replies = {name: _reply(name, place) for place, name in enumerate(states)}
    found.acknowledged["reply", reply_id(MESSAGES, "r1")] = 2
    found.acknowledged["action", COMMENT, "hide"] = 1
    found.held = [Held("r4", "pending")]
    found.stop = Stop(PAGE, "token_dead", ["pending"] * 2, {"an-2": "sent"}, ["sent"] * 2)
    return found


def _add_changes(found: Evidence) -> None:
    """A reply with a picture, one that was sent again, and comments that were changed."""
    send, comment = OutboundAction.SEND, OutboundAction.COMMENT
    done, unknown = OutboundOutcome.DONE, OutboundOutcome.UNKNOWN
    file = OutboundAttachment(
        id=AttachmentId("att_1"), kind="image", content_type="image/png", size=9
    )
    pictured = msgspec.structs.replace(request("r6", MESSAGES, send), attachments=(file,))
    lost = request("r7", MESSAGES, send)
    again = repeat(lost)
    below = [request(name, COMMENTS, comment) for name in ("r8", "r10")]
    edit = rewrite("r8", OutboundAction.EDIT, "r8, mended")
    delete = rewrite("r10", OutboundAction.DELETE)
    sound.put(found, OUTBOUND, pictured, lost, again, *below, edit, delete)
    sound.put(
        found,
        OUTBOUND_RESULTS,
        settle(pictured, done, "mid_r6", "mid_r6/file"),
        settle(lost, unknown),
        settle(again, done, "mid_r7"),
        *(settle(each, done) for each in (*below, edit, delete)),
    )
    sound.put(found, INBOUND, echo("r6"), echo("r6", "/file"), echo("r7"), echo("r7", "/again"))
    sound.put(found, INBOUND, _echo_of_comment("r8"), _echo_of_comment("r10"))
    found.calls = [
        *found.calls,
        call(20, "send", "r6"),
        call(21, "send", None),
        call(22, "send", "r7"),
        call(23, "send", "r7"),
        call(24, "comment", "r8"),
        call(25, "comment", "r10"),
        call(26, "edit", "r8, mended", to="mid_r8"),
        call(27, "delete", None, to="mid_r10"),
    ]


def _reply(name: str, place: int) -> Reply:
    message = reply_id(MESSAGES, name)
    return Reply(text=name, asked_at=place, accepted_at=place + 0.5, messages={message})


def _echo_of_comment(name: str) -> CommentAdded:
    external_id = f"mid_{name}"
    return CommentAdded(
        organization=ORG,
        page_id=PAGE,
        channel=Channel.FACEBOOK,
        occurred_at=AT,
        accepted_at=AT,
        message_id=message_id(ORG, PAGE, external_id),
        external_id=external_id,
        post_external_id="post",
        parent_external_id="c_1",
        conversation_id=COMMENTS,
        text=name,
    )
