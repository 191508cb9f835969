"""Cursors are made here alone, and cannot be read: they hold places in topics of all tenants."""

import base64
import json
from datetime import timedelta

import pytest
from pydantic import SecretStr

from gateway.rig import START, Rig, User, running
from tuyen_gateway.adapters.cipher import FernetCipher
from tuyen_gateway.api.paging import CURSOR_LASTS
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog

LISTS = ["/v1/agents", "/v1/groups", "/v1/contacts", "/v1/conversations", "/v1/jobs"]


def make_up(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize("path", [*LISTS, "/v1/conversations/msg_1/messages"])
@pytest.mark.parametrize(
    "cursor",
    [
        make_up([10**30, "msg_1", [0] * 24]),
        make_up([0, "msg_1", [0] * 24]),
        make_up([10**30, 10**30, "m_1"]),
        make_up(10**30),
        "gAAAAA",
        "%ED%A0%80",
        "z" * 2_000,
    ],
)
async def test_r9_5_a_cursor_that_was_not_given_is_refused_before_anything_is_looked_up(
    boss: User, path: str, cursor: str
) -> None:
    answer = await boss.get(f"{path}?cursor={cursor}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "query.cursor"


async def hire_staff(rig: Rig) -> User:
    boss = await rig.organization()
    for name in ("an-hang", "binh-hang"):
        await boss.done("PUT", f"/v1/groups/{name}", {"name": name})
    return boss


async def test_r7_2_a_cursor_shows_nothing_and_continues_no_other_list(rig: Rig) -> None:
    boss = await hire_staff(rig)
    cursor = (await boss.done("GET", "/v1/groups?limit=1"))["next"]
    assert b"an-hang" not in base64.urlsafe_b64decode(cursor + "==")
    assert (await boss.get(f"/v1/groups?cursor={cursor}")).status_code == 200
    assert (await boss.get(f"/v1/agents?cursor={cursor}")).status_code == 422
    changed = cursor[:-2] + ("A" if cursor[-2] != "A" else "B") + cursor[-1]
    assert (await boss.get(f"/v1/groups?cursor={changed}")).status_code == 422


async def test_r9_5_a_cursor_ends(rig: Rig, clock: ManualClock) -> None:
    boss = await hire_staff(rig)
    cursor = (await boss.done("GET", "/v1/groups?limit=1"))["next"]
    clock.advance(CURSOR_LASTS + timedelta(seconds=1))
    boss = await rig.login("shop", "boss", "boss-password")
    assert (await boss.get(f"/v1/groups?cursor={cursor}")).status_code == 422


async def test_another_gateway_of_the_installation_continues_with_a_cursor(
    rig: Rig, log: InMemoryLog, clock: ManualClock
) -> None:
    boss = await hire_staff(rig)
    cursor = (await boss.done("GET", "/v1/groups?limit=1"))["next"]
    async with running(log, clock) as other:
        there = User(other.client, boss.token)
        page = await there.done("GET", f"/v1/groups?limit=1&cursor={cursor}")
        assert [one["id"] for one in page["items"]] == ["binh-hang"]


def test_strings_are_decrypted_with_the_same_key_alone() -> None:
    clock = ManualClock(START)
    ours = FernetCipher(SecretStr("k" * 32), clock)
    encrypted = ours.encrypt("list", "Đỗ")
    day = timedelta(days=1)
    assert FernetCipher(SecretStr("k" * 32), clock).decrypt("list", encrypted, day) == "Đỗ"
    assert FernetCipher(SecretStr("l" * 32), clock).decrypt("list", encrypted, day) is None
    assert ours.decrypt("other", encrypted, day) is None
    assert ours.decrypt("list", "\ud800", day) is None
