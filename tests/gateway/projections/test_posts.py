"""Posts are the same whatever order their events are folded in, and are read from indexes (I9)."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import msgspec
import pytest

from tuyen_events.ids import (
    AgentId,
    MessageId,
    OrganizationId,
    PageId,
)
from tuyen_events.inbound import (
    CommentAdded,
    InboundEvent,
    LivestreamChanged,
    PostDescribed,
    PostEdited,
    PostPublished,
    PostRemoved,
    Reacted,
)
from tuyen_events.media import KeptMedium, MediaKept, picture_id, post_media_owner
from tuyen_events.vocabulary import Channel, CommentOrigin
from tuyen_gateway.adapters.posts import build_comments_query, build_posts_query
from tuyen_gateway.domain.posts import PagePost, PostUpdate, post_update_of, update_of_kept
from tuyen_gateway.domain.visibility import Assignees, Scope
from tuyen_gateway.projections.collections import (
    MESSAGES,
    NEWEST_POSTS_FIRST,
    PAGE_POSTS,
    THREAD_ORDER,
)
from tuyen_gateway.projections.posts import PostsFold
from tuyen_platform.mongodb import Database

pytestmark = pytest.mark.usefixtures("indexes")

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
SHOP, PAGE = OrganizationId("shop"), PageId("page")


def _common(second: int) -> dict[str, Any]:
    at = START + timedelta(seconds=second)
    return {
        "organization": SHOP,
        "page_id": PAGE,
        "channel": Channel.FACEBOOK,
        "occurred_at": at,
        "accepted_at": at,
    }


def _comment(second: int, permalink: str | None = None, live: bool = False) -> CommentAdded:
    return CommentAdded(
        **_common(second),
        message_id=MessageId(f"m_{second}"),
        external_id=f"c{second}",
        post_external_id="post",
        post_permalink=permalink,
        post_shows_video=live,
        livestream=live,
    )


def _post(second: int, kind: Any = PostPublished, **fields: Any) -> InboundEvent:
    event: InboundEvent = kind(**_common(second), post_external_id="post", **fields)
    return event


HISTORY: Sequence[InboundEvent] = (
    _post(0, text="một", permalink="https://fb/p"),
    _post(0, picture="https://cdn/1.jpg"),
    _comment(1),
    _comment(2, "https://fb/first"),
    _comment(3, "https://fb/later"),
    _post(4, PostEdited, text="hai"),
    _post(5, PostEdited),
)


def _updates(history: Sequence[InboundEvent]) -> list[tuple[PostUpdate, str]]:
    found = [(post_update_of(event), f"evt_{number}") for number, event in enumerate(history)]
    return [(update, event_id) for update, event_id in found if update is not None]


async def _fold(views: Database, updates: Sequence[tuple[PostUpdate, str]], size: int) -> PagePost:
    await views[PAGE_POSTS].delete_many({})
    fold = PostsFold(views)
    for at in range(0, len(updates), size):
        await fold.fold(updates[at : at + size])
    (document,) = await views[PAGE_POSTS].find().to_list(None)
    return msgspec.convert(document, PagePost)


async def test_inv6_a_post_is_the_same_in_any_order(views: Database) -> None:
    updates = _updates(HISTORY)
    expected = await _fold(views, updates, len(updates))
    assert expected.text is not None
    assert expected.text.value == "hai"
    assert expected.picture is not None
    assert expected.picture.value == "https://cdn/1.jpg"
    assert expected.comment_permalink is not None
    assert expected.comment_permalink.value == "https://fb/first"
    assert (expected.created_at, expected.kind) == (START, "post")
    for number, order in enumerate(permutations(updates)):
        if number % 97 == 0:
            assert await _fold(views, order, 1 + number % 3) == expected
            assert await _fold(views, [*order, *reversed(order)], 2) == expected


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ([_post(6, video_external_id="v")], "video"),
        ([_comment(6, live=True)], "livestream"),
        ([_post(6, video_external_id="v", livestream=True)], "livestream"),
        (
            [
                LivestreamChanged(
                    **_common(6), video_external_id="v", post_external_id="post", live=False
                )
            ],
            "livestream",
        ),
        ([LivestreamChanged(**_common(6), video_external_id="v", live=True)], "post"),
        ([_post(6, PostDescribed)], "post"),
        ([_post(6, PostDescribed, shows_video=True)], "video"),
        ([_post(6, PostDescribed, shows_video=True, livestream=True)], "livestream"),
        ([_post(6, Reacted, reaction="like")], "post"),
    ],
)
async def test_p5a_a_post_that_ever_was_live_is_a_livestream(
    views: Database, more: list[InboundEvent], kind: str
) -> None:
    for history in ([*HISTORY, *more], [*more, *HISTORY]):
        assert (await _fold(views, _updates(history), 3)).kind == kind


async def test_i9_what_the_channel_said_when_it_was_asked_is_shown(views: Database) -> None:
    asked = _post(
        6,
        PostDescribed,
        text="một",
        picture="https://cdn/asked.jpg",
        permalink="https://fb/asked",
        published_at=START - timedelta(days=1),
    )
    for history in ([_comment(1), asked], [asked, _comment(1)]):
        post = await _fold(views, _updates(history), 1)
        assert post.text is not None
        assert post.picture is not None
        assert (post.text.value, post.picture.value) == ("một", "https://cdn/asked.jpg")
        assert post.created_at == START - timedelta(days=1)


async def test_inv6_a_picture_that_is_kept_before_its_post_is_known_is_shown(
    views: Database,
) -> None:
    owner = post_media_owner(SHOP, PAGE, "post")
    kept = picture_id(owner, "https://cdn/1.jpg")
    medium = KeptMedium(id=kept, kind="image", content_type="image/png", size=1)
    event = MediaKept(
        organization=SHOP,
        page_id=PAGE,
        message_id=owner,
        media=(medium,),
        at=START,
        post_external_id="post",
    )
    update = update_of_kept(event)
    assert update is not None
    updates = _updates(HISTORY)
    for order in ([(update, "evt_kept"), *updates], [*updates, (update, "evt_kept")]):
        post = await _fold(views, order, 1)
        assert post.picture_url == f"/v1/attachments/{kept}"
    assert update_of_kept(msgspec.structs.replace(event, post_external_id=None)) is None


async def test_p5c_a_removed_post_stays_removed(views: Database) -> None:
    removal = _post(3, PostRemoved)
    for history in ([removal, *HISTORY], [*HISTORY, removal]):
        post = await _fold(views, _updates(history), 2)
        assert post.removed


async def test_p5d_what_others_publish_is_no_post_of_the_page(views: Database) -> None:
    root = CommentAdded(
        **_common(1),
        message_id=MessageId("m_root"),
        external_id="post",
        post_external_id="post",
        origin=CommentOrigin.VISITOR_POST,
    )
    for history in ([root, _comment(2)], [_comment(2), root]):
        assert (await _fold(views, _updates(history), 1)).by_others


async def test_i9_a_post_without_a_comment_or_publication_is_not_listed(views: Database) -> None:
    post = await _fold(views, _updates([_post(1, PostEdited, text="hai")]), 1)
    assert post.created_at is None


def _stages(plan: Any) -> Iterator[str]:
    if isinstance(plan, dict):
        if "stage" in plan:
            yield plan["stage"]
        for value in plan.values():
            yield from _stages(value)
    elif isinstance(plan, list):
        for value in plan:
            yield from _stages(value)


def _scope(pages: frozenset[PageId] | None = None) -> Scope:
    return Scope(organization=SHOP, agent_id=AgentId("lan"), pages=pages, assignees=Assignees.ALL)


async def test_i9_lists_read_little_more_than_they_give(views: Database) -> None:
    posts = [
        {
            "_id": f"shop|page-{number % 5}|{number}",
            "organization": "shop" if number % 3 else "other",
            "page_id": f"page-{number % 5}",
            "external_id": str(number),
            "created_at": START + timedelta(seconds=number * 7 % 1_000),
            "removed": number % 10 == 0,
            "by_others": False,
        }
        for number in range(1_000)
    ]
    await views[PAGE_POSTS].insert_many(posts)
    some = frozenset({PageId("page-1"), PageId("page-2")})
    for scope, page in ((_scope(), None), (_scope(), PageId("page-3")), (_scope(some), None)):
        found = (
            views[PAGE_POSTS]
            .find(build_posts_query(scope, page, None))
            .sort(list(NEWEST_POSTS_FIRST))
        )
        explained = await found.limit(20).explain()
        stages = set(_stages(explained["queryPlanner"]["winningPlan"]))
        assert not {"COLLSCAN", "SORT"} & stages
        assert explained["executionStats"]["nReturned"] == 20
        assert explained["executionStats"]["totalDocsExamined"] <= 40


async def test_i9_comments_of_a_post_are_read_in_order_from_an_index(views: Database) -> None:
    messages = [
        {
            "_id": f"m_{number}",
            "organization": "shop",
            "page_id": "page",
            "post_id": f"post-{number % 10}",
            "comment": True,
            "at": START + timedelta(seconds=number * 7 % 1_000),
            "accepted_at": START,
            "accepted_us": 0,
        }
        for number in range(1_000)
    ]
    await views[MESSAGES].insert_many(messages)
    post = PagePost(
        id="p",
        organization=SHOP,
        page_id=PAGE,
        channel=Channel.FACEBOOK,
        external_id="post-3",
    )
    found = views[MESSAGES].find(build_comments_query(post, None)).sort(list(THREAD_ORDER))
    explained = await found.limit(20).explain()
    stages = set(_stages(explained["queryPlanner"]["winningPlan"]))
    assert not {"COLLSCAN", "SORT"} & stages
    assert explained["executionStats"]["totalDocsExamined"] <= 21
