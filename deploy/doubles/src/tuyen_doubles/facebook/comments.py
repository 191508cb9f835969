"""Comments: replies, hiding, editing, deleting, likes, and what there is to read of them."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from tuyen_doubles.calls import DoubleAction
from tuyen_doubles.exchange import DoubleAnswer, DoubleOperation, DoubleOutcome
from tuyen_doubles.facebook import errors
from tuyen_doubles.facebook.call import OK, SUCCESS, FacebookDouble, GraphCall, succeed
from tuyen_doubles.facebook.events import graph_time, permalink
from tuyen_doubles.facebook.pages import PageComment
from tuyen_doubles.media import MediaFile
from tuyen_doubles.webhooks import DoubleWebhook

_MESSAGE_CHARACTERS = 8_000
_PAGE_OF_LIST = 25
_LONGEST_LIST = 100
_LISTED_FIELDS = "created_time,from,message,id"
_NESTED = re.compile(r"\{[^{}]*\}")
_TRUE, _FALSE = ("true", "1"), ("false", "0")

_Report = Callable[[PageComment, datetime], list[DoubleWebhook]]
"""The webhooks that say what became of a comment, and when."""


def understand_reply(double: FacebookDouble, call: GraphCall) -> DoubleOperation:
    """`POST /{post or comment}/comments`."""

    def carry_out() -> DoubleOutcome:
        text = call.text("message")
        attachment = _find_attachment(double, call)
        if not text and attachment is None:
            raise errors.refuse_parameter("A comment has a message or an attachment")
        _check_length(text)
        post_id, parent_id = _find_place(double, call)
        page, now = call.page, double.clock.now()
        comment = PageComment(
            id=double.pages.new_comment_id(post_id, call.node),
            page=page,
            post_id=post_id,
            parent_id=parent_id,
            author_id=page,
            author_name=None if page is None else double.pages.name(page),
            message=text,
            created_at=now,
            acted_at=now,
            attachment_url=attachment,
            by_page=True,
        )
        double.pages.put_comment(comment, below=call.node)
        webhooks = double.events.build_comment(comment, "add", by_page=True, at=now)
        return DoubleOutcome(DoubleAnswer(OK, {"id": comment.id}), webhooks)

    return DoubleOperation(
        action=DoubleAction.COMMENT,
        account=call.page,
        to=call.node,
        text=call.text("message"),
        carry_out=carry_out,
    )


def _find_place(double: FacebookDouble, call: GraphCall) -> tuple[str | None, str]:
    """The post of a new comment, if it is known, and what it is below."""
    if is_post(double, call):
        return call.node, call.node
    parent = double.pages.comment_or_stub(call.node, call.page)
    if parent.removed:
        raise errors.no_object(call.method, call.node)
    return parent.post_id, call.node


def is_post(double: FacebookDouble, call: GraphCall) -> bool:
    """Whether the object of a call is a post: their ids begin with the page's."""
    if double.pages.comment(call.node) is not None:
        return False
    page, underscore, _ = call.node.partition("_")
    return double.pages.post(call.node) is not None or (bool(underscore) and page == call.page)


def _find_attachment(double: FacebookDouble, call: GraphCall) -> str | None:
    """The address of what is attached to a new comment."""
    identifier = call.text("attachment_id")
    if identifier is not None:
        upload = double.pages.upload(identifier)
        if upload is None:
            raise errors.refuse_parameter(f"Attachment {identifier} does not exist")
        return upload.url
    file = call.parameters.files.get("source")
    if file is not None:
        if file.content_type is None:
            raise errors.upload_mismatch()
        return call.origin + double.media.add(MediaFile(file.content_type, file.content))
    return call.text("attachment_url") or call.text("attachment_share_url")


def _check_length(text: str | None) -> None:
    if text is not None and len(text) > _MESSAGE_CHARACTERS:
        raise errors.refuse_parameter(f"A comment has at most {_MESSAGE_CHARACTERS} characters")


def understand_change(double: FacebookDouble, call: GraphCall) -> DoubleOperation:
    """`POST /{comment}`: `is_hidden` hides or shows it, `message` edits it."""
    hidden = call.text("is_hidden")
    if hidden is None:
        return _understand_edit(double, call)
    hide = hidden.lower() in _TRUE

    def change(comment: PageComment) -> PageComment:
        if hidden.lower() not in (*_TRUE, *_FALSE):
            raise errors.refuse_parameter("Param is_hidden must be a boolean")
        return replace(comment, hidden=hide)

    action = DoubleAction.HIDE if hide else DoubleAction.UNHIDE
    return _build_operation(
        double, call, action, change, _report_as(double, "hide" if hide else "unhide")
    )


def _understand_edit(double: FacebookDouble, call: GraphCall) -> DoubleOperation:
    text = call.text("message")

    def change(comment: PageComment) -> PageComment:
        if not text:
            raise errors.refuse_parameter("The parameter message is required")
        _check_length(text)
        if comment.author_id is not None and not comment.by_page:
            raise errors.no_permission()
        return replace(comment, message=text)

    return _build_operation(double, call, DoubleAction.EDIT, change, _report_as(double, "edited"))


def understand_removal(double: FacebookDouble, call: GraphCall) -> DoubleOperation:
    """`DELETE /{comment}`."""

    def change(comment: PageComment) -> PageComment:
        return replace(comment, removed=True)

    return _build_operation(double, call, DoubleAction.DELETE, change, _report_as(double, "remove"))


def understand_like(double: FacebookDouble, call: GraphCall) -> DoubleOperation:
    """`POST` and `DELETE /{comment}/likes`."""
    like = call.method == "POST"

    def change(comment: PageComment) -> PageComment:
        return replace(comment, liked=like)

    def report(comment: PageComment, at: datetime) -> list[DoubleWebhook]:
        return double.events.build_like(comment, liked=like, at=at)

    action = DoubleAction.LIKE if like else DoubleAction.UNLIKE
    return _build_operation(double, call, action, change, report)


def _report_as(double: FacebookDouble, verb: str) -> _Report:
    """Reports that the page did something with a comment."""

    def report(comment: PageComment, at: datetime) -> list[DoubleWebhook]:
        return double.events.build_comment(comment, verb, by_page=True, at=at)

    return report


def _build_operation(
    double: FacebookDouble,
    call: GraphCall,
    action: DoubleAction,
    change: Callable[[PageComment], PageComment],
    report: _Report,
) -> DoubleOperation:
    """Changes a comment that exists, and reports it if it was another before."""

    def carry_out() -> DoubleOutcome:
        before = _require_existing(double, call)
        after = change(before)
        webhooks = []
        if after != before or double.pages.comment(call.node) is None:
            at = double.pages.next_act(before)
            after = replace(after, acted_at=at)
            webhooks = report(after, at)
        double.pages.put_comment(after)
        return DoubleOutcome(DoubleAnswer(OK, SUCCESS), webhooks)

    return DoubleOperation(
        action=action,
        account=call.page,
        to=call.node,
        text=call.text("message"),
        carry_out=carry_out,
    )


def _require_existing(double: FacebookDouble, call: GraphCall) -> PageComment:
    comment = double.pages.comment_or_stub(call.node, call.page)
    if comment.removed:
        raise errors.no_object(call.method, call.node)
    return comment


def understand_list(double: FacebookDouble, call: GraphCall) -> DoubleOperation:
    """`GET /{post or comment}/comments`: what is directly below, oldest first unless `order` is
    `reverse_chronological`; `limit`, `after` and `fields` as usual."""

    def carry_out() -> DoubleOutcome:
        _require_existing(double, call)
        found = double.pages.replies(call.node)
        if call.text("order") == "reverse_chronological":
            found.reverse()
        start, count = _read_cursor(call.text("after")), _read_limit(call.text("limit"))
        fields = call.text("fields") or _LISTED_FIELDS
        shown = [
            choose_fields(_describe(double, each), fields) for each in found[start : start + count]
        ]
        if not shown:
            return succeed({"data": []})
        cursors = {"before": _write_cursor(start), "after": _write_cursor(start + len(shown))}
        return succeed({"data": shown, "paging": {"cursors": cursors}})

    return DoubleOperation(
        action=DoubleAction.READ, account=call.page, to=call.node, carry_out=carry_out
    )


def describe_comment(double: FacebookDouble, call: GraphCall) -> Mapping[str, Any]:
    """Everything that can be read of a comment."""
    return _describe(double, _require_existing(double, call))


def _describe(double: FacebookDouble, comment: PageComment) -> Mapping[str, Any]:
    author = {"id": comment.author_id, "name": comment.author_name}
    parent = comment.parent_id
    attached = comment.attachment_url
    fields = {
        "id": comment.id,
        "message": comment.message or "",
        "from": {name: value for name, value in author.items() if value is not None} or None,
        "created_time": graph_time(comment.created_at),
        "parent": {"id": parent} if parent is not None and parent != comment.post_id else None,
        "object": None if comment.post_id is None else {"id": comment.post_id},
        "attachment": None if attached is None else {"type": "photo", "url": attached},
        "is_hidden": comment.hidden,
        "user_likes": comment.liked,
        "like_count": int(comment.liked),
        "comment_count": len(double.pages.replies(comment.id)),
        "can_hide": not comment.by_page,
        "can_remove": True,
        "can_comment": True,
        "can_like": True,
        "can_reply_privately": not (comment.by_page or comment.replied_privately),
        "permalink_url": None if comment.post_id is None else permalink(comment.post_id),
    }
    return {name: value for name, value in fields.items() if value is not None}


def choose_fields(fields: Mapping[str, Any], wanted: str) -> dict[str, Any]:
    """The fields that a caller names, and the id; nested choices give the whole field."""
    flat = wanted
    while _NESTED.search(flat):
        flat = _NESTED.sub("", flat)
    names = {each.strip().partition(".")[0] for each in flat.split(",")} | {"id"}
    return {name: value for name, value in fields.items() if name in names}


def _read_limit(limit: str | None) -> int:
    if limit is None or not limit.isdecimal():
        return _PAGE_OF_LIST
    return min(int(limit[:9]), _LONGEST_LIST)


def _write_cursor(position: int) -> str:
    return base64.urlsafe_b64encode(str(position).encode()).decode()


def _read_cursor(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        return max(0, int(base64.urlsafe_b64decode(cursor)[:9]))
    except (ValueError, binascii.Error) as error:
        raise errors.refuse_parameter("Invalid cursor") from error
