"""Assignment rules: order, revisions, and one rule for each event."""

import pytest

from gateway.rig import Rig, User


def rule(**changed: object) -> dict[str, object]:
    return {
        "name": "Evening",
        "enabled": True,
        "mode": "sequential",
        "applies_to": "online",
        "pages": None,
        "members": [],
        **changed,
    }


@pytest.fixture
async def staffed(rig: Rig, boss: User) -> User:
    for agent in ("lan", "minh", "an"):
        body = {"name": agent.title(), "username": agent, "role": "agent"}
        await boss.done("PUT", f"/v1/agents/{agent}", body)
    for number in ("1", "2"):
        body = {"channel": "facebook", "external_id": number, "name": number}
        await boss.done("PUT", f"/v1/pages/p{number}", body)
    return boss


async def test_members_keep_their_order_and_what_they_may_do(rig: Rig, staffed: User) -> None:
    members = [
        {"agent_id": "minh", "capabilities": ["facebook_comment"], "capacity": None},
        {"agent_id": "an", "capabilities": None, "capacity": None},
        {"agent_id": "lan", "capabilities": [], "capacity": None},
    ]
    put = await staffed.put("/v1/rules/main", rule(members=members, pages=["p2", "p1"]))
    assert put.status_code == 200
    shown = {
        "id": "main",
        **rule(members=members, pages=["p2", "p1"]),
        "revision": put.json()["revision"],
        "version": put.json()["version"],
    }
    assert put.json() == shown
    assert (await staffed.get("/v1/rules/main")).json() == shown
    assert (await staffed.done("GET", "/v1/rules"))["items"] == [shown]


async def test_the_revision_rises_by_one_with_each_change(rig: Rig, staffed: User) -> None:
    first = await staffed.done("PUT", "/v1/rules/main", rule())
    again = await staffed.done("PUT", "/v1/rules/main", rule())
    assert again == first
    second = await staffed.done("PUT", "/v1/rules/main", rule(mode="random"))
    assert second["revision"] == first["revision"] + 1
    assert second["version"] > first["version"]


async def test_what_is_left_out_has_the_default_of_the_sources(rig: Rig, staffed: User) -> None:
    put = await staffed.done("PUT", "/v1/rules/main", {"name": "Evening", "enabled": False})
    assert (put["mode"], put["applies_to"], put["pages"], put["members"]) == (
        "sequential",
        "online",
        None,
        [],
    )


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"members": [{"agent_id": "nobody"}]}, "body.members"),
        ({"members": [{"agent_id": "lan"}, {"agent_id": "lan"}]}, "body.members"),
        ({"members": [{"agent_id": "lan", "capacity": 0}]}, "body.members.0.capacity"),
        ({"members": [{"agent_id": "lan", "capabilities": ["fax"]}]}, "body.members.0"),
        ({"pages": ["p3"]}, "body.pages"),
        ({"pages": ["p1", "p1"]}, "body.pages"),
        ({"mode": "alphabetical"}, "body.mode"),
        ({"version": 3}, "body.version"),
    ],
)
async def test_what_does_not_fit_is_refused_with_its_field(
    rig: Rig, staffed: User, wrong: dict[str, object], field: str
) -> None:
    answer = await staffed.put("/v1/rules/main", rule(**wrong))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith(field)


async def test_a_rule_can_be_replaced_without_a_moment_that_has_none(
    rig: Rig, staffed: User
) -> None:
    await staffed.done("PUT", "/v1/rules/old", rule())
    await staffed.done("PUT", "/v1/rules/new", rule(mode="random"))
    await staffed.done("PUT", "/v1/rules/old", rule(enabled=False))
    listed = (await staffed.done("GET", "/v1/rules"))["items"]
    assert [(one["id"], one["enabled"]) for one in listed] == [("new", True), ("old", False)]


async def test_r9_4_a_revision_never_comes_again(rig: Rig, staffed: User) -> None:
    seen = []
    for _ in range(3):
        for mode in ("random", "sequential", "least_loaded"):
            put = await staffed.done("PUT", "/v1/rules/main", rule(mode=mode))
            seen.append(put["revision"])
        await staffed.done("DELETE", "/v1/rules/main")
    assert seen == sorted(set(seen))


async def test_r1_7_r2_3_a_rule_may_choose_by_load_and_bound_it(rig: Rig, staffed: User) -> None:
    members = [{"agent_id": "lan", "capabilities": None, "capacity": 3}]
    put = await staffed.done("PUT", "/v1/rules/main", rule(mode="least_loaded", members=members))
    assert (put["mode"], put["members"]) == ("least_loaded", members)


async def test_a_rule_is_removed(rig: Rig, staffed: User) -> None:
    await staffed.done("PUT", "/v1/rules/main", rule())
    assert (await staffed.delete("/v1/rules/main")).status_code == 204
    assert (await staffed.get("/v1/rules/main")).status_code == 404
    assert (await staffed.delete("/v1/rules/main")).status_code == 404


async def test_rules_agents_and_pages_of_another_organization_are_unknown(
    rig: Rig, staffed: User
) -> None:
    other = await rig.organization("other")
    await staffed.done("PUT", "/v1/rules/main", rule())
    assert (await other.get("/v1/rules/main")).status_code == 404
    foreign = await other.put("/v1/rules/main", rule(members=[{"agent_id": "lan"}]))
    assert foreign.status_code == 422
    assert (await other.put("/v1/rules/main", rule(pages=["p1"]))).status_code == 422
