"""Which posts the channel is asked about, how often, and which events follow from its answer (P5a,
I9).

Decides P5a.
"""

from datetime import datetime, timedelta

from tuyen_channels.live_posts import own_number
from tuyen_channels.posts import PostDetails
from tuyen_events.event import Event
from tuyen_events.inbound import CommentAdded, PostDescribed
from tuyen_events.outbound_limits import PROFILE_KEPT_S, VIDEO_KEPT_S
from tuyen_events.posts import PostClassified
from tuyen_events.vocabulary import CommentOrigin
from tuyen_outbound.domain.profiles import Lookup


class WantedPost(Lookup, frozen=True, kw_only=True):
    """A post of a page that somebody commented on."""


def find_wanted_post(event: Event, event_id: str, now: datetime) -> WantedPost | None:
    """The page's own post below which an event is a comment; posts of others are conversations
    (P5d). Comments that were accepted long ago count for nothing."""
    if not isinstance(event, CommentAdded) or event.origin != CommentOrigin.COMMENT:
        return None
    post = event.post_external_id
    if event.parent_external_id in (post, own_number(post)):
        return None
    if event.accepted_at < now - timedelta(seconds=PROFILE_KEPT_S):
        return None
    return WantedPost(
        id=f"post|{event.organization}|{event.page_id}|{post}",
        organization=event.organization,
        page_id=event.page_id,
        channel=event.channel,
        external_id=post,
        caused_by=event_id,
        wanted_at=now,
        due=now,
    )


def build_post_description(wanted: WantedPost, found: PostDetails, now: datetime) -> PostDescribed:
    """The event that says what the post is."""
    return PostDescribed(
        organization=wanted.organization,
        page_id=wanted.page_id,
        channel=wanted.channel,
        occurred_at=now,
        accepted_at=now,
        post_external_id=wanted.external_id,
        text=found.text,
        picture=found.picture,
        permalink=found.permalink,
        published_at=found.published_at,
        shows_video=found.shows_video,
        livestream=found.livestream,
    )


def classify_post(wanted: WantedPost, found: PostDetails, now: datetime) -> PostClassified | None:
    """What ingest has to know of the post: comments that it accepts from now on are a livestream's.
    None for other posts."""
    if not found.livestream:
        return None
    return PostClassified(
        organization=wanted.organization,
        page_id=wanted.page_id,
        post_external_id=wanted.external_id,
        video_external_id=found.video,
        livestream=True,
        at=now,
    )


def find_post_known_until(found: PostDetails, now: datetime) -> datetime:
    """Until when the channel is not asked again after an answer."""
    may_go_live = found.shows_video and not found.livestream
    return now + timedelta(seconds=VIDEO_KEPT_S if may_go_live else PROFILE_KEPT_S)
