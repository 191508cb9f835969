"""A page's posts with their counts, and their comments, as each viewer may see them (I9, R7)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.feed import START, Feed
from gateway.rig import Rig, User
from tuyen_attachments.ports import NewAttachment
from tuyen_events.ids import MessageId, OrganizationId, PageId
from tuyen_events.inbound import CommentRemoved, PostDescribed, PostEdited, PostRemoved
from tuyen_events.outbound import AttachmentId
from tuyen_events.vocabulary import Channel
from tuyen_platform.kafka.memory import InMemoryLog

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


async def posts_of(user: User, query: str = "") -> list[dict[str, Any]]:
    await user.get("/v1/conversations?after=0")
    items: list[dict[str, Any]] = (await user.done("GET", f"/v1/posts{query}"))["items"]
    return items


async def comments_of(user: User, post: str = "post") -> list[dict[str, Any]]:
    await user.get("/v1/conversations?after=0")
    answer = await user.done("GET", f"/v1/posts/{post}/comments")
    items: list[dict[str, Any]] = answer["items"]
    return items


async def test_i1_a_facebook_page_has_messages_comments_and_posts(owner: User, feed: Feed) -> None:
    threads = {
        "message": await feed.message("a"),
        "comment": await feed.comment("c1", "b"),
        "livestream": await feed.comment("c2", "c", post="sale", live=True),
    }
    for kind, thread in threads.items():
        query = f"channel=facebook&kind={kind}&after=0"
        (row,) = (await owner.done("GET", f"/v1/conversations?{query}"))["items"]
        assert row["id"] == thread
    kinds = {post["id"]: post["kind"] for post in await posts_of(owner)}
    assert kinds == {"post": "post", "sale": "livestream"}


@pytest.mark.parametrize("channel", [Channel.ZALO, Channel.LIVECHAT])
async def test_i1_zalo_and_livechat_have_messages_alone(
    owner: User, feed: Feed, channel: Channel
) -> None:
    feed.channel = channel
    thread = await feed.message("a")
    rows = (await owner.done("GET", f"/v1/conversations?channel={channel}&after=0"))["items"]
    assert [(row["id"], row["kind"]) for row in rows] == [(thread, "message")]
    assert await posts_of(owner) == []


async def test_i9_a_post_is_listed_with_what_is_known_of_it(owner: User, feed: Feed) -> None:
    await feed.post(
        text="Hàng mới về", picture="https://cdn/1.jpg", permalink="https://fb/post", at=1
    )
    await feed.post("post", PostEdited, text="Hàng mới về rồi", at=2)
    await feed.comment("c1", "a", at=3)
    await feed.comment("c2", "b", at=4, post_permalink="https://fb/shop/post")
    assert await posts_of(owner) == [
        {
            "id": "post",
            "page_id": "page",
            "kind": "post",
            "text": "Hàng mới về rồi",
            "picture": "https://cdn/1.jpg",
            "permalink": "https://fb/shop/post",
            "comments": 2,
            "unanswered": 2,
            "created_at": START.replace(second=1).isoformat().replace("+00:00", "Z"),
        }
    ]


async def test_i9_the_picture_of_a_post_is_served_here_once_it_is_kept(
    desk: Rig, owner: User, feed: Feed
) -> None:
    first, second = "https://cdn/1.jpg", "https://cdn/2.jpg"
    await feed.post(picture=f"{first}?oe=1", at=1)
    kept = await feed.keep_picture(first, at=1)
    (post,) = await posts_of(owner)
    assert post["picture"] == f"/v1/attachments/{kept}"
    await feed.post(kind=PostDescribed, picture=f"{first}?oe=2", at=5)
    (post,) = await posts_of(owner)
    assert post["picture"] == f"/v1/attachments/{kept}"
    await feed.post(kind=PostDescribed, picture=second, at=9)
    (post,) = await posts_of(owner)
    assert post["picture"] == second
    later = await feed.keep_picture(second, at=9)
    (post,) = await posts_of(owner)
    assert post["picture"] == f"/v1/attachments/{later}"


async def test_r7_1_the_picture_of_a_post_is_seen_by_whoever_may_see_the_page(
    desk: Rig, owner: User, feed: Feed
) -> None:
    async def content() -> AsyncIterator[bytes]:
        yield PNG

    lan, hoa = await desk.staff(owner, "lan"), await desk.staff(owner, "hoa")
    page = {"channel": "facebook", "external_id": "fb", "name": "page", "staff": ["lan"]}
    await owner.done("PUT", "/v1/pages/page", page)
    await owner.done("PUT", "/v1/settings", {"page_permissions": True})
    stranger = await desk.organization("rival")
    new = NewAttachment(
        id=AttachmentId("att_picture"),
        organization=OrganizationId("shop"),
        kind="image",
        content_type="image/png",
        message_id=MessageId("m_post"),
        page_id=PageId("page"),
        created_at=desk.gateway.clock.now(),
    )
    await desk.gateway.attachments.add(new, content())
    for who, status in ((owner, 200), (lan, 200), (hoa, 404), (stranger, 404)):
        assert (await who.get("/v1/attachments/att_picture")).status_code == status


async def test_i9_a_reply_of_the_page_answers_and_a_removal_takes_back(
    owner: User, feed: Feed
) -> None:
    for number, who in enumerate("abc"):
        await feed.comment(f"c{number}", who, at=number)
    await feed.comment("r0", None, parent="c0", at=60)
    await feed.change(CommentRemoved, "c1", who="b")
    (post,) = await posts_of(owner)
    assert (post["comments"], post["unanswered"]) == (2, 1)
    await feed.comment("c3", "a", parent="c0", at=120)
    (post,) = await posts_of(owner)
    assert (post["comments"], post["unanswered"]) == (3, 2)
    waiting = await owner.done("GET", "/v1/conversations?kind=comment&after=0")
    assert sum(one["needs_reply"] for one in waiting["items"]) == post["unanswered"]


async def test_i9_a_livestream_is_a_post_whose_comments_are_counted_alike(
    owner: User, feed: Feed
) -> None:
    for number, who in enumerate("aab"):
        await feed.comment(f"c{number}", who, live=True)
    (post,) = await posts_of(owner)
    assert (post["kind"], post["comments"], post["unanswered"]) == ("livestream", 3, 2)


async def test_i9_posts_are_listed_newest_first_in_pages(
    log: InMemoryLog, owner: User, feed: Feed
) -> None:
    other = Feed(log, page="other")
    for number in range(7):
        await (other if number % 3 == 0 else feed).post(f"p{number}", at=number)
    await feed.post("p2", PostRemoved)
    await owner.get("/v1/conversations?after=0")
    path, found = "/v1/posts?limit=2", list[str]()
    answer = await owner.done("GET", path)
    found += [one["id"] for one in answer["items"]]
    while answer["next"]:
        await feed.post(f"new{len(found)}", at=100 + len(found))
        await owner.get("/v1/conversations?after=0")
        answer = await owner.done("GET", f"{path}&cursor={answer['next']}")
        found += [one["id"] for one in answer["items"]]
    assert found == ["p6", "p5", "p4", "p3", "p1", "p0"]
    assert [one["id"] for one in await posts_of(owner, "?page=other")] == ["p6", "p3", "p0"]
    assert await posts_of(owner, "?page=unknown") == []


async def test_i9_the_comments_of_a_post_are_listed_oldest_first(owner: User, feed: Feed) -> None:
    root = await feed.comment("c1", "a", at=1)
    await feed.comment("c2", "b", at=3)
    await feed.comment("r1", None, parent="c1", at=2)
    await feed.comment("x", "c", post="elsewhere")
    found = await comments_of(owner)
    assert [(one["external_id"], one["direction"]) for one in found] == [
        ("c1", "in"),
        ("r1", "out"),
        ("c2", "in"),
    ]
    assert [one["conversation_id"] for one in found[:2]] == [root, root]
    assert found[1]["parent_id"] == found[0]["id"]
    path = "/v1/posts/post/comments?limit=1"
    answer, paged = await owner.done("GET", path), list[str]()
    paged += [one["external_id"] for one in answer["items"]]
    while answer["next"]:
        answer = await owner.done("GET", f"{path}&cursor={answer['next']}")
        paged += [one["external_id"] for one in answer["items"]]
    assert paged == ["c1", "r1", "c2"]


@pytest.mark.parametrize("post", ["unknown", "gone", "x" * 200])
async def test_i9_a_post_that_is_not_there_is_not_found(owner: User, feed: Feed, post: str) -> None:
    await feed.post("gone")
    await feed.post("gone", PostRemoved)
    await owner.get("/v1/conversations?after=0")
    assert (await owner.get(f"/v1/posts/{post}/comments")).status_code == 404


@pytest.mark.parametrize(
    ("visibility", "seen"),
    [
        ("everyone", ["c0", "c1", "c2"]),
        ("own_and_unassigned", ["c0", "c2"]),
        ("own_only", ["c0"]),
    ],
)
async def test_r7_2_counts_and_comments_give_away_nothing_of_others(
    *, desk: Rig, owner: User, feed: Feed, visibility: str, seen: list[str]
) -> None:
    lan = await desk.staff(owner, "lan")
    await owner.done("PUT", "/v1/settings", {"visibility": visibility})
    for number, agent in enumerate(("lan", "hoa", None)):
        thread = await feed.comment(f"c{number}", f"customer-{number}")
        await feed.assign(f"customer-{number}", agent, thread)
    (post,) = await posts_of(lan)
    assert (post["comments"], post["unanswered"]) == (len(seen), len(seen))
    assert [one["external_id"] for one in await comments_of(lan)] == seen
    (whole,) = await posts_of(owner)
    assert whole["comments"] == 3
    await feed.assign("customer-1", "lan", (await comments_of(owner))[1]["conversation_id"])
    (post,) = await posts_of(lan)
    assert post["comments"] == len({*seen, "c1"})


async def test_r7_1_posts_of_others_pages_are_not_there(desk: Rig, owner: User, feed: Feed) -> None:
    lan = await desk.staff(owner, "lan")
    await owner.done("PUT", "/v1/settings", {"page_permissions": True})
    await feed.comment("c1", "a")
    assert await posts_of(lan) == []
    assert await posts_of(lan, "?page=page") == []
    assert (await lan.get("/v1/posts/post/comments")).status_code == 404
    stranger = await desk.organization("other")
    assert await posts_of(stranger) == []
    assert (await stranger.get("/v1/posts/post/comments")).status_code == 404
    assert len(await posts_of(owner)) == 1
