"""The webhooks of the Facebook double, in Meta's own form and signed with the app's secret.

A page that unsubscribed a field gets no event of it (`KnownPages.sends`).
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tuyen_doubles.facebook.pages import GraphPost, KnownPages, PageComment
from tuyen_doubles.webhooks import DoubleWebhook
from tuyen_platform.clock import Clock

FACEBOOK = "facebook"


class FacebookEvents:
    """Builds webhooks. `app_id` is the app in whose name callers write."""

    def __init__(self, *, app_id: str, app_secret: str, pages: KnownPages, clock: Clock) -> None:
        self._app_id = app_id
        self._secret = app_secret.encode()
        self._pages = pages
        self._clock = clock

    def new_mid(self) -> str:
        return f"m_{secrets.token_urlsafe(48)}"

    def build_message(
        self,
        *,
        page: str,
        customer: str,
        mid: str,
        text: str | None,
        attachments: Sequence[Mapping[str, Any]],
        at: datetime,
    ) -> list[DoubleWebhook]:
        """A customer's message."""
        message = _without_none(mid=mid, text=text, attachments=list(attachments) or None)
        return self._messaging("messages", page, customer, (customer, page), at, message=message)

    def build_echo(
        self,
        *,
        page: str,
        customer: str,
        mid: str,
        text: str | None,
        attachments: Sequence[Mapping[str, Any]],
        metadata: str | None,
        reply_to: str | None,
        at: datetime,
    ) -> list[DoubleWebhook]:
        """The page's own message, sent by the app."""
        message = _without_none(
            mid=mid,
            text=text,
            attachments=list(attachments) or None,
            reply_to=None if reply_to is None else {"mid": reply_to},
            is_echo=True,
            app_id=int(self._app_id) if self._app_id.isdecimal() else self._app_id,
            metadata=metadata,
        )
        way = (page, customer)
        return self._messaging("message_echoes", page, customer, way, at, message=message)

    def build_receipt(
        self, *, page: str, customer: str, seen: bool, at: datetime
    ) -> list[DoubleWebhook]:
        """What was sent before `at` was delivered to a customer, or read by them."""
        content: dict[str, Any] = {"watermark": _milliseconds(at)}
        field, name = ("message_reads", "read") if seen else ("message_deliveries", "delivery")
        return self._messaging(field, page, customer, (customer, page), at, **{name: content})

    def build_comment(
        self, comment: PageComment, verb: str, *, by_page: bool, at: datetime
    ) -> list[DoubleWebhook]:
        """A comment was added, or somebody did something with it: `verb` at the time `at`.

        Nothing is sent of a comment whose page or post the double does not know.
        """
        if comment.page is None or comment.post_id is None:
            return []
        actor = self._page(comment.page)
        if not by_page:
            actor = _without_none(id=comment.author_id, name=comment.author_name)
        removed = verb == "remove"
        value = _without_none(
            **{"from": actor},
            post=None if removed else self._post(comment.post_id, at),
            message=None if removed else comment.message,
            photo=None if removed else comment.attachment_url,
            post_id=comment.post_id,
            comment_id=comment.id,
            created_time=int(at.timestamp()),
            item="comment",
            parent_id=comment.parent_id,
            verb=verb,
        )
        return self._feed(comment.page, comment.author_id or comment.id, value)

    def build_like(self, comment: PageComment, *, liked: bool, at: datetime) -> list[DoubleWebhook]:
        """The page liked a comment, or no longer does."""
        if comment.page is None or comment.post_id is None:
            return []
        value = _without_none(
            **{"from": self._page(comment.page)},
            post_id=comment.post_id,
            comment_id=comment.id,
            created_time=int(at.timestamp()),
            item="reaction",
            parent_id=comment.parent_id,
            reaction_type="like",
            verb="add" if liked else "remove",
        )
        return self._feed(comment.page, comment.author_id or comment.id, value)

    def _post(self, post_id: str, at: datetime) -> dict[str, Any]:
        return {
            "status_type": status_type(self._pages.post(post_id)),
            "is_published": True,
            "updated_time": graph_time(at),
            "permalink_url": permalink(post_id),
            "promotion_status": "inactive",
            "id": post_id,
        }

    def _page(self, page: str) -> dict[str, Any]:
        return {"id": page, "name": self._pages.name(page)}

    def _messaging(
        self, field: str, page: str, customer: str, way: tuple[str, str], at: datetime, **what: Any
    ) -> list[DoubleWebhook]:
        if not self._pages.sends(page, field):
            return []
        sender, recipient = way
        update = {
            "sender": {"id": sender},
            "recipient": {"id": recipient},
            "timestamp": _milliseconds(at),
            **what,
        }
        entry = {"id": page, "time": _milliseconds(self._clock.now()), "messaging": [update]}
        return [self._sign(customer, entry)]

    def _feed(self, page: str, customer: str, value: Mapping[str, Any]) -> list[DoubleWebhook]:
        if not self._pages.sends(page, "feed"):
            return []
        now = int(self._clock.now().timestamp())
        change = {"field": "feed", "value": value}
        return [self._sign(customer, {"id": page, "time": now, "changes": [change]})]

    def _sign(self, customer: str, entry: Mapping[str, Any]) -> DoubleWebhook:
        """Meta escapes all that is not ASCII, and slashes, and signs these bytes."""
        text = json.dumps({"object": "page", "entry": [entry]}, separators=(",", ":"))
        body = text.replace("/", "\\/").encode()
        digest = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        headers = {"X-Hub-Signature-256": f"sha256={digest}"}
        return DoubleWebhook(FACEBOOK, customer, body, headers)


def graph_time(moment: datetime) -> str:
    """A time as the Graph API writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S+0000")


def permalink(post_id: str) -> str:
    page, _, post = post_id.rpartition("_")
    return f"https://www.facebook.com/{page}/posts/{post}"


def status_type(post: GraphPost | None) -> str:
    """The same for a broadcast and for any other video."""
    shows_video = post is not None and post.video is not None
    return "added_video" if shows_video else "mobile_status_update"


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _without_none(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
