"""Lists, counts and details: I2 to I4, and R7 in all of them."""

from typing import Any

import pytest

from gateway.feed import Feed
from gateway.rig import Rig, User
from tuyen_events.ids import build_unnamed_author, contact_id
from tuyen_events.inbound import Attachment, Visit
from tuyen_events.vocabulary import Channel
from tuyen_gateway.adapters import views
from tuyen_platform.kafka.memory import InMemoryLog


async def ids(user: User, query: str = "") -> list[str]:
    answer = await user.done("GET", f"/v1/conversations?after=0{query}")
    return [item["id"] for item in answer["items"]]


async def counts(user: User, query: str = "") -> dict[str, Any]:
    answer = await user.done("GET", f"/v1/conversations/counts?after=0{query}")
    assert answer.pop("position")
    return dict(answer)


async def settings(owner: User, **changed: object) -> None:
    await owner.done("PUT", "/v1/settings", changed)


async def test_i2_a_row_says_all_that_a_list_shows(desk: Rig, owner: User, feed: Feed) -> None:
    await desk.staff(owner, "lan")
    thread = await feed.message("psid-1", "Còn size 42 không?", name="Nguyễn Vĩnh", at=5)
    await feed.assign("psid-1", "lan")
    answer = await owner.get(f"/v1/conversations/{thread}?after=1")
    detail = answer.json()
    assert answer.headers["ETag"] == '"1"'
    assert detail.pop("position")
    customer = feed.customer("psid-1")
    assert detail == {
        "id": thread,
        "kind": "message",
        "channel": "facebook",
        "page_id": "page",
        "external_id": "psid-1",
        "customer": {
            "id": customer.id,
            "external_id": "psid-1",
            "name": "Nguyễn Vĩnh",
            "picture": None,
        },
        "contact_id": contact_id(customer.id),
        "assignee": {"agent_id": "lan", "name": "Lan"},
        "waiting": False,
        "unread": 1,
        "needs_reply": True,
        "waiting_since": "2026-11-21T08:00:05Z",
        "done": False,
        "tags": [],
        "last_text": "Còn size 42 không?",
        "updated_at": "2026-11-21T08:00:05Z",
        "post_id": None,
        "follows": None,
        "visit": None,
        "version": 1,
        "revision": detail["revision"],
    }
    assert isinstance(detail["revision"], int)
    (item,) = (await owner.done("GET", "/v1/conversations"))["items"]
    assert item == detail


async def test_i2_waiting_since_is_the_first_event_after_our_last_word(
    owner: User, feed: Feed
) -> None:
    async def row() -> dict[str, Any]:
        found = await owner.done("GET", f"/v1/conversations/{feed.thread('a')}?after=0")
        return {name: found[name] for name in ("needs_reply", "waiting_since", "last_text")}

    await feed.message("a", "1", at=1)
    await feed.message("a", "2", at=2)
    assert await row() == {
        "needs_reply": True,
        "waiting_since": "2026-11-21T08:00:01Z",
        "last_text": "2",
    }
    await feed.echo("a", "answer", at=8)
    assert (await row())["needs_reply"] is False
    await feed.message("a", "3", at=9)
    await feed.message("a", "4", at=30)
    assert (await row())["waiting_since"] == "2026-11-21T08:00:09Z"
    await feed.echo("a", "late news of an answer between the two", at=20)
    assert await row() == {
        "needs_reply": True,
        "waiting_since": "2026-11-21T08:00:30Z",
        "last_text": "4",
    }


async def test_i2_no_senders_clock_orders_the_list(owner: User, feed: Feed) -> None:
    """One says that it is the year 9999, one that it is 1970."""
    chat = Feed(feed.log, page="chat", channel=Channel.LIVECHAT)
    future = await chat.message("v1", at=251_000_000_000, accepted=1)
    past = await chat.message("v2", at=-1_700_000_000, accepted=2)
    other = await feed.message("a", at=3)
    assert await ids(owner) == [other, past, future]
    await chat.message("v1", "later", accepted=4, at=4)
    assert await ids(owner) == [future, other, past]
    row = await owner.done("GET", f"/v1/conversations/{future}")
    assert row["last_text"] == "later"
    assert row["updated_at"] == "2026-11-21T08:00:04Z"
    assert row["waiting_since"] == "2026-11-21T08:00:01Z"
    row = await owner.done("GET", f"/v1/conversations/{past}")
    assert row["waiting_since"] == "2026-11-21T08:00:02Z"


async def test_i2_a_late_message_is_at_its_own_time_in_its_thread_and_nowhere_else(
    owner: User, feed: Feed
) -> None:
    thread = await feed.message("a", "second", at=5)
    other = await feed.message("b", at=6)
    await feed.message("a", "first", at=4, accepted=7)
    assert await ids(owner) == [thread, other]
    row = await owner.done("GET", f"/v1/conversations/{thread}")
    assert row["last_text"] == "second"
    messages = await owner.done("GET", f"/v1/conversations/{thread}/messages")
    assert [message["text"] for message in messages["items"]] == ["first", "second"]


async def test_c1_who_is_not_named_by_the_channel_has_no_contact(owner: User, feed: Feed) -> None:
    thread = await feed.comment("c1", build_unnamed_author("c1"))
    row = await owner.done("GET", f"/v1/conversations/{thread}?after=0")
    assert row["contact_id"] is None
    live = await feed.comment("c2", build_unnamed_author("c2"), live=True)
    assert (await owner.done("GET", f"/v1/conversations/{live}?after=0"))["contact_id"] is None


async def test_c1_a_visitor_whose_site_calls_them_anonymous_has_a_contact(
    owner: User, log: InMemoryLog
) -> None:
    site = Feed(log, channel=Channel.LIVECHAT)
    thread = await site.message("anonymous:7")
    row = await owner.done("GET", f"/v1/conversations/{thread}?after=0")
    assert row["contact_id"] == contact_id(site.customer("anonymous:7").id)


async def test_l3_a_chat_says_where_its_visitor_is_and_what_they_chose(
    owner: User, log: InMemoryLog
) -> None:
    await owner.done("PUT", "/v1/departments/sales", {"name": "Bán hàng"})
    await owner.done("PUT", "/v1/departments/sales/regions/north", {"name": "Miền Bắc"})
    site = Feed(log, channel=Channel.LIVECHAT)
    thread = await site.message("v1", visit=Visit(department="sales", region="north"))
    row = await owner.done("GET", f"/v1/conversations/{thread}?after=0")
    assert row["visit"] == {
        "page_url": None,
        "department": {"id": "sales", "name": "Bán hàng"},
        "region": {"id": "north", "name": "Miền Bắc"},
    }
    page_url = "https://shop.example/vn"
    await site.message("v1", visit=Visit(page_url=page_url, department="gone", region="north"))
    row = await owner.done("GET", f"/v1/conversations/{thread}?after=0")
    assert row["visit"] == {
        "page_url": page_url,
        "department": {"id": "gone", "name": "gone"},
        "region": {"id": "north", "name": "north"},
    }


async def test_i2_a_message_without_text_shows_its_attachment(owner: User, feed: Feed) -> None:
    thread = await feed.message("a", None, attachments=(Attachment(kind="image"),))
    row = await owner.done("GET", f"/v1/conversations/{thread}?after=0")
    assert row["last_text"] == "[image]"


async def test_i4_filters_are_combined_freely(desk: Rig, owner: User, feed: Feed) -> None:
    zalo = Feed(feed.log, page="oa", channel=Channel.ZALO)
    message = await feed.message("a", name="Nguyễn Văn Vĩnh")
    comment = await feed.comment("c1", "b", name="Trần Đường")
    live = await feed.comment("c2", "a", live=True, name="Nguyễn Văn Vĩnh")
    other = await zalo.message("z", name="VINH", at=0)
    boss = (await owner.done("GET", "/v1/me"))["agent_id"]
    await feed.assign("a", boss)
    assert await ids(owner) == [live, comment, message, other]
    assert await ids(owner, "&kind=comment") == [comment]
    assert await ids(owner, "&channel=zalo") == [other]
    assert set(await ids(owner, "&page=page")) == {message, comment, live}
    assert set(await ids(owner, "&q=vinh")) == {message, live, other}
    assert await ids(owner, "&q=duong") == [comment]
    assert set(await ids(owner, "&q=vĩnh&channel=facebook")) == {message, live}
    assert await ids(owner, "&q=.*") == []
    assert await ids(owner, "&external_id=c1") == [comment]
    assert await ids(owner, "&assignee=me") == [message]
    assert await ids(owner, f"&assignee={boss}&kind=comment") == []
    assert set(await ids(owner, "&assignee=none")) == {comment, live, other}
    assert await ids(owner, "&tag=vip") == []
    assert await ids(owner, "&done=true") == []
    assert len(await ids(owner, "&done=false&state=unread")) == 4


async def test_i3_counts_are_of_conversations_with_something_unread(
    desk: Rig, owner: User, feed: Feed
) -> None:
    zalo = Feed(feed.log, page="oa", channel=Channel.ZALO)
    first = await feed.message("a")
    await feed.message("a")
    await feed.comment("c1", "b")
    await zalo.message("z")
    await feed.echo("silent", "we wrote first")
    assert await counts(owner) == {
        "total": 4,
        "unread": 3,
        "by_channel": {"facebook": 2, "zalo": 1, "livechat": 0},
        "by_kind": {"message": 2, "comment": 1, "livestream": 0},
    }
    await owner.done("POST", f"/v1/conversations/{first}/read")
    found = await counts(owner, "&channel=facebook")
    assert (found["total"], found["unread"]) == (3, 1)
    assert (await counts(owner, "&state=unread"))["total"] == 2


async def test_r9_2_a_webhook_delivered_twice_makes_no_second_message_or_unread_count(
    owner: User, feed: Feed
) -> None:
    thread = await feed.message("a", mid="mid-x", at=1)
    await feed.message("a", mid="mid-x", at=1)
    await feed.comment("c1", "b", at=2)
    comment = await feed.comment("c1", "b", at=2)
    for conversation in (thread, comment):
        row = await owner.done("GET", f"/v1/conversations/{conversation}?after=0")
        assert row["unread"] == 1
        messages = await owner.done("GET", f"/v1/conversations/{conversation}/messages")
        assert len(messages["items"]) == 1


@pytest.mark.parametrize(
    ("visibility", "seen"),
    [
        ("everyone", {"mine", "nobodys", "others"}),
        ("own_and_unassigned", {"mine", "nobodys"}),
        ("own_only", {"mine"}),
    ],
)
async def test_r7_an_agent_sees_what_the_setting_says_in_every_answer(
    desk: Rig, owner: User, feed: Feed, visibility: str, seen: set[str]
) -> None:
    lan = await desk.staff(owner, "lan")
    await settings(owner, visibility=visibility)
    threads = {who: await feed.message(who, name=who) for who in ("mine", "nobodys", "others")}
    await feed.assign("mine", "lan")
    await feed.assign("others", "minh")
    expected = {threads[who] for who in seen}
    assert set(await ids(lan)) == expected
    assert set(await ids(lan, "&assignee=minh")) == expected & {threads["others"]}
    assert set(await ids(lan, "&q=others")) == expected & {threads["others"]}
    found = await counts(lan)
    assert (found["total"], found["unread"]) == (len(seen), len(seen))
    assert set(await ids(owner)) == set(threads.values())
    for who, thread in threads.items():
        status = 200 if who in seen else 404
        for path in ("", "/messages", "/assignments"):
            answer = await lan.get(f"/v1/conversations/{thread}{path}")
            assert answer.status_code == status
        for write in ("read", "unread"):
            answer = await lan.post(f"/v1/conversations/{thread}/{write}")
            assert answer.status_code == status
        answer = await lan.put(f"/v1/conversations/{thread}/done", {"done": True})
        assert answer.status_code == status


async def test_r7_1_page_permissions_cut_everything_to_the_viewers_pages(
    desk: Rig, owner: User, feed: Feed
) -> None:
    manager = await desk.staff(owner, "mai", "store_manager")
    for page, staff in (("page", ["mai"]), ("second", [])):
        body = {"channel": "facebook", "external_id": f"fb-{page}", "name": page, "staff": staff}
        await owner.done("PUT", f"/v1/pages/{page}", body)
    own = await feed.message("a")
    hidden = await Feed(feed.log, page="second").message("a")
    assert set(await ids(manager)) == {own, hidden}
    await settings(owner, page_permissions=True)
    assert await ids(manager) == [own]
    assert (await counts(manager))["total"] == 1
    assert (await manager.get(f"/v1/conversations/{hidden}")).status_code == 404
    assert await ids(manager, "&page=second") == []
    assert set(await ids(owner)) == {own, hidden}


async def test_inv5_r7_nothing_crosses_from_one_organization_to_another(
    desk: Rig, owner: User, feed: Feed
) -> None:
    stranger = await desk.organization("rival")
    thread = await feed.message("a", name="Lan")
    assert await ids(owner) == [thread]
    assert await ids(stranger) == []
    assert (await counts(stranger))["total"] == 0
    assert (await stranger.get(f"/v1/conversations/{thread}")).status_code == 404


async def walk(user: User, between: list[Any], query: str = "") -> list[str]:
    """All pages of three, with something happening before each further one."""
    seen: list[str] = []
    path = f"/v1/conversations?limit=3&after=0{query}"
    while True:
        answer = await user.done("GET", path)
        seen += [item["id"] for item in answer["items"]]
        if answer["next"] is None:
            return seen
        if between:
            await between.pop(0)()
        path = f"/v1/conversations?limit=3&after=0{query}&cursor={answer['next']}"


async def test_i2_a_scan_neither_skips_nor_repeats_while_messages_come_in(
    owner: User, feed: Feed
) -> None:
    threads = [await feed.message(f"k{n}") for n in range(12)]

    async def first() -> None:
        await feed.message("k1")  # not reached yet: moves to the top
        await feed.message("k11")  # was given already
        await feed.message("new")

    async def second() -> None:
        await feed.message("k4")
        await feed.message("k2")
        await feed.message("k1")
        await feed.echo("k0", "an answer moves it as well")

    assert await walk(owner, [first, second]) == threads[::-1]
    after = await ids(owner)
    assert after[0] == threads[0]
    assert len(after) == 13


@pytest.mark.parametrize("query", ["", "&state=unread"])
async def test_i2_a_scan_that_cannot_follow_what_moves_is_refused_and_can_be_begun_again(
    owner: User, feed: Feed, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    monkeypatch.setattr(views, "MOVED_ROWS", 2)
    threads = [await feed.message(f"k{n}") for n in range(6)]
    path = f"/v1/conversations?limit=3&after=0{query}"
    following = (await owner.done("GET", path))["next"]
    await feed.message("k1")
    await feed.message("new")
    assert (await owner.get(f"{path}&cursor={following}")).status_code == 200
    await feed.message("k4")
    refused = await owner.get(f"{path}&cursor={following}")
    assert refused.status_code == 422
    assert "start again" in refused.json()["detail"]
    assert len(await walk(owner, [], query)) == len(threads) + 1


async def test_i2_late_events_do_not_make_a_scan_skip(owner: User, feed: Feed) -> None:
    """A message that was accepted before others are folded moves its row to the middle of the
    list."""
    threads = [await feed.message(f"k{n}", at=10 * n) for n in range(9)]

    async def late() -> None:
        await feed.message("k1", at=55)
        await feed.message("k3", at=62)

    assert await walk(owner, [late]) == threads[::-1]


async def test_i2_a_scan_obeys_a_filter_and_the_viewers_scope_as_they_are_by_then(
    desk: Rig, owner: User, feed: Feed
) -> None:
    """R7.4: what was taken away since the walk began is not given any more."""
    lan = await desk.staff(owner, "lan")
    await settings(owner, visibility="own_only")
    threads = [await feed.message(f"k{n}") for n in range(6)]
    for n in range(6):
        await feed.assign(f"k{n}", "lan")

    async def take() -> None:
        await feed.message("k1")
        await feed.assign("k1", "minh")

    assert await walk(lan, [take]) == [*threads[:1:-1], threads[0]]


@pytest.mark.parametrize("cursor", ["x", "eyJhIjoxfQ", "WzEsMiwzXQ", "MTIz"])
async def test_a_cursor_that_was_never_given_is_refused(owner: User, cursor: str) -> None:
    assert (await owner.get(f"/v1/conversations?cursor={cursor}")).status_code == 422
