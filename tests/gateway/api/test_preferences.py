"""I15: an agent's preferences."""

import json
from typing import Any

import pytest

from gateway.rig import Rig, User

PATH = "/v1/me/preferences"


async def test_i15_preferences_are_kept_as_they_were_put(rig: Rig, boss: User) -> None:
    assert await boss.done("GET", PATH) == {}
    given = {
        "language": "vi",
        "theme": "dark",
        "sound": True,
        "panes": {"contact": 320, "open": ["tags", None, 1.5]},
        "một": "hai",
    }
    put = await boss.put(PATH, given)
    assert (put.status_code, put.json()) == (200, given)
    version = put.headers["ETag"].strip('"')
    assert await boss.done("GET", f"{PATH}?after={version}") == given
    await boss.done("PUT", PATH, {"sound": "ding"})
    assert await boss.done("GET", PATH) == {"sound": "ding"}


async def test_i15_preferences_are_ones_own(rig: Rig, boss: User) -> None:
    lan = await rig.staff(boss, "lan")
    await boss.done("PUT", PATH, {"theme": "dark"})
    assert await lan.done("GET", PATH) == {}
    other = await rig.organization("other")  # its admin has the same id
    assert await other.done("GET", PATH) == {}


def nested(depth: int) -> Any:
    return json.loads("[" * depth + "]" * depth)


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        None,
        {"language": "not a language"},
        {"language": 7},
        {"theme": "x" * 65},
        {"sound": []},
        {"x" * 65: 1},
        {"a": {"x" * 65: 1}},
        {"a": "x" * 9_000},
        {"a": 2**53 + 1},
        {"a": nested(5)},
        {f"p{n}": 1 for n in range(101)},
    ],
    ids=str,
)
async def test_r9_5_preferences_are_limited(rig: Rig, boss: User, wrong: object) -> None:
    answer = await boss.call("PUT", PATH, wrong)
    assert answer.status_code == 422, answer.text
    assert await boss.done("GET", PATH) == {}


@pytest.mark.parametrize("odd", ["NaN", "Infinity", "-1e999", "1" * 400])
async def test_r9_5_numbers_that_json_cannot_carry_are_refused(
    rig: Rig, boss: User, odd: str
) -> None:
    answer = await rig.client.put(
        PATH,
        content=f'{{"a": [{odd}]}}',
        headers={"Authorization": f"Bearer {boss.token}", "Content-Type": "application/json"},
    )
    assert answer.status_code == 422
    assert await boss.done("GET", PATH) == {}


async def test_r9_6_a_new_agent_with_an_old_id_has_nothing(rig: Rig, boss: User) -> None:
    lan = await rig.staff(boss, "lan")
    await lan.done("PUT", PATH, {"theme": "dark"})
    await lan.done("PUT", "/v1/views/v", {"name": "V", "filter": {}, "shared": False})
    await boss.done("PUT", "/v1/templates/t", {"title": "T", "text": "T"})
    assert (await boss.delete("/v1/agents/lan")).status_code == 204
    assert rig.gateway.desk.owners() == []
    lan = await rig.staff(boss, "lan")
    assert await lan.done("GET", PATH) == {}
    assert (await lan.done("GET", "/v1/views"))["items"] == []
    assert len((await lan.done("GET", "/v1/templates"))["items"]) == 1
