"""Who somebody is, and what they may do."""

import pytest

from gateway.rig import Rig, User

ALL = {"access": True, "import": True, "export": True, "delete": True}


async def test_c11_it_says_what_the_viewer_may_do_in_the_crm(rig: Rig, boss: User) -> None:
    lan = await rig.staff(boss, "lan")
    assert (await lan.done("GET", "/v1/me"))["crm"] == ALL
    crm = {"delete": False, "export": False}
    body = {"name": "Lan", "username": "lan", "role": "agent", "crm": crm}
    version = (await boss.done("PUT", "/v1/agents/lan", body))["version"]
    assert (await lan.done("GET", f"/v1/me?after={version}"))["crm"] == {**ALL, **crm}


@pytest.mark.parametrize(
    ("settings", "may_take"),
    [
        ({"assignment": True, "take_unassigned": True}, True),
        ({"assignment": True}, False),
        ({"take_unassigned": True}, False),
    ],
)
async def test_r6_6_it_says_whether_agents_may_take(
    rig: Rig, boss: User, settings: dict[str, bool], may_take: bool
) -> None:
    lan = await rig.staff(boss, "lan")
    version = (await boss.done("PUT", "/v1/settings", settings))["version"]
    assert (await lan.done("GET", f"/v1/me?after={version}"))["may_take"] is may_take
