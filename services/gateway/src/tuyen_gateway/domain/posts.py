"""Posts of the pages, and what each event says of one (I9).

An event adds facts, which merge in any order and however often: of two texts, pictures or addresses
the one with the later time of action counts, the earliest time is that of the post, and a removal
is final (P5c). A post whose publication was never delivered is known by its comments.

Decides I9.
"""

from datetime import datetime
from enum import StrEnum
from typing import TypedDict

import msgspec

from tuyen_events.ids import OrganizationId, PageId
from tuyen_events.inbound import (
    CommentAdded,
    InboundEvent,
    LivestreamChanged,
    PostDescribed,
    PostEdited,
    PostPublished,
    PostRemoved,
)
from tuyen_events.media import MediaKept, attachment_url, picture_id, post_media_owner
from tuyen_events.vocabulary import Channel, CommentOrigin
from tuyen_gateway.domain.threads import moment_of


class PostKind(StrEnum):
    POST = "post"
    VIDEO = "video"
    LIVESTREAM = "livestream"


class Fact(msgspec.Struct, frozen=True):
    """A value and the time of the action that set it; the event's id decides between equal times.
    Facts are compared in the order of these fields."""

    at: datetime
    event_id: str
    value: str


class PagePost(msgspec.Struct, frozen=True, kw_only=True):
    """A post of a page."""

    id: str = msgspec.field(name="_id")
    organization: OrganizationId
    page_id: PageId
    channel: Channel
    external_id: str
    created_at: datetime | None = None
    """When it was published or, until that is known, first commented on."""
    text: Fact | None = None
    picture: Fact | None = None
    kept: Fact | None = None
    """The id of what is kept of a picture (`picture_id`)."""
    permalink: Fact | None = None
    comment_permalink: Fact | None = None
    """Its address as its first comment has it."""
    video: bool = False
    live: bool = False
    """Whether it is or was a livestream."""
    removed: bool = False
    by_others: bool = False
    """Whether it is a visitor's post, a mention or a review, which is a conversation and no post of
    the page (P5d)."""

    @property
    def picture_url(self) -> str | None:
        """Where its picture is: here once it is kept, and at the channel until then."""
        if self.picture is None:
            return None
        owner = post_media_owner(self.organization, self.page_id, self.external_id)
        kept = picture_id(owner, self.picture.value)
        is_kept = self.kept is not None and self.kept.value == kept
        return attachment_url(kept) if is_kept else self.picture.value

    @property
    def kind(self) -> PostKind:
        if self.live:
            return PostKind.LIVESTREAM
        return PostKind.VIDEO if self.video else PostKind.POST


class PostFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What one event says of a post; `at` is when its action happened."""

    organization: OrganizationId
    page_id: PageId
    channel: Channel | None
    """None if the event does not say it."""
    external_id: str
    at: datetime
    existed_at: datetime | None = None
    """A time at which the post existed, which may be before it is known otherwise."""
    text: str | None = None
    picture: str | None = None
    kept: str | None = None
    permalink: str | None = None
    comment_permalink: str | None = None
    video: bool = False
    live: bool = False
    removed: bool = False
    by_others: bool = False

    @property
    def post_id(self) -> str:
        return post_id(self.organization, self.page_id, self.external_id)


def post_id(organization: OrganizationId, page: PageId, external_id: str) -> str:
    """The id of a post in the views."""
    return f"{organization}|{page}|{external_id}"


class _Common(TypedDict):
    organization: OrganizationId
    page_id: PageId
    channel: Channel
    external_id: str


def _common(event: InboundEvent, post: str) -> _Common:
    return _Common(
        organization=event.organization,
        page_id=event.page_id,
        channel=event.channel,
        external_id=post,
    )


def post_facts_of(event: InboundEvent) -> PostFacts | None:
    """What an event says of a post; None if it says nothing.

    A post without a text says nothing of it: Facebook reports a post that goes to the trash as one
    that was edited, without its text.
    """
    at = moment_of(event)[0]
    match event:
        case PostPublished() | PostDescribed():
            return _facts_of_content(event, at)
        case PostEdited():
            return PostFacts(
                **_common(event, event.post_external_id), at=at, text=event.text or None
            )
        case PostRemoved():
            return PostFacts(**_common(event, event.post_external_id), at=at, removed=True)
        case CommentAdded():
            return PostFacts(
                **_common(event, event.post_external_id),
                at=at,
                existed_at=at,
                comment_permalink=event.post_permalink,
                video=event.post_shows_video,
                live=event.livestream,
                by_others=event.origin.is_known and event.origin != CommentOrigin.COMMENT,
            )
        case LivestreamChanged(post_external_id=str(post)):
            return PostFacts(**_common(event, post), at=at, live=True)
        case _:
            return None


def facts_of_kept(event: MediaKept) -> PostFacts | None:
    """What is known once a picture was stored; None if it is none of a post."""
    if event.post_external_id is None or not event.media:
        return None
    return PostFacts(
        organization=event.organization,
        page_id=event.page_id,
        channel=None,
        external_id=event.post_external_id,
        at=event.at,
        kept=event.media[0].id,
    )


def _facts_of_content(event: PostPublished | PostDescribed, at: datetime) -> PostFacts:
    """What a webhook, or the channel when it was asked, says of the post itself."""
    existed_at: datetime | None
    if isinstance(event, PostPublished):
        existed_at, video = at, event.video_external_id is not None
    else:
        existed_at, video = event.published_at, event.shows_video
    return PostFacts(
        **_common(event, event.post_external_id),
        at=at,
        existed_at=existed_at,
        text=event.text or None,
        picture=event.picture,
        permalink=event.permalink,
        video=video,
        live=event.livestream,
    )
