"""R7.2: nothing that one organization is answered tells what another does."""

import re
from dataclasses import dataclass
from typing import Any

import pytest

from gateway.feed import Feed
from gateway.rig import Rig, User, presence_service, until
from gateway.router_twin import routing
from tuyen_platform.kafka.memory import InMemoryLog

Answers = dict[str, tuple[int, str | None, str]]
"""By path: the status, the `ETag`, and the body, as text."""

QUERIES = ("", "?limit=1", "?after=0")


@dataclass
class Shop:
    """An organization with one of everything, by the names that paths have for it."""

    boss: User
    ids: dict[str, str]


async def open_shop(desk: Rig, log: InMemoryLog, name: str) -> Shop:
    boss = await desk.organization(name)
    await change(boss, 0)
    feed = Feed(log, organization=name, page="p")
    thread = await feed.message("c")
    await feed.message("d")
    await boss.done("GET", "/v1/conversations?after=0")
    await boss.done("PUT", "/v1/presence", {"status": "online"})
    body = {"ids": [thread], "set": {"done": True}}
    job = await boss.done("POST", "/v1/conversations/bulk", body)
    await boss.done("GET", "/v1/conversations?after=0")
    contact = (await boss.done("GET", f"/v1/conversations/{thread}"))["customer"]["id"]
    ids = {"conversation_id": thread, "job_id": job["id"], "contact_id": contact, "agent_id": "lan"}
    ids |= {"page_id": "p", "organization_id": name, "department_id": "sales", "region_id": "north"}
    ids |= {"rule_id": "r", "group_id": "g", "link_id": "l", "app_id": "none"}
    ids |= {"template_id": "t", "view_id": "v", "post_id": f"{feed.page}_1"}
    return Shop(boss, {**ids, "letter_id": "evt_none", "attachment_id": "att_none"})


async def change(boss: User, number: int) -> None:
    """Writes one of every entity of the directory."""
    lan = {"name": f"Lan {number}", "username": "lan", "role": "agent", "password": f"pw-{number}"}
    await boss.done("PUT", "/v1/agents/lan", lan)
    page = {"channel": "livechat", "name": f"P {number}", "staff": ["lan"]}
    await boss.done("PUT", "/v1/pages/p", page)
    await boss.done("PUT", "/v1/settings", {"done_after_hours": number, "assignment": True})
    rule = {"name": f"R {number}", "enabled": True, "pages": None, "members": []}
    await boss.done("PUT", "/v1/rules/r", rule)
    await boss.done("PUT", "/v1/departments/sales", {"name": f"S {number}"})
    await boss.done("PUT", "/v1/departments/sales/regions/north", {"name": f"N {number}"})
    await boss.done("PUT", "/v1/groups/g", {"name": f"G {number}", "members": ["lan"]})
    link = {"url": f"https://shop.example/{number}", "group": "g"}
    await boss.done("PUT", "/v1/links/l", link)
    await boss.done("PUT", "/v1/templates/t", {"title": "T", "text": f"T {number}"})
    view = {"name": f"V {number}", "filter": {}, "shared": True}
    await boss.done("PUT", "/v1/views/v", view)
    await boss.done("PUT", "/v1/me/preferences", {"number": number})
    await boss.done("PUT", "/v1/support-team", {"agent_ids": ["lan"] if number % 2 else []})


_LEFT_OUT = (
    "/v1/events",  # has no end
    "/v1/audit",  # says also what the readers of this test were refused
    "/v1/imports/template.xlsx",  # has the time at which it was made
)


def paths(openapi: Any, shop: Shop) -> list[str]:
    """Every GET route of an agent."""
    found = []
    for path, routes in openapi["paths"].items():
        others = "organizations" in path or path in _LEFT_OUT
        if "get" in routes and path.startswith("/v1/") and not others:
            found.append(re.sub(r"\{(\w+)\}", lambda name: shop.ids.get(name[1], "none"), path))
    assert len(found) > 20
    return found


async def answers(user: User, asked: list[str]) -> Answers:
    """The answer to each; a cursor is encrypted with a nonce, so only its length is kept."""
    found: Answers = {}
    for path in asked:
        for query in QUERIES:
            answer = await user.get(path + query)
            assert answer.status_code < 500, (path, answer.text)
            body = re.sub(r'"next":"([^"]*)"', lambda next_: f'"next":{len(next_[1])}', answer.text)
            found[path + query] = (answer.status_code, answer.headers.get("ETag"), body)
    return found


@pytest.fixture
async def shops(desk: Rig, log: InMemoryLog) -> tuple[Shop, Shop]:
    async with routing(log), presence_service(log):
        return await open_shop(desk, log, "quiet"), await open_shop(desk, log, "busy")


async def busy(desk: Rig, log: InMemoryLog, shop: Shop) -> None:
    """The other organization does everything that can be done, more than once."""
    feed = Feed(log, organization="busy", page="p")
    async with routing(log), presence_service(log):
        for number in range(1, 4):
            await change(shop.boss, number)
            for customer in range(10):
                await feed.message(f"c{customer}", f"tin {number}", at=100 * number + customer)
                await feed.assign(f"c{customer}", "lan")
            for status in ("away", "offline", "online"):
                await shop.boss.done("PUT", "/v1/presence", {"status": status})
            thread = shop.ids["conversation_id"]
            await shop.boss.done("POST", f"/v1/conversations/{thread}/read")
            body = {"filter": {}, "set": {"done": bool(number % 2)}}
            await shop.boss.done("POST", "/v1/conversations/bulk", body)
        await shop.boss.done("DELETE", "/v1/links/l")
        await shop.boss.done("GET", "/v1/conversations?after=0")


async def test_inv5_r7_2_no_answer_changes_by_what_another_organization_does(
    desk: Rig, log: InMemoryLog, shops: tuple[Shop, Shop]
) -> None:
    quiet, other = shops
    asked = paths((await desk.anybody.get("/openapi.json")).json(), quiet)
    lan = await desk.login("quiet", "lan", "pw-0")
    before = [await answers(user, asked) for user in (quiet.boss, lan)]
    await busy(desk, log, other)
    after = [await answers(user, asked) for user in (quiet.boss, lan)]
    assert after == before


async def test_i13_r7_2_what_the_own_organization_does_moves_the_position(
    desk: Rig, log: InMemoryLog, shops: tuple[Shop, Shop]
) -> None:
    boss = shops[1].boss
    asked = ["/v1/rules", "/v1/presence", "/v1/jobs", "/v1/conversations", "/v1/contacts"]
    asked += ["/v1/templates", "/v1/views"]

    async def positions() -> list[str]:
        return [(await boss.done("GET", path))["position"] for path in asked]

    before = await positions()
    assert await positions() == before
    await busy(desk, log, shops[1])

    async def moved() -> bool:
        return all(a != b for a, b in zip(await positions(), before, strict=True))

    await until(moved)


async def test_r7_2_a_version_cannot_be_asked_for_to_count_what_others_write(
    desk: Rig, log: InMemoryLog, shops: tuple[Shop, Shop]
) -> None:
    """No number that another organization's writing makes valid, or keeps from being so."""
    quiet, other = shops
    version = (await quiet.boss.done("PUT", "/v1/groups/g", {"name": "G", "members": []}))[
        "version"
    ]
    await other.boss.done("PUT", "/v1/groups/g", {"name": "Other", "members": []})
    assert (await quiet.boss.get(f"/v1/groups?after={version}")).status_code == 200
    assert desk.gateway.directory.version(desk.gateway.directory.organizations()[1].id) == version
