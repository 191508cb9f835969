"""Turns one change of a page's feed, or of its live videos, into one event.

Decides P5b.
"""

from datetime import datetime
from hashlib import sha256
from typing import TypedDict

from msgspec import Raw

from tuyen_channels.bounds import Id, whole_or_none
from tuyen_channels.facebook import wire
from tuyen_channels.facebook.post_details import find_picture, read_address
from tuyen_channels.facebook.source import PartSource, UnreadablePartError
from tuyen_channels.ports import Normalized, Skipped, SkipReason
from tuyen_events.ids import (
    ConversationId,
    EventId,
    MessageId,
    OrganizationId,
    PageId,
    build_unnamed_author,
    comment_thread_id,
    livestream_thread_id,
)
from tuyen_events.inbound import (
    Attachment,
    CommentAdded,
    CommentEdited,
    CommentHidden,
    CommentRemoved,
    CommentUnhidden,
    Customer,
    InboundEvent,
    LivestreamChanged,
    PostEdited,
    PostPublished,
    PostRemoved,
    Reacted,
)
from tuyen_events.limits import MEDIA_URL_CHARACTERS, NAME_CHARACTERS
from tuyen_events.vocabulary import Channel

_POST_ITEMS = frozenset({"album", "event", "link", "photo", "post", "share", "status", "video"})
_REACTION_ITEMS = frozenset({"reaction", "like"})
_VERBS = {"edit": "edited", "update": "edited"}
_REACTION_VERBS = frozenset({"add", "edit", "edited", "remove"})
_COMMENT_CHANGES = {
    "remove": CommentRemoved,
    "hide": CommentHidden,
    "unhide": CommentUnhidden,
}
_STATUS_OF_VIDEO = "added_video"
_RUNNING = {"live": True, "live_stopped": False, "vod": False}


class _Common(TypedDict):
    organization: OrganizationId
    page_id: PageId
    channel: Channel


class _AboutComment(_Common):
    message_id: MessageId
    external_id: str
    post_external_id: str
    parent_external_id: str | None
    customer: Customer | None
    conversation_id: ConversationId | None
    livestream: bool


class _AboutPost(_Common):
    occurred_at: datetime
    accepted_at: datetime
    post_external_id: str


def normalize(part: Raw | bytes, source: PartSource) -> Normalized | Skipped:
    """Reads one change.

    Raises msgspec.MsgspecError or UnreadablePartError when its content does not match its type.
    """
    change = wire.change_of(part)
    if change.field == "live_videos":
        return _live_video(wire.live_video_of(change.value), source)
    if change.field != "feed":
        return Skipped(SkipReason.UNKNOWN_FIELD, change.field)
    value = wire.feed_value_of(change.value)
    if value.item == "comment":
        return _comment(value, source)
    if value.item in _REACTION_ITEMS:
        return _reaction(value, source)
    if value.item in _POST_ITEMS:
        return _post(value, source)
    return Skipped(SkipReason.UNKNOWN_ITEM, value.item)


def _comment(value: wire.FeedValue, source: PartSource) -> Normalized | Skipped:
    """A comment, or a change of one. `created_time` is part of the id: hide, unhide, hide are three
    events (P5c)."""
    comment = _require(value.comment_id, "comment_id")
    post = _require(value.post_id, "post_id")
    verb = _VERBS.get(value.verb, value.verb)
    identifier = source.event_id("comment", comment, verb, _when(value))
    if verb == "add":
        return _comment_added(value, comment, post, identifier, source)
    author = _author(value)
    customer = None if author in (None, source.page_external_id) else _customer(value, source)
    about = _about(value, comment, post, customer, source)
    live = about["livestream"] = source.posts.is_live(source.page_key, post, source.accepted_at)
    if live:
        # The conversation depends on when and by whom the comment was made, which the change does
        # not say: views find the comment's conversation by its id.
        about["conversation_id"] = None
    elif about["parent_external_id"] is not None:
        _below_root(about, about["parent_external_id"], source)
    event: InboundEvent
    times = (source.moment(value.created_time), source.accepted_at)
    if verb == "edited":
        event = CommentEdited(
            **about,
            occurred_at=times[0],
            accepted_at=times[1],
            text=value.message,
            attachments=_attachments(value),
        )
    elif (kind := _COMMENT_CHANGES.get(verb)) is not None:
        event = kind(**about, occurred_at=times[0], accepted_at=times[1])
    else:
        return Skipped(SkipReason.UNKNOWN_VERB, f"comment {value.verb}")
    placed_by = _thread_place(about) if customer is None else customer.external_id
    return source.normalize(identifier, placed_by, _subject(about), event)


def _comment_added(
    value: wire.FeedValue, comment: str, post: str, identifier: EventId, source: PartSource
) -> Normalized:
    """A comment by a customer, by the page itself (P5b), or by an author whom Facebook does not
    name."""
    author = _author(value)
    by_page = author == source.page_external_id
    customer = None
    if author is None:
        customer = source.customer(build_unnamed_author(comment))
    elif not by_page:
        customer = _customer(value, source)
    about = _about(value, comment, post, customer, source)
    shows_video = value.post is not None and value.post.status_type == _STATUS_OF_VIDEO
    if source.posts.classify_comment(source.page_key, post, shows_video, source.accepted_at):
        about["livestream"] = True
        about["conversation_id"] = (
            None if customer is None else livestream_thread_id(customer.id, post)
        )
    elif about["parent_external_id"] is None:
        about["conversation_id"] = _thread(comment, source)
    else:
        root = _below_root(about, about["parent_external_id"], source)
        source.posts.add_reply(source.page_key, comment, root)
    event = CommentAdded(
        **about,
        occurred_at=source.moment(value.created_time),
        accepted_at=source.accepted_at,
        text=value.message,
        attachments=_attachments(value),
        post_permalink=None if value.post is None else read_address(value.post.permalink_url),
        post_shows_video=shows_video,
    )
    placed_by = _thread_place(about) if customer is None else customer.external_id
    return source.normalize(identifier, placed_by, _subject(about), event)


def _about(
    value: wire.FeedValue, comment: str, post: str, customer: Customer | None, source: PartSource
) -> _AboutComment:
    """The fields of all events of a comment, as if its post were no livestream.

    The parent comment is taken as the root. If the change names no parent, the thread is unknown.
    """
    parent = None if value.parent_id is None else str(value.parent_id)
    is_root = parent in (post, post.rpartition("_")[2])
    thread = None
    if parent is not None:
        thread = _thread(comment if is_root else parent, source)
    return _AboutComment(
        organization=source.page.organization,
        page_id=source.page.id,
        channel=Channel.FACEBOOK,
        message_id=source.message_id(comment),
        external_id=comment,
        post_external_id=post,
        parent_external_id=None if is_root else parent,
        customer=customer,
        conversation_id=thread,
        livestream=False,
    )


def _below_root(about: _AboutComment, above: str, source: PartSource) -> str:
    """Assigns a reply, perhaps to a reply, to its root: a conversation belongs to its root comment
    (R4.3). Returns the root."""
    root = source.posts.root_of(source.page_key, above)
    about["parent_external_id"] = root
    about["conversation_id"] = _thread(root, source)
    return root


def _reaction(value: wire.FeedValue, source: PartSource) -> Normalized | Skipped:
    if value.verb not in _REACTION_VERBS:
        return Skipped(SkipReason.UNKNOWN_VERB, f"{value.item} {value.verb}")
    if value.item == "like" and value.post_id is None:
        return Skipped(SkipReason.EMPTY, "a like of the page itself")
    post = _require(value.post_id, "post_id")
    comment = None if value.comment_id is None else str(value.comment_id)
    author = _author(value)
    by_customer = author is not None and author != source.page_external_id
    kind = (value.reaction_type or "like")[:NAME_CHARACTERS]
    event = Reacted(
        organization=source.page.organization,
        page_id=source.page.id,
        channel=Channel.FACEBOOK,
        occurred_at=source.moment(value.created_time),
        accepted_at=source.accepted_at,
        post_external_id=post,
        comment_external_id=comment,
        customer=_customer(value, source) if by_customer else None,
        reaction=None if value.verb == "remove" else kind,
    )
    created = "" if value.created_time is None else str(value.created_time)
    identifier = source.event_id(
        "reaction", post, comment or "", author or "", value.verb, kind, created
    )
    placed_by = author if by_customer and author is not None else f"post:{post}"
    return source.normalize(identifier, placed_by, post, event)


def _post(value: wire.FeedValue, source: PartSource) -> Normalized | Skipped:
    """A post of the page. A post with several items (a photo, a video) is reported once for each of
    them."""
    verb = _VERBS.get(value.verb, value.verb)
    if verb not in ("add", "edited", "remove"):
        return Skipped(SkipReason.UNKNOWN_VERB, f"{value.item} {value.verb}")
    if value.post_id is None:
        return Skipped(SkipReason.EMPTY, f"{value.item} without a post")
    if verb != "remove" and _author(value) not in (None, source.page_external_id):
        return Skipped(SkipReason.BY_VISITOR, value.item)
    post = str(value.post_id)
    if value.item == "video" and verb == "add":
        video = None if value.video_id is None else str(value.video_id)
        source.posts.video_published(source.page_key, post, video, source.accepted_at)
    identifier = source.event_id("post", post, value.item, verb, _when(value))
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


def _live_video(value: wire.LiveVideo, source: PartSource) -> Normalized | Skipped:
    """A broadcast started or ended; its other states (planned, processing) are skipped."""
    video, status = str(value.id), value.status.lower()
    running = _RUNNING.get(status)
    if running is None:
        return Skipped(SkipReason.UNKNOWN_VERB, f"live_videos {value.status}"[:100])
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


def _when(value: wire.FeedValue) -> str:
    """Distinguishes repeated actions: the time of the action, or else a digest of its content."""
    if value.created_time is not None:
        return str(value.created_time)
    said = "\0".join((value.message or "", value.photo or "", value.video or ""))
    return sha256(said.encode()).hexdigest()


def _author(value: wire.FeedValue) -> str | None:
    """Who acted; Facebook omits it without a permission, and for privacy."""
    if value.author is None or value.author.id is None:
        return None
    return str(value.author.id)


def _customer(value: wire.FeedValue, source: PartSource) -> Customer:
    assert value.author is not None  # noqa: S101 - callers have checked `_author`
    return source.customer(str(value.author.id), value.author.name)


def _thread(root: str, source: PartSource) -> ConversationId:
    return comment_thread_id(source.page.organization, source.page.id, root)


def _thread_place(about: _AboutComment) -> str:
    """The partitioning key for what no customer did: that of the comment's thread."""
    return f"comment:{about['parent_external_id'] or about['external_id']}"


def _subject(about: _AboutComment) -> str:
    return about["conversation_id"] or about["message_id"]


def _require(value: Id | None, name: str) -> str:
    if value is None:
        raise UnreadablePartError(f"the change has no {name}")
    return str(value)


def _attachments(value: wire.FeedValue) -> tuple[Attachment, ...]:
    """Comments with only a photo have no text at all; an animated image is sent as a video."""
    found = (("image", value.photo), ("video", value.video))
    return tuple(
        Attachment(kind=kind, url=whole_or_none(url, MEDIA_URL_CHARACTERS))
        for kind, url in found
        if url
    )
