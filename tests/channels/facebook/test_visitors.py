"""P5d: posts of visitors, mentions and reviews are roots, and what is below them are replies."""

from datetime import UTC, datetime
from typing import Any

import pytest

from support.facebook import PAGE, Update, body, comment, entry, live_video
from tuyen_channels.facebook import parser
from tuyen_channels.live_posts import LivePosts
from tuyen_channels.ports import Page, ParsedBody, SkippedPart, SkipReason
from tuyen_events import ids
from tuyen_events.inbound import (
    CommentAdded,
    CommentEdited,
    CommentEvent,
    CommentHidden,
    CommentRemoved,
    CommentUnhidden,
    PostPublished,
    PostRemoved,
)
from tuyen_events.limits import VISITOR_POSTS
from tuyen_events.vocabulary import CommentOrigin

ORGANIZATION, PAGE_ID = ids.OrganizationId("hoa-sen"), ids.PageId("thoi-trang")
PAGES = {PAGE: Page(ORGANIZATION, PAGE_ID)}
ACCEPTED = datetime(2026, 9, 21, 14, 13, 21, tzinfo=UTC)
LAN, POST = "6700000000000001", f"{PAGE}_790"
BY_LAN = {"id": LAN, "name": "Lan"}
BY_PAGE = {"id": PAGE, "name": "Shop"}


def accept(posts: LivePosts, *changes: Update) -> ParsedBody:
    """What a body says; what it adds to the known posts is known afterwards."""
    parsed = parser.parse(body(entry(changes=list(changes))), ACCEPTED, PAGES, posts)
    assert not parsed.failures
    for key, fact in parsed.classified:
        posts.apply(key, fact)
    return parsed


def read(posts: LivePosts, *changes: Update) -> list[CommentEvent]:
    events = [found.event for found in accept(posts, *changes).events]
    assert all(isinstance(event, CommentEvent) for event in events)
    return [event for event in events if isinstance(event, CommentEvent)]


def change(field: str, **value: Any) -> Update:
    whole = {"verb": "add", "created_time": 1790000000, **value}
    return {"field": field, "value": {k: v for k, v in whole.items() if v is not None}}


def post(**value: Any) -> Update:
    """Lan writes a post on the page."""
    return change(
        "feed", **{"item": "post", "post_id": POST, "from": BY_LAN, "message": "Ơi", **value}
    )


def below(comment_id: str, above: str = POST, author: Any = BY_LAN, **value: Any) -> Update:
    """A comment on the post, by Lan if not said otherwise."""
    where = {"post_id": POST, "parent_id": above, "from": author}
    return comment(comment_id, **where, **value)


def thread(root: str = POST) -> ids.ConversationId:
    return ids.comment_thread_id(ORGANIZATION, PAGE_ID, root)


def test_p5d_a_visitors_post_is_a_root_and_the_comments_below_it_are_replies() -> None:
    posts = LivePosts()
    (root,) = read(posts, post())
    assert isinstance(root, CommentAdded)
    assert (root.origin, root.parent_external_id) == (CommentOrigin.VISITOR_POST, None)
    assert root.customer is not None
    assert root.customer.name == "Lan"
    answers = [
        *read(posts, below("790_1", author=BY_PAGE)),
        *read(posts, below("790_2", "790_1")),
        *read(posts, below("790_2", "790_1", verb="edited", created_time=1790000009)),
        *read(posts, below("790_1", author=BY_PAGE, verb="hide", created_time=1790000010)),
    ]
    assert {event.conversation_id for event in (root, *answers)} == {thread()}
    assert {event.parent_external_id for event in answers} == {POST}
    assert [event.customer is None for event in answers] == [True, False, False, True]


def test_p5d_a_comment_that_comes_with_its_post_in_one_body_is_a_reply_too() -> None:
    root, reply = read(LivePosts(), post(), below("790_1"))
    assert reply.conversation_id == root.conversation_id == thread()


def test_p5d_below_a_post_that_nobody_remembers_a_comment_is_a_root() -> None:
    posts = LivePosts()
    read(posts, post())
    for number in range(20 * VISITOR_POSTS):
        read(posts, post(post_id=f"{PAGE}_{10_000 + number}"))
    assert len(posts.keys((ORGANIZATION, PAGE_ID))) == VISITOR_POSTS
    (late,) = read(posts, below("790_1"))
    assert (late.conversation_id, late.parent_external_id) == (thread("790_1"), None)


@pytest.mark.parametrize("item", ["status", "photo", "video", "link"])
def test_p5c_a_visitors_post_of_several_items_is_one_event(item: str) -> None:
    posts = LivePosts()
    first, second = accept(posts, post(), post(item=item)).events
    assert first.id == second.id


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        ({"item": "photo", "link": "u"}, [("image", "u")]),
        ({"item": "video", "link": "u"}, [("video", "u")]),
        ({"item": "status", "photos": ["u", "v", "u"]}, [("image", "u"), ("image", "v")]),
        ({"item": "status", "link": "u"}, [("link", "u")]),
        ({"item": "status"}, []),
    ],
)
def test_p5d_what_a_visitor_posts_comes_with_it(
    value: Update, kinds: list[tuple[str, str]]
) -> None:
    (root,) = read(LivePosts(), post(**value))
    assert isinstance(root, CommentAdded)
    assert [(each.kind, each.url) for each in root.attachments] == kinds


@pytest.mark.parametrize(
    ("verb", "kind"),
    [
        ("edit", CommentEdited),
        ("edited", CommentEdited),
        ("hide", CommentHidden),
        ("unhide", CommentUnhidden),
        ("remove", CommentRemoved),
    ],
)
@pytest.mark.parametrize("author", [BY_LAN, BY_PAGE, None])
def test_p5d_a_change_of_a_visitors_post_is_one_of_its_root(
    verb: str, kind: type[CommentEvent], author: Update | None
) -> None:
    posts = LivePosts()
    read(posts, post())
    (changed,) = read(posts, post(verb=verb, **{"from": author}))
    assert type(changed) is kind
    assert (changed.external_id, changed.conversation_id) == (POST, thread())
    assert (changed.customer is None) == (author is not BY_LAN)


def test_p5d_a_post_of_the_page_stays_a_post() -> None:
    posts = LivePosts()
    read(posts, post())
    own = {"post_id": f"{PAGE}_1", "from": BY_PAGE}
    found = accept(posts, post(**own), post(**own, verb="remove"), post(**own, verb="hide"))
    assert [type(each.event) for each in found.events] == [PostPublished, PostRemoved]
    assert found.skipped == [SkippedPart(SkipReason.UNKNOWN_VERB, "post hide")]


@pytest.mark.parametrize("item", ["share", "album", "event"])
def test_p4_other_acts_of_visitors_are_skipped(item: str) -> None:
    assert accept(LivePosts(), post(item=item)).skipped == [
        SkippedPart(SkipReason.BY_VISITOR, item)
    ]


def test_p5a_a_visitors_video_is_no_broadcast_of_the_page() -> None:
    posts = LivePosts()
    accept(posts, post(item="video", video_id="5"), live_video("77", "live"))
    video = {"status_type": "added_video", "id": POST}
    (reply,) = read(posts, below("790_1", post=video))
    assert not reply.livestream
    assert reply.conversation_id == thread()


def mention(**value: Any) -> Update:
    whole = {"item": "post", "post_id": f"{LAN}_5", "message": "Mua ở @Shop", **value}
    return change("mention", **whole)


@pytest.mark.parametrize(
    ("author", "external_id", "name"),
    [
        ({"from": BY_LAN}, LAN, "Lan"),
        ({"sender_id": int(LAN), "sender_name": "Lan"}, LAN, "Lan"),
        ({}, f"anonymous:{LAN}_5", None),
    ],
)
def test_p5d_a_mention_is_a_root_by_its_author_wherever_that_is_named(
    author: Update, external_id: str, name: str | None
) -> None:
    (root,) = read(LivePosts(), mention(**author))
    assert isinstance(root, CommentAdded)
    assert root.origin is CommentOrigin.MENTION
    assert root.conversation_id == thread(f"{LAN}_5")
    assert root.customer is not None
    assert (root.customer.external_id, root.customer.name) == (external_id, name)


def test_p5d_a_mention_in_a_comment_is_a_root_of_that_comment() -> None:
    posts = LivePosts()
    said = {"item": "comment", "comment_id": "5_7", "from": BY_LAN}
    root, edited, removed = read(
        posts, mention(**said), mention(**said, verb="edited"), mention(**said, verb="remove")
    )
    assert {each.conversation_id for each in (root, edited, removed)} == {thread("5_7")}
    assert [type(each) for each in (edited, removed)] == [CommentEdited, CommentRemoved]


@pytest.mark.parametrize(
    ("value", "skipped"),
    [
        (
            {"item": "comment", "comment_id": "790_1", "post_id": POST, "from": BY_LAN},
            SkippedPart(SkipReason.REPORTED_ELSEWHERE, "mention comment"),
        ),
        ({"post_id": POST}, SkippedPart(SkipReason.REPORTED_ELSEWHERE, "mention post")),
        ({"from": BY_PAGE}, SkippedPart(SkipReason.BY_PAGE, "mention post")),
        ({"verb": "mute"}, SkippedPart(SkipReason.UNKNOWN_VERB, "post mute")),
    ],
)
def test_p5d_what_is_on_the_page_itself_is_not_read_twice(
    value: Update, skipped: SkippedPart
) -> None:
    assert accept(LivePosts(), mention(**value)).skipped == [skipped]


def test_p5c_a_post_on_the_page_that_mentions_it_is_one_event() -> None:
    posts = LivePosts()
    first, second = accept(posts, post(), mention(post_id=POST, **{"from": BY_LAN})).events
    assert first.id == second.id


def review(**value: Any) -> Update:
    whole = {
        "item": "rating",
        "open_graph_story_id": 904,
        "reviewer_id": int(LAN),
        "reviewer_name": "Lan",
        "review_text": "Hàng đẹp",
        "created_time": None,
        **value,
    }
    return change("ratings", **whole)


@pytest.mark.parametrize(
    ("said", "recommends"),
    [("positive", True), ("NEGATIVE", False), ("unsure", None), (None, None)],
)
def test_p5d_a_review_is_a_root_that_says_whether_it_recommends_the_page(
    said: str | None, recommends: bool | None
) -> None:
    (root,) = read(LivePosts(), review(recommendation_type=said))
    assert isinstance(root, CommentAdded)
    assert (root.origin, root.text) == (CommentOrigin.REVIEW, "Hàng đẹp")
    assert root.recommends is recommends
    assert (root.external_id, root.conversation_id) == ("904", thread("904"))


def test_p5d_what_happens_below_a_review_belongs_to_it() -> None:
    posts = LivePosts()
    where = {"item": "comment", "post_id": f"{LAN}_904", "reviewer_id": None}
    first = {**where, "comment_id": "904_1", "parent_id": f"{LAN}_904", "sender_id": int(PAGE)}
    second = {**where, "comment_id": "904_2", "parent_id": "904_1", "sender_id": int(LAN)}
    found = read(
        posts, review(), review(**first), review(**second), review(**second, verb="remove")
    )
    assert {each.conversation_id for each in found} == {thread("904")}
    assert [each.parent_external_id for each in found] == [None, "904", "904", "904"]
    assert [each.customer is None for each in found] == [False, True, False, False]


def test_p5c_a_review_that_is_changed_is_another_event_and_a_redelivery_is_none() -> None:
    posts = LivePosts()
    first, again, other, edited = (
        accept(posts, each).events[0].id
        for each in (
            review(),
            review(),
            review(recommendation_type="negative"),
            review(verb="edit"),
        )
    )
    assert first == again
    assert len({first, other, edited}) == 3


def test_p4_a_like_of_a_review_is_skipped() -> None:
    assert accept(LivePosts(), review(item="like", post_id="1_904")).skipped == [
        SkippedPart(SkipReason.UNKNOWN_ITEM, "ratings like")
    ]


@pytest.mark.parametrize(
    "changed", [review(open_graph_story_id=None), mention(post_id=None), mention(item=None)]
)
def test_p4_without_its_id_it_is_a_failure(changed: Update) -> None:
    raw = body(entry(changes=[changed, post()]))
    parsed = parser.parse(raw, ACCEPTED, PAGES, LivePosts())
    assert len(parsed.failures) == len(parsed.events) == 1
