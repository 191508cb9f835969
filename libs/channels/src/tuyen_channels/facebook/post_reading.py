"""Asks the Graph API what a post is, and whether its video is or was live (P5a).

The video is read by itself: `status_type` is the same for a broadcast and for any other video, and
no field of the post says it.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

import msgspec

from tuyen_channels.answers import DECODING_ERRORS
from tuyen_channels.bounds import read_id
from tuyen_channels.calls import ChannelRefusal, RefusalKind
from tuyen_channels.facebook.refusals import find_graph_pause
from tuyen_channels.posts import PostDetails, choose_address
from tuyen_channels.transport import HttpAnswer

_POST_FIELDS: Final = (
    "message,full_picture,permalink_url,created_time,status_type,from{id},"
    "attachments{media_type,target{id}}"
)
_VIDEO_FIELDS: Final = "live_status"
_WAS_LIVE = frozenset({"LIVE", "LIVE_STOPPED", "VOD"})
"""Without a status, and while it is only planned, a video is not live."""

_STATUS_OF_VIDEO = "added_video"
_TIME = "%Y-%m-%dT%H:%M:%S%z"

ReadObject = Callable[[str, str], Awaitable[HttpAnswer | ChannelRefusal]]
"""Reads the fields (the second) of an object (the first)."""


class _Named(msgspec.Struct, frozen=True):
    id: str | int | None = None


class _Attached(msgspec.Struct, frozen=True):
    media_type: str | None = None
    target: _Named = _Named()


class _AttachedList(msgspec.Struct, frozen=True):
    data: tuple[_Attached, ...] = ()


class _Post(msgspec.Struct, frozen=True):
    message: str | None = None
    full_picture: str | None = None
    permalink_url: str | None = None
    created_time: str | None = None
    status_type: str | None = None
    author: _Named | None = msgspec.field(name="from", default=None)
    attachments: _AttachedList = _AttachedList()


class _Video(msgspec.Struct, frozen=True):
    live_status: str | None = None


_post_of = msgspec.json.Decoder(_Post).decode
_video_of = msgspec.json.Decoder(_Video).decode


async def read_post(page: str, post_id: str, read: ReadObject) -> PostDetails | ChannelRefusal:
    """What a post of the page is: one call, and one more if it shows a video."""
    answer = await read(post_id, _POST_FIELDS)
    if isinstance(answer, ChannelRefusal):
        return answer
    try:
        post = _post_of(answer.body)
    except DECODING_ERRORS:
        return _refuse("no post")
    if post.author is not None and read_id(post.author.id) not in (None, page):
        return _refuse("a post of somebody else")
    video = _find_video(post)
    details = PostDetails(
        text=(post.message or "").replace("\0", "") or None,
        picture=choose_address(post.full_picture),
        permalink=choose_address(post.permalink_url),
        published_at=_read_time(post.created_time),
        video=video,
        shows_video=video is not None or post.status_type == _STATUS_OF_VIDEO,
        pause=find_graph_pause(answer.headers),
    )
    return details if video is None else await _add_video(details, video, read)


async def _add_video(
    details: PostDetails, video: str, read: ReadObject
) -> PostDetails | ChannelRefusal:
    answer = await read(video, _VIDEO_FIELDS)
    if isinstance(answer, ChannelRefusal):
        return answer
    try:
        status = _video_of(answer.body).live_status or ""
    except DECODING_ERRORS:
        return _refuse("no video")
    pause = find_graph_pause(answer.headers) or details.pause
    return details._replace(livestream=status.upper() in _WAS_LIVE, pause=pause)


def _find_video(post: _Post) -> str | None:
    for attached in post.attachments.data:
        if "video" in (attached.media_type or ""):
            return read_id(attached.target.id)
    return None


def _read_time(given: str | None) -> datetime | None:
    try:
        return datetime.strptime(given or "", _TIME).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _refuse(what: str) -> ChannelRefusal:
    return ChannelRefusal(RefusalKind.PERMANENT, "refused", f"Facebook: {what}")
