"""Turns one change of a page's feed, of its mentions, ratings or live videos, into one event."""

from datetime import datetime
from typing import TypedDict

from msgspec import Raw

from tuyen_channels.facebook import wire
from tuyen_channels.facebook.comments import (
    build_customer,
    find_time,
    name_author,
    normalize_verb,
    read_comment,
    require_id,
)
from tuyen_channels.facebook.post_details import find_picture
from tuyen_channels.facebook.source import PartSource
from tuyen_channels.facebook.visitors import (
    is_by_visitor,
    read_mention,
    read_rating,
    read_visitor_post,
)
from tuyen_channels.ports import ParsedEvent, SkippedPart, SkipReason
from tuyen_events.ids import OrganizationId, PageId
from tuyen_events.inbound import (
    InboundEvent,
    LivestreamChanged,
    PostEdited,
    PostPublished,
    PostRemoved,
    Reacted,
)
from tuyen_events.limits import NAME_CHARACTERS
from tuyen_events.vocabulary import Channel

_POST_ITEMS = frozenset({"album", "event", "link", "photo", "post", "share", "status", "video"})
_REACTION_ITEMS = frozenset({"reaction", "like"})
_REACTION_VERBS = frozenset({"add", "edit", "edited", "remove"})
_RUNNING = {"live": True, "live_stopped": False, "vod": False}


class _AboutPost(TypedDict):
    organization: OrganizationId
    page_id: PageId
    channel: Channel
    occurred_at: datetime
    accepted_at: datetime
    post_external_id: str


def normalize(part: Raw | bytes, source: PartSource) -> ParsedEvent | SkippedPart:
    """Reads one change.

    Raises msgspec.MsgspecError or UnreadablePartError when its content does not match its type.
    """
    change = wire.change_of(part)
    match change.field:
        case "feed":
            return _feed(wire.feed_value_of(change.value), source)
        case "live_videos":
            return _live_video(wire.live_video_of(change.value), source)
        case "mention":
            return read_mention(wire.feed_value_of(change.value), source)
        case "ratings":
            return read_rating(wire.feed_value_of(change.value), source)
        case _:
            return SkippedPart(SkipReason.UNKNOWN_FIELD, change.field)


def _feed(value: wire.FeedValue, source: PartSource) -> ParsedEvent | SkippedPart:
    if value.item == "comment":
        return read_comment(value, source)
    if value.item in _REACTION_ITEMS:
        return _reaction(value, source)
    if value.item in _POST_ITEMS:
        return _post(value, source)
    return SkippedPart(SkipReason.UNKNOWN_ITEM, value.item)


def _reaction(value: wire.FeedValue, source: PartSource) -> ParsedEvent | SkippedPart:
    if value.verb not in _REACTION_VERBS:
        return SkippedPart(SkipReason.UNKNOWN_VERB, f"{value.item} {value.verb}")
    if value.item == "like" and value.post_id is None:
        return SkippedPart(SkipReason.EMPTY, "a like of the page itself")
    post = require_id(value.post_id, "post_id")
    comment = None if value.comment_id is None else str(value.comment_id)
    author = name_author(value)
    by_page = author == source.page_external_id
    customer = None if author is None or by_page else build_customer(value, author, source)
    kind = (value.reaction_type or "like")[:NAME_CHARACTERS]
    event = Reacted(
        organization=source.page.organization,
        page_id=source.page.id,
        channel=Channel.FACEBOOK,
        occurred_at=source.moment(value.created_time),
        accepted_at=source.accepted_at,
        post_external_id=post,
        comment_external_id=comment,
        customer=customer,
        reaction=None if value.verb == "remove" else kind,
    )
    created = "" if value.created_time is None else str(value.created_time)
    identifier = source.event_id(
        "reaction", post, comment or "", author or "", value.verb, kind, created
    )
    placed_by = f"post:{post}" if customer is None else customer.external_id
    return source.normalize(identifier, placed_by, post, event)


def _post(value: wire.FeedValue, source: PartSource) -> ParsedEvent | SkippedPart:
    """A post of the page, or of a visitor. A post with several items (a photo, a video) is reported
    once for each of them."""
    if value.post_id is None:
        return SkippedPart(SkipReason.EMPTY, f"{value.item} without a post")
    post = str(value.post_id)
    if is_by_visitor(value, post, source):
        return read_visitor_post(value, post, source)
    verb = normalize_verb(value)
    if verb not in ("add", "edited", "remove"):
        return SkippedPart(SkipReason.UNKNOWN_VERB, f"{value.item} {value.verb}")
    if value.item == "video" and verb == "add":
        video = None if value.video_id is None else str(value.video_id)
        source.posts.video_published(source.page_key, post, video, source.accepted_at)
    identifier = source.event_id("post", post, value.item, verb, find_time(value))
    return source.normalize(identifier, f"post:{post}", post, _post_event(value, verb, source))


def _post_event(value: wire.FeedValue, verb: str, source: PartSource) -> InboundEvent:
    about = _AboutPost(
        organization=source.page.organization,
        page_id=source.page.id,
        channel=Channel.FACEBOOK,
        occurred_at=source.moment(value.created_time),
        accepted_at=source.accepted_at,
        post_external_id=str(value.post_id),
    )
    if verb == "remove":
        return PostRemoved(**about)
    if verb == "edited":
        return PostEdited(**about, text=value.message)
    post = str(value.post_id)
    return PostPublished(
        **about,
        text=value.message,
        video_external_id=None if value.video_id is None else str(value.video_id),
        picture=find_picture(value),
        permalink=f"https://www.facebook.com/{post}",
        livestream=source.posts.is_live(source.page_key, post, source.accepted_at),
    )


def _live_video(value: wire.LiveVideo, source: PartSource) -> ParsedEvent | SkippedPart:
    """A broadcast started or ended; its other states (planned, processing) are skipped."""
    video, status = str(value.id), value.status.lower()
    running = _RUNNING.get(status)
    if running is None:
        return SkippedPart(SkipReason.UNKNOWN_VERB, f"live_videos {value.status}"[:100])
    post = source.posts.broadcast(source.page_key, video, running, source.accepted_at)
    event = LivestreamChanged(
        organization=source.page.organization,
        page_id=source.page.id,
        channel=Channel.FACEBOOK,
        occurred_at=source.moment(None),
        accepted_at=source.accepted_at,
        video_external_id=video,
        post_external_id=post,
        live=running,
    )
    identifier = source.event_id("live_video", video, status)
    return source.normalize(identifier, f"video:{video}", video, event)
