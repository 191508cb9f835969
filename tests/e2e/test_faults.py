"""R9 with real crashes: workers killed in the middle of a burst."""

import asyncio
import signal
from collections import Counter

import pytest

from support.shop import Shop, eventually
from tuyen_local.stack import Stack


@pytest.mark.parametrize("victims", [["router"], ["router-2", "router"]])
async def test_inv4_r2_1_r9_1_killed_routers_lose_nothing_and_keep_the_rotation(
    stack: Stack, shop: Shop, victims: list[str]
) -> None:
    agents = [f"nv{number}" for number in range(5)]
    await shop.add(*agents)
    await shop.assign_by(*agents, applies_to="all")
    facebook = shop.facebook
    comments = [f"9_{number:04d}" for number in range(300)]
    customers = [f"khach-{number}" for number in range(100)]

    async def burst(first: int, last: int) -> None:
        for number in range(first, last):
            await facebook.send(
                facebook.comment(f"c{number}", comments[number]),
                facebook.message(customers[number % 100], f"tin {number}"),
            )

    sending = asyncio.gather(*(burst(start, start + 60) for start in range(0, 300, 60)))
    for victim in victims:
        await _some_owned(shop)
        stack.kill(victim, signal.SIGKILL)
    await sending
    owners = await shop.owners([*comments, *customers])
    await stack.wait_ready()

    counts = Counter(owners.values())
    assert sum(counts.values()) == 400
    assert max(counts.values()) - min(counts.values()) == 0
    for row in await shop.admin.inbox():
        assert len(await shop.history(row["id"])) == row["version"] == 1
        assert row["unread"] == (1 if row["kind"] == "comment" else 3)


async def _some_owned(shop: Shop) -> None:
    async def some() -> bool:
        return any(row["assignee"] for row in await shop.admin.inbox())

    await eventually(some, lambda: "nobody has anything")


@pytest.mark.parametrize("service", ["ingest", "presence", "crm", "outbound", "gateway"])
async def test_r9_1_any_other_service_may_be_killed_as_well(
    stack: Stack, shop: Shop, service: str
) -> None:
    await shop.hire("an", "binh")
    await shop.assign_by("an", "binh")
    await shop.facebook.send(shop.facebook.message("truoc"))
    await shop.row("truoc", lambda row: row["assignee"] is not None)

    stack.kill(service, signal.SIGKILL)
    await stack.wait_ready()
    await shop.facebook.send(shop.facebook.message("sau"))

    rows = [
        await shop.row(each, lambda row: row["assignee"] is not None) for each in ("truoc", "sau")
    ]
    assert [row["assignee"]["agent_id"] for row in rows] == ["an", "binh"]
    assert {each["presence"] for each in (await shop.admin.get("/v1/presence"))["items"]} >= {
        "online"
    }
