"""Posts of the pages, and what each event says of one (I9).

Each event updates some fields of a post. The order of the updates makes no difference, nor does an
update that is applied twice: of two texts, pictures or addresses the one with the later time of
action counts, the earliest time is that of the post, and a removal is final (P5c). A post whose
publication was never delivered is known by its comments.

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


class DatedValue(msgspec.Struct, frozen=True):
    """A value and the time of the action that set it; the event's id decides between equal times.
    Dated values are compared in the order of these fields."""

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
    text: DatedValue | None = None
    picture: DatedValue | None = None
    kept: DatedValue | None = None
    """The id of what is kept of a picture (`picture_id`)."""
    permalink: DatedValue | None = None
    comment_permalink: DatedValue | None = None
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


class PostUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of a post that one event sets; `at` is when its action happened."""

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


def post_update_of(event: InboundEvent) -> PostUpdate | None:
    """How an event updates a post; None if it does not.

    A post without a text does not remove the text that is known: Facebook reports a post that goes
    to the trash as one that was edited, without its text.
    """
    at = moment_of(event)[0]
    match event:
        case PostPublished() | PostDescribed():
            return _update_of_content(event, at)
        case PostEdited():
            return PostUpdate(
                **_common(event, event.post_external_id), at=at, text=event.text or None
            )
        case PostRemoved():
            return PostUpdate(**_common(event, event.post_external_id), at=at, removed=True)
        case CommentAdded():
            return PostUpdate(
                **_common(event, event.post_external_id),
                at=at,
                existed_at=at,
                comment_permalink=event.post_permalink,
                video=event.post_shows_video,
                live=event.livestream,
                by_others=event.origin.is_known and event.origin != CommentOrigin.COMMENT,
            )
        case LivestreamChanged(post_external_id=str(post)):
            return PostUpdate(**_common(event, post), at=at, live=True)
        case _:
            return None


def update_of_kept(event: MediaKept) -> PostUpdate | None:
    """How a stored picture updates its post; None if it is not a picture of a post."""
    if event.post_external_id is None or not event.media:
        return None
    return PostUpdate(
        organization=event.organization,
        page_id=event.page_id,
        channel=None,
        external_id=event.post_external_id,
        at=event.at,
        kept=event.media[0].id,
    )


def _update_of_content(event: PostPublished | PostDescribed, at: datetime) -> PostUpdate:
    """The update by a webhook about the post itself, or by what the channel answered about it."""
    existed_at: datetime | None
    if isinstance(event, PostPublished):
        existed_at, video = at, event.video_external_id is not None
    else:
        existed_at, video = event.published_at, event.shows_video
    return PostUpdate(
        **_common(event, event.post_external_id),
        at=at,
        existed_at=existed_at,
        text=event.text or None,
        picture=event.picture,
        permalink=event.permalink,
        video=video,
        live=event.livestream,
    )
