"""Messenger's Send API: messages, private replies, uploads.

The rules are those of Meta: 24 hours after the customer's last message, seven days for a person's
answer with the tag HUMAN_AGENT, one private reply to a comment within seven days.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from tuyen_doubles.calls import DoubleAction
from tuyen_doubles.exchange import DoubleAnswer, DoubleOperation, DoubleOutcome
from tuyen_doubles.facebook import errors
from tuyen_doubles.facebook.call import OK, FacebookDouble, GraphCall, succeed
from tuyen_doubles.facebook.pages import PageComment, PagePerson, Upload
from tuyen_doubles.media import MediaFile
from tuyen_doubles.parameters import text_of

WINDOW = timedelta(hours=24)
HUMAN_AGENT_WINDOW = timedelta(days=7)
PRIVATE_REPLY_WINDOW = timedelta(days=7)

_TEXT_CHARACTERS = 2_000
_METADATA_CHARACTERS = 1_000
_KINDS = ("image", "video", "audio", "file")
_MESSAGING_TYPES = (None, "RESPONSE", "UPDATE", "MESSAGE_TAG")


@dataclass(frozen=True, slots=True)
class _Content:
    """What is sent. `attachments` are as an echo has them."""

    text: str | None
    attachments: list[dict[str, Any]]
    metadata: str | None
    reply_to: str | None


def understand_send(double: FacebookDouble, call: GraphCall) -> DoubleOperation:
    """`POST /{page}/messages`."""
    recipient = call.parameters.structure("recipient") or {}
    message = call.parameters.structure("message") or {}
    customer = text_of(recipient.get("id"))
    comment = text_of(recipient.get("comment_id")) or text_of(recipient.get("post_id"))
    page = call.page
    if page is None and comment is not None:
        page = double.pages.comment_or_stub(comment, None).page
    if page is None and customer is not None:
        page = double.pages.met_by(customer)

    def carry_out() -> DoubleOutcome:
        if page is None:
            raise errors.refuse_parameter("This token was not used with the id of a page before")
        if call.text("sender_action") is not None:
            return succeed({"recipient_id": customer})
        if comment is not None:
            return _reply_privately(double, call, page, comment)
        return _send(double, call, page, customer)

    action = DoubleAction.SEND if comment is None else DoubleAction.PRIVATE_REPLY
    if call.text("sender_action") is not None:
        action = DoubleAction.PRESENCE
    text = message.get("text")
    return DoubleOperation(
        action=action,
        account=page,
        to=customer if comment is None else comment,
        text=text if isinstance(text, str) else None,
        carry_out=carry_out,
    )


def _send(
    double: FacebookDouble, call: GraphCall, page: str, customer: str | None
) -> DoubleOutcome:
    if customer is None:
        raise errors.refuse_parameter("The parameter recipient is required")
    _check_window(double, call, double.pages.person(page, customer))
    return _deliver(double, page, customer, _read_content(double, call))


def _deliver(double: FacebookDouble, page: str, customer: str, content: _Content) -> DoubleOutcome:
    mid = double.events.new_mid()
    webhooks = double.events.build_echo(
        page=page,
        customer=customer,
        mid=mid,
        text=content.text,
        attachments=content.attachments,
        metadata=content.metadata,
        reply_to=content.reply_to,
        at=double.clock.now(),
    )
    return DoubleOutcome(DoubleAnswer(OK, {"recipient_id": customer, "message_id": mid}), webhooks)


def _check_window(double: FacebookDouble, call: GraphCall, person: PagePerson | None) -> None:
    """A customer of whom the double knows nothing has just written."""
    kind, tag = call.text("messaging_type"), call.text("tag")
    if kind not in _MESSAGING_TYPES:
        raise errors.refuse_parameter(
            "Param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG}"
        )
    if (kind == "MESSAGE_TAG") != (tag is not None):
        raise errors.refuse_parameter("A tag goes with the messaging_type MESSAGE_TAG")
    if person is None or tag not in (None, "HUMAN_AGENT"):
        return
    window = WINDOW if tag is None else HUMAN_AGENT_WINDOW
    if person.wrote_at is None or double.clock.now() - person.wrote_at > window:
        raise errors.outside_window()


def _reply_privately(
    double: FacebookDouble, call: GraphCall, page: str, identifier: str
) -> DoubleOutcome:
    comment = double.pages.comment_or_stub(identifier, page)
    _check_private_reply(double, comment, page)
    content = _read_content(double, call)
    double.pages.put_comment(replace(comment, replied_privately=True))
    if comment.author_id is not None:
        return _deliver(double, page, comment.author_id, content)
    # Nobody knows to whom it would be echoed.
    made_up = str(int(hashlib.sha256(identifier.encode("utf-8", "replace")).hexdigest()[:13], 16))
    return succeed({"recipient_id": made_up, "message_id": double.events.new_mid()})


def _check_private_reply(double: FacebookDouble, comment: PageComment, page: str) -> None:
    age = double.clock.now() - comment.created_at
    if comment.removed or comment.by_page or page != comment.page or age > PRIVATE_REPLY_WINDOW:
        raise errors.bad_comment()
    if comment.replied_privately:
        raise errors.already_replied()


def understand_takeover(double: FacebookDouble, call: GraphCall) -> DoubleOperation:
    """`POST /{page}/take_thread_control`: every app may. That another app has a thread is said by a
    fault."""
    customer = text_of((call.parameters.structure("recipient") or {}).get("id"))

    def carry_out() -> DoubleOutcome:
        if customer is None:
            raise errors.refuse_parameter("The parameter recipient is required")
        return succeed()

    return DoubleOperation(
        action=DoubleAction.TAKE_OVER, account=call.page, to=customer, carry_out=carry_out
    )


def understand_upload(double: FacebookDouble, call: GraphCall) -> DoubleOperation:
    """`POST /{page}/message_attachments`: a file or an address becomes an id for messages."""

    def carry_out() -> DoubleOutcome:
        message = call.parameters.structure("message") or {}
        attachment = message.get("attachment")
        if not isinstance(attachment, dict):
            raise errors.refuse_parameter("The parameter message[attachment] is required")
        upload = _upload(double, call, attachment)
        return succeed({"attachment_id": double.pages.add_upload(upload)})

    return DoubleOperation(action=DoubleAction.UPLOAD, account=call.page, carry_out=carry_out)


def _read_content(double: FacebookDouble, call: GraphCall) -> _Content:
    """What a call sends. Raises ChannelRefusalError for what Messenger does not take."""
    message = call.parameters.structure("message")
    if not message:
        raise errors.refuse_parameter("The parameter message is required")
    text, attachment = message.get("text"), message.get("attachment")
    if (text is None) == (attachment is None):
        raise errors.refuse_parameter("A message has either a text or an attachment")
    if text is not None and not (isinstance(text, str) and 0 < len(text) <= _TEXT_CHARACTERS):
        raise errors.refuse_parameter(
            f"Length of param message[text] must be less than or equal to {_TEXT_CHARACTERS}"
        )
    metadata = text_of(message.get("metadata"))
    if metadata is not None and len(metadata) > _METADATA_CHARACTERS:
        raise errors.refuse_parameter(
            f"Length of param message[metadata] must be at most {_METADATA_CHARACTERS}"
        )
    attachments = []
    if attachment is not None:
        if not isinstance(attachment, dict):
            raise errors.refuse_parameter("The parameter message[attachment] is no object")
        upload = _upload(double, call, attachment)
        attachments.append({"type": upload.kind, "payload": {"url": upload.url}})
    quoted = call.parameters.structure("reply_to") or message.get("reply_to")
    reply_to = text_of(quoted.get("mid")) if isinstance(quoted, dict) else None
    return _Content(text, attachments, metadata, reply_to)


def _upload(double: FacebookDouble, call: GraphCall, attachment: Mapping[str, Any]) -> Upload:
    """An attachment by its id, its address, or the file that comes with the call."""
    kind, payload = attachment.get("type"), attachment.get("payload")
    if kind not in _KINDS:
        raise errors.refuse_parameter(f"Param message[attachment][type] must be one of {_KINDS}")
    given = payload if isinstance(payload, dict) else {}
    identifier, url = text_of(given.get("attachment_id")), text_of(given.get("url"))
    if identifier is not None:
        known = double.pages.upload(identifier)
        if known is None:
            raise errors.refuse_parameter(f"Attachment {identifier} does not exist")
        return known
    if url is not None:
        if not url.startswith(("https://", "http://")):
            raise errors.refuse_parameter("message[attachment][payload][url] should be a valid URI")
        return Upload(kind, url)
    file = call.parameters.files.get("filedata")
    if file is None:
        raise errors.refuse_parameter("The attachment has no url, attachment_id or filedata")
    if file.content_type is None or not _fits(kind, file.content_type):
        raise errors.upload_mismatch()
    path = double.media.add(MediaFile(file.content_type, file.content))
    return Upload(kind, call.origin + path)


def _fits(kind: str, content_type: str) -> bool:
    return kind == "file" or content_type.startswith(f"{kind}/")
