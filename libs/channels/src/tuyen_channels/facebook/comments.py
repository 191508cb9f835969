"""Comments, what is assigned like them (P5d), and the changes of both.

A root is a comment directly below a post of the page, or a visitor's post, a mention, a review. A
comment directly below one of the last three is a reply to it.
"""

from datetime import datetime
from hashlib import sha256
from typing import NamedTuple, TypedDict

from tuyen_channels.bounds import Id, whole_or_none
from tuyen_channels.facebook import wire
from tuyen_channels.facebook.post_details import read_address
from tuyen_channels.facebook.source import PartSource
from tuyen_channels.live_posts import own_number
from tuyen_channels.ports import ParsedEvent, SkippedPart, SkipReason, UnreadablePartError
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
)
from tuyen_events.limits import ATTACHMENTS, MEDIA_URL_CHARACTERS
from tuyen_events.vocabulary import Channel, CommentOrigin

_VERBS = {"edit": "edited", "update": "edited"}
_CHANGES = {
    "remove": CommentRemoved,
    "hide": CommentHidden,
    "unhide": CommentUnhidden,
}
_KINDS = {"photo": "image", "video": "video", "link": "link"}
_STATUS_OF_VIDEO = "added_video"
_RECOMMENDATIONS = {"positive": True, "negative": False}


class CommentPlace(NamedTuple):
    """Where a comment is."""

    comment: str
    post: str
    parent: str | None = None
    """The comment or other root that it answers; None for a root."""
    certain: bool = True
    """Whether the change says what the parent is."""
    on_page: bool = True
    """Whether it is below a post of the page itself."""


class _AboutComment(TypedDict):
    organization: OrganizationId
    page_id: PageId
    channel: Channel
    occurred_at: datetime
    accepted_at: datetime
    message_id: MessageId
    external_id: str
    post_external_id: str
    parent_external_id: str | None
    customer: Customer | None
    conversation_id: ConversationId | None
    livestream: bool


def read_comment(
    value: wire.FeedValue, source: PartSource, review: str | None = None
) -> ParsedEvent | SkippedPart:
    """A comment, or a change of one, below a post of the page or of a visitor, or below `review`.

    `created_time` is part of the id: hide, unhide, hide are three events (P5c).
    """
    place = _find_place(value, source, review)
    verb = normalize_verb(value)
    identifier = source.event_id("comment", place.comment, verb, find_time(value))
    if verb == "add":
        return _read_added_comment(value, place, identifier, source)
    about = _about(value, place, _find_actor(value, source), source)
    live = about["livestream"] = source.posts.is_live(
        source.page_key, place.post, source.accepted_at
    )
    if live:
        # The conversation depends on when and by whom the comment was made, which the change does
        # not say: views find the comment's conversation by its id.
        about["conversation_id"] = None
    elif place.parent is not None:
        _put_below_root(about, place.parent, source)
    return _read_change(value, about, identifier, source)


def read_root(
    value: wire.FeedValue, place: CommentPlace, origin: CommentOrigin, source: PartSource
) -> ParsedEvent | SkippedPart:
    """A visitor's post, a mention or a review, or a change of one."""
    verb = normalize_verb(value)
    identifier = source.event_id(origin, place.comment, verb, find_time(value))
    if verb != "add":
        about = _about(value, place, _find_actor(value, source), source)
        return _read_change(value, about, identifier, source)
    about = _about(value, place, _find_author(value, place.comment, source), source)
    return _normalize_added(value, about, origin, identifier, source)


def _find_place(value: wire.FeedValue, source: PartSource, review: str | None) -> CommentPlace:
    comment = require_id(value.comment_id, "comment_id")
    post = require_id(value.post_id, "post_id")
    parent = None if value.parent_id is None else str(value.parent_id)
    other = review
    if review is None and source.posts.is_visitor_post(source.page_key, post):
        other = post
    on_page = other is None
    if parent in (post, own_number(post)):
        return CommentPlace(comment, post, other, on_page=on_page)
    return CommentPlace(comment, post, parent, certain=parent is not None, on_page=on_page)


def _read_added_comment(
    value: wire.FeedValue, place: CommentPlace, identifier: EventId, source: PartSource
) -> ParsedEvent:
    """A comment by a customer, by the page itself (P5b), or by an author whom Facebook does not
    name."""
    customer = _find_author(value, place.comment, source)
    about = _about(value, place, customer, source)
    if place.on_page and source.posts.classify_comment(
        source.page_key, place.post, _shows_video(value), source.accepted_at
    ):
        about["livestream"] = True
        about["conversation_id"] = (
            None if customer is None else livestream_thread_id(customer.id, place.post)
        )
    elif place.parent is None:
        about["conversation_id"] = _thread(place.comment, source)
    else:
        root = _put_below_root(about, place.parent, source)
        source.posts.add_reply(source.page_key, place.comment, root)
    return _normalize_added(value, about, CommentOrigin.COMMENT, identifier, source)


def _shows_video(value: wire.FeedValue) -> bool:
    """Whether the post of a comment shows a video."""
    return value.post is not None and value.post.status_type == _STATUS_OF_VIDEO


def _normalize_added(
    value: wire.FeedValue,
    about: _AboutComment,
    origin: CommentOrigin,
    identifier: EventId,
    source: PartSource,
) -> ParsedEvent:
    event = CommentAdded(
        **about,
        text=_find_text(value),
        attachments=_attachments(value),
        origin=origin,
        recommends=_recommendation(value),
        post_permalink=None if value.post is None else read_address(value.post.permalink_url),
        post_shows_video=_shows_video(value),
    )
    return _place_and_normalize(event, about, identifier, source)


def _read_change(
    value: wire.FeedValue, about: _AboutComment, identifier: EventId, source: PartSource
) -> ParsedEvent | SkippedPart:
    verb = normalize_verb(value)
    event: InboundEvent
    if verb == "edited":
        event = CommentEdited(
            **about,
            text=_find_text(value),
            attachments=_attachments(value),
        )
    elif (kind := _CHANGES.get(verb)) is not None:
        event = kind(**about)
    else:
        return SkippedPart(SkipReason.UNKNOWN_VERB, f"{value.item} {value.verb}")
    return _place_and_normalize(event, about, identifier, source)


def _place_and_normalize(
    event: InboundEvent, about: _AboutComment, identifier: EventId, source: PartSource
) -> ParsedEvent:
    """The event in the partition of the customer who acted; what no customer did is in that of the
    comment's thread."""
    customer = about["customer"]
    thread_place = f"comment:{about['parent_external_id'] or about['external_id']}"
    placed_by = thread_place if customer is None else customer.external_id
    subject = about["conversation_id"] or about["message_id"]
    return source.normalize(identifier, placed_by, subject, event)


def _about(
    value: wire.FeedValue, place: CommentPlace, customer: Customer | None, source: PartSource
) -> _AboutComment:
    """The fields of all events of a comment, as if its post were no livestream.

    The parent is taken as the root. If the change names no parent, the thread is unknown.
    """
    root = place.parent or place.comment
    return _AboutComment(
        organization=source.page.organization,
        page_id=source.page.id,
        channel=Channel.FACEBOOK,
        occurred_at=source.moment(value.created_time),
        accepted_at=source.accepted_at,
        message_id=source.message_id(place.comment),
        external_id=place.comment,
        post_external_id=place.post,
        parent_external_id=place.parent,
        customer=customer,
        conversation_id=_thread(root, source) if place.certain else None,
        livestream=False,
    )


def _put_below_root(about: _AboutComment, above: str, source: PartSource) -> str:
    """Assigns a reply, perhaps to a reply, to its root: a conversation belongs to its root comment
    (R4.3). Returns the root."""
    root = source.posts.root_of(source.page_key, above)
    about["parent_external_id"] = root
    about["conversation_id"] = _thread(root, source)
    return root


def normalize_verb(value: wire.FeedValue) -> str:
    """What was done: Facebook has several words for an edit."""
    return _VERBS.get(value.verb, value.verb)


def find_time(value: wire.FeedValue) -> str:
    """Distinguishes repeated actions: the time of the action, or else a digest of its content."""
    if value.created_time is not None:
        return str(value.created_time)
    said = [value.message or "", value.photo or "", value.video or ""]
    if value.item == "rating":
        said += [value.review_text or "", value.recommendation_type or ""]
    return sha256("\0".join(said).encode()).hexdigest()


def name_author(value: wire.FeedValue) -> str | None:
    """Who acted; Facebook omits it without a permission, and for privacy."""
    named = wire.Author() if value.author is None else value.author
    for found in (named.id, value.reviewer_id, value.sender_id):
        if found is not None:
            return str(found)
    return None


def build_customer(value: wire.FeedValue, author: str, source: PartSource) -> Customer:
    """The author as a customer, with a name if there is one."""
    named = wire.Author() if value.author is None else value.author
    return source.customer(author, named.name or value.reviewer_name or value.sender_name)


def require_id(value: Id | None, name: str) -> str:
    """The id as text. Raises UnreadablePartError if it is missing."""
    if value is None:
        raise UnreadablePartError(f"the change has no {name}")
    return str(value)


def _find_author(value: wire.FeedValue, comment: str, source: PartSource) -> Customer | None:
    """Who wrote a comment; None for the page itself (P5b)."""
    author = name_author(value)
    if author is None:
        return source.customer(build_unnamed_author(comment))
    return None if author == source.page_external_id else build_customer(value, author, source)


def _find_actor(value: wire.FeedValue, source: PartSource) -> Customer | None:
    """Who changed a comment; None for the page itself, and if Facebook does not say."""
    author = name_author(value)
    if author in (None, source.page_external_id):
        return None
    return build_customer(value, author, source)


def _thread(root: str, source: PartSource) -> ConversationId:
    return comment_thread_id(source.page.organization, source.page.id, root)


def _find_text(value: wire.FeedValue) -> str | None:
    return value.review_text if value.message is None else value.message


def _recommendation(value: wire.FeedValue) -> bool | None:
    return _RECOMMENDATIONS.get((value.recommendation_type or "").lower())


def _attachments(value: wire.FeedValue) -> tuple[Attachment, ...]:
    """Comments with only a photo have no text at all; an animated image is sent as a video. The
    link of a post is its photo or video, if it has one."""
    kind_of_link = value.item if value.item in ("photo", "video") else "link"
    found = [
        ("photo", value.photo),
        *(("photo", photo) for photo in value.photos or ()),
        ("video", value.video),
        (kind_of_link, value.link),
    ]
    return tuple(
        Attachment(kind=_KINDS[kind], url=whole_or_none(url, MEDIA_URL_CHARACTERS))
        for kind, url in dict.fromkeys(found)
        if url
    )[:ATTACHMENTS]
