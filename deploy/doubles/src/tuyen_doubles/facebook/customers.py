"""The customers of Facebook's pages: they write messages and comments, and read what is sent."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from tuyen_doubles.facebook.call import FacebookDouble
from tuyen_doubles.facebook.pages import PageComment, new_number
from tuyen_doubles.saying import SaidAtChannel, Saying
from tuyen_doubles.webhooks import DoubleWebhook

_NEVER_LIVE = "NONE"
"""Steers to a video without a live status."""


class FacebookCustomers:
    """ChannelCustomers."""

    def __init__(self, double: FacebookDouble) -> None:
        self._events = double.events
        self._pages = double.pages

    def say(self, saying: Saying) -> SaidAtChannel:
        return self._comment(saying) if saying.is_comment else self._write(saying)

    def _write(self, saying: Saying) -> SaidAtChannel:
        self._pages.meet(saying.account, saying.customer, saying.name, wrote_at=saying.at)
        mid = self._events.new_mid()
        webhooks = self._events.build_message(
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
        person = self._pages.meet(saying.account, saying.customer, saying.name)
        post_id, below = self._find_place(saying)
        attached = saying.attachments[0]["url"] if saying.attachments else None
        comment = PageComment(
            id=self._pages.new_comment_id(post_id, below),
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
        self._pages.put_comment(comment, below=below)
        webhooks = self._events.build_comment(comment, "add", by_page=False, at=saying.at)
        return SaidAtChannel(comment.id, post_id, webhooks)

    def _find_place(self, saying: Saying) -> tuple[str, str]:
        """The post of a comment, and what it is below. The post of a parent that the double does
        not know is the one that its id begins with."""
        pages = self._pages
        if saying.post is not None:
            post_id = pages.post_of(saying.account, saying.post).id
            return post_id, saying.parent or post_id
        parent = saying.parent or ""
        known = pages.comment_or_stub(parent, saying.account).post_id
        post_id = known or pages.post_of(saying.account, parent.partition("_")[0]).id
        return post_id, parent

    def describe_post(
        self,
        account: str,
        identifier: str,
        text: str | None,
        picture: str | None,
        live_status: str | None,
    ) -> str:
        """Changes what a post of a page is; returns its whole id."""
        self._pages.add(account)
        known = self._pages.post_of(account, identifier)
        post = replace(known, message=text or known.message, picture=picture or known.picture)
        if live_status is not None:
            status = None if live_status == _NEVER_LIVE else live_status
            post = replace(post, video=known.video or new_number(), live_status=status)
        self._pages.put_post(post)
        return post.id

    def receive(
        self, account: str, customer: str, *, seen: bool, at: datetime
    ) -> Sequence[DoubleWebhook]:
        return self._events.build_receipt(page=account, customer=customer, seen=seen, at=at)
