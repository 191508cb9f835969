"""What others publish about the page: posts on it, mentions elsewhere, reviews.

Each is a root, like a comment below a post of the page (R4). Facebook documents the fields of these
changes only in part: the author is in `from`, or in `sender_id` and `sender_name`, or in
`reviewer_id` and `reviewer_name`, or missing.

Decides P5d.
"""

from tuyen_channels.facebook import wire
from tuyen_channels.facebook.comments import (
    CommentPlace,
    name_author,
    normalize_verb,
    read_comment,
    read_root,
    require_id,
)
from tuyen_channels.facebook.source import PartSource
from tuyen_channels.live_posts import own_number
from tuyen_channels.ports import ParsedEvent, SkippedPart, SkipReason
from tuyen_events.vocabulary import CommentOrigin

POSTS = frozenset({"link", "photo", "post", "status", "video"})
"""The items that are a visitor's post. Others' shares, albums and events are not."""


def is_by_visitor(value: wire.FeedValue, post: str, source: PartSource) -> bool:
    """Whether a change is about a post of somebody else on the page. A removal often names nobody,
    or the page, so posts of visitors are remembered."""
    author = name_author(value)
    if author not in (None, source.page_external_id):
        return True
    return source.posts.is_visitor_post(source.page_key, post)


def read_visitor_post(
    value: wire.FeedValue, post: str, source: PartSource
) -> ParsedEvent | SkippedPart:
    """A post of somebody else on the page, or a change of one."""
    if value.item not in POSTS:
        return SkippedPart(SkipReason.BY_VISITOR, value.item)
    if normalize_verb(value) == "add":
        source.posts.add_visitor_post(source.page_key, post)
    return read_root(value, CommentPlace(post, post), CommentOrigin.VISITOR_POST, source)


def read_mention(value: wire.FeedValue, source: PartSource) -> ParsedEvent | SkippedPart:
    """A post or comment that names the page. What is on the page itself is also reported as a post
    or comment there, with its author and its parent."""
    post = require_id(value.post_id, "post_id")
    author = name_author(value)
    if author == source.page_external_id:
        return SkippedPart(SkipReason.BY_PAGE, f"mention {value.item}")
    on_the_page = post.startswith(f"{source.page_external_id}_")
    if value.comment_id is not None:
        if on_the_page:
            return SkippedPart(SkipReason.REPORTED_ELSEWHERE, "mention comment")
        place = CommentPlace(str(value.comment_id), post)
        return read_root(value, place, CommentOrigin.MENTION, source)
    if not on_the_page:
        return read_root(value, CommentPlace(post, post), CommentOrigin.MENTION, source)
    if author is None:
        return SkippedPart(SkipReason.REPORTED_ELSEWHERE, f"mention {value.item}")
    return read_visitor_post(value, post, source)


def read_rating(value: wire.FeedValue, source: PartSource) -> ParsedEvent | SkippedPart:
    """A review of the page, or a comment below one, whose post is the review."""
    if value.item == "rating":
        story = require_id(value.open_graph_story_id, "open_graph_story_id")
        return read_root(value, CommentPlace(story, story), CommentOrigin.REVIEW, source)
    if value.item == "comment":
        review = own_number(require_id(value.post_id, "post_id"))
        return read_comment(value, source, review)
    return SkippedPart(SkipReason.UNKNOWN_ITEM, f"ratings {value.item}")
