"""What customers do, as a person or a test says it: their messages, comments and receipts.

The double remembers it (who may be written to until when, which comments there are) and sends it to
ingest as a signed webhook.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tuyen_doubles.calls import DoubledChannel
from tuyen_doubles.facebook.call import FacebookDouble
from tuyen_doubles.facebook.pages import PageComment, new_number
from tuyen_doubles.webhooks import DoubleWebhook
from tuyen_doubles.zalo.messages import ZaloDouble

_NEVER_LIVE = "NONE"
"""Steers to a video without a live status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """A message of a customer; with `post`, or below the comment `parent`, a comment."""

    channel: DoubledChannel
    account: str
    customer: str
    name: str | None
    text: str | None
    attachments: Sequence[Mapping[str, Any]]
    post: str | None
    parent: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class SaidAtChannel:
    """The channel's ids of what was said, and the webhooks that say it: none if the page has
    unsubscribed."""

    id: str
    post_id: str | None
    webhooks: Sequence[DoubleWebhook]


class Customers:
    """The customers of both channels."""

    def __init__(self, facebook: FacebookDouble, zalo: ZaloDouble) -> None:
        self._facebook = facebook
        self._zalo = zalo

    def say(self, saying: Saying) -> SaidAtChannel:
        """Raises ValueError for a comment on Zalo, which has none."""
        if saying.channel is DoubledChannel.FACEBOOK:
            if saying.post is None and saying.parent is None:
                return self._write(saying)
            return self._comment(saying)
        if saying.post is not None or saying.parent is not None:
            raise ValueError("Zalo has no comments")
        return self._write_at_zalo(saying)

    def _write(self, saying: Saying) -> SaidAtChannel:
        events, pages = self._facebook.events, self._facebook.pages
        pages.meet(saying.account, saying.customer, saying.name, wrote_at=saying.at)
        mid = events.new_mid()
        webhooks = events.build_message(
            page=saying.account,
            customer=saying.customer,
            mid=mid,
            text=saying.text,
            attachments=[
                {"type": each["type"], "payload": {"url": each["url"]}}
                for each in saying.attachments
            ],
            at=saying.at,
        )
        return SaidAtChannel(mid, None, webhooks)

    def _comment(self, saying: Saying) -> SaidAtChannel:
        events, pages = self._facebook.events, self._facebook.pages
        person = pages.meet(saying.account, saying.customer, saying.name)
        post_id, below = self._place(saying)
        attached = saying.attachments[0]["url"] if saying.attachments else None
        comment = PageComment(
            id=pages.new_comment_id(post_id, below),
            page=saying.account,
            post_id=post_id,
            parent_id=below,
            author_id=saying.customer,
            author_name=person.name,
            message=saying.text,
            created_at=saying.at,
            acted_at=saying.at,
            attachment_url=attached,
        )
        pages.put_comment(comment, below=below)
        webhooks = events.build_comment(comment, "add", by_page=False, at=saying.at)
        return SaidAtChannel(comment.id, post_id, webhooks)

    def _place(self, saying: Saying) -> tuple[str, str]:
        """The post of a comment, and what it is below. The post of a parent that the double does
        not know is the one that its id begins with."""
        pages = self._facebook.pages
        if saying.post is not None:
            post_id = pages.post_of(saying.account, saying.post).id
            return post_id, saying.parent or post_id
        parent = saying.parent or ""
        known = pages.comment_or_stub(parent, saying.account).post_id
        post_id = known or pages.post_of(saying.account, parent.partition("_")[0]).id
        return post_id, parent

    def _write_at_zalo(self, saying: Saying) -> SaidAtChannel:
        message = self._zalo.events.new_message_id()
        self._zalo.accounts.meet(saying.account, saying.customer, saying.name, saying.at, message)
        webhook = self._zalo.events.build_message(
            account=saying.account,
            customer=saying.customer,
            message=message,
            text=saying.text,
            attachments=[
                {"type": each["type"], "payload": {"thumbnail": each["url"], "url": each["url"]}}
                for each in saying.attachments
            ],
            at=saying.at,
        )
        return SaidAtChannel(message, None, [webhook])

    def describe_post(
        self,
        account: str,
        identifier: str,
        text: str | None,
        picture: str | None,
        live_status: str | None,
    ) -> str:
        """Changes what a post of a Facebook page is; returns its whole id."""
        pages = self._facebook.pages
        pages.add(account)
        known = pages.post_of(account, identifier)
        post = replace(known, message=text or known.message, picture=picture or known.picture)
        if live_status is not None:
            status = None if live_status == _NEVER_LIVE else live_status
            post = replace(post, video=known.video or new_number(), live_status=status)
        pages.put_post(post)
        return post.id

    def receive(
        self, channel: DoubledChannel, account: str, customer: str, *, seen: bool, at: datetime
    ) -> Sequence[DoubleWebhook]:
        """What was sent to a customer was delivered to them, or they have seen it."""
        if channel is DoubledChannel.FACEBOOK:
            events = self._facebook.events
            return events.build_receipt(page=account, customer=customer, seen=seen, at=at)
        known = self._zalo.accounts.follower(account, customer)
        if known is None or not known.sent:
            return []
        event = self._zalo.events.build_receipt(
            account=account, customer=customer, messages=known.sent, seen=seen, at=at
        )
        return [event]
