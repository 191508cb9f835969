"""The history of assignments, with reasons (I10, R9.4)."""

from gateway.feed import Feed
from gateway.rig import User


async def test_i10_the_history_is_newest_first_and_says_why(owner: User, feed: Feed) -> None:
    thread = await feed.message("a")
    for agent in (None, "lan", "minh"):
        await feed.assign("a", agent)
    path = f"/v1/conversations/{thread}/assignments?after=3"
    items = (await owner.done("GET", path))["items"]
    assert [item["version"] for item in items] == [3, 2, 1]
    assert items[0] == {
        "version": 3,
        "agent_id": "minh",
        "previous_agent_id": None,
        "reason": "rotation",
        "mode": "sequential",
        "rule_id": None,
        "by": None,
        "note": None,
        "candidates": ["minh"],
        "caused_by": "evt_1",
        "at": "2026-11-21T08:00:00Z",
        "rule_version": None,
        "settings_version": 0,
        "excluded": None,
        "rotation": None,
        "load": None,
        "sentence": {
            "vi": "Đến lượt minh (1 nhân viên có thể nhận).",
            "en": "It was minh’s turn (1 could take it).",
        },
    }
    assert items[2]["reason"] == "queued"


async def test_i10_the_history_is_given_in_pages(owner: User, feed: Feed) -> None:
    thread = await feed.message("a")
    for _ in range(5):
        await feed.assign("a", "lan")
    first = await owner.done("GET", f"/v1/conversations/{thread}/assignments?after=5&limit=3")
    rest = await owner.done(
        "GET", f"/v1/conversations/{thread}/assignments?limit=3&cursor={first['next']}"
    )
    assert [item["version"] for item in first["items"] + rest["items"]] == [5, 4, 3, 2, 1]
    assert rest["next"] is None


async def test_a_queued_conversation_waits_and_has_nobody(owner: User, feed: Feed) -> None:
    thread = await feed.message("a")
    await feed.assign("a", None)
    row = await owner.done("GET", f"/v1/conversations/{thread}?after=1")
    assert (row["waiting"], row["assignee"]) == (True, None)
    await feed.assign("a", "lan")
    row = await owner.done("GET", f"/v1/conversations/{thread}?after=2")
    assert row["waiting"] is False


async def test_inv3_of_two_records_with_one_version_the_first_in_the_log_counts(
    owner: User, feed: Feed
) -> None:
    thread = await feed.message("a")
    await feed.assign("a", "lan")
    feed.forget_versions()
    await feed.assign("a", "minh")
    row = await owner.done("GET", f"/v1/conversations/{thread}?after=1")
    assert row["assignee"]["agent_id"] == "lan"
    items = (await owner.done("GET", f"/v1/conversations/{thread}/assignments"))["items"]
    assert [item["agent_id"] for item in items] == ["lan"]
