"""R9.4 through HTTP alone: why somebody was chosen, and others were not."""

import pytest

from support.shop import Json, Shop, is_owned_by

EXCLUDED = {
    "day": "capacity",
    "tin": "capability",
    "vang": "offline",
    "ngoai": "page",
    "khoa": "disabled",
}


@pytest.fixture
async def told(shop: Shop) -> Shop:
    """An can be chosen; of everybody else there is a reason why not."""
    await shop.hire("an", "day", "tin", "ngoai", "khoa")
    await shop.hire("vang", online=False)
    await shop.employ("khoa", disabled=True)
    await shop.staff("an", "day", "tin", "vang", "khoa")
    await shop.assign_by(
        "an",
        {"agent_id": "day", "capacity": 1},
        {"agent_id": "tin", "capabilities": ["facebook_message"]},
        "vang",
        "ngoai",
        "khoa",
        page_permissions=True,
    )
    return shop


async def _only(shop: Shop, comment: str, agent: str) -> Json:
    row = await shop.row(comment, is_owned_by(agent))
    (why,) = await shop.history(row["id"])
    return why


async def test_r9_4_a_choice_names_the_rule_the_others_and_the_turn(told: Shop) -> None:
    shop = told
    await shop.facebook.comments("1_1", "1_2", "1_3")
    first = await _only(shop, "1_1", "an")
    await _only(shop, "1_2", "day")
    why = await _only(shop, "1_3", "an")

    assert (first["candidates"], why["candidates"]) == (["an", "day"], ["an"])
    assert {each["agent_id"]: each["reason"] for each in why["excluded"]} == EXCLUDED
    assert why["rotation"] == {"position": 1, "of": 6, "after": "day"}
    assert first["rotation"]["after"] is None
    assert (first["load"], why["load"]) == (0, 1)
    rule = await shop.admin.get("/v1/rules/quay-vong")
    settings = await shop.admin.get("/v1/settings")
    assert why["rule_version"] == rule["revision"]
    assert why["settings_version"] == settings["revision"]
    assert why["sentence"] == {
        "vi": "Đến lượt An, sau Day, theo quy tắc “Quay vong” (1 nhân viên có thể nhận).",
        "en": "It was An’s turn, after Day, under the rule “Quay vong” (1 could take it).",
    }

    mine = await shop.people["an"].get(
        f"/v1/conversations/{(await shop.row('1_3'))['id']}/assignments"
    )
    assert mine["items"] == [{**why, "excluded": None, "load": None}]


async def test_r9_4_versions_rise_with_each_edit_and_an_event_is_named(shop: Shop) -> None:
    await shop.add("an", "binh")
    await shop.assign_by("an", "binh", applies_to="all")
    await shop.facebook.comments("1_1")
    before = await _only(shop, "1_1", "an")

    await shop.rule("quay-vong", "binh", "an", mode="random", applies_to="all")
    await shop.rule("quay-vong", "binh", applies_to="all")
    await shop.settings(visibility="own_only")
    await shop.facebook.comments("1_2")

    after = await _only(shop, "1_2", "binh")
    assert after["rule_version"] == before["rule_version"] + 2
    assert after["settings_version"] == before["settings_version"] + 1
    assert after["caused_by"] != before["caused_by"]


async def test_r9_4_r1_5_waiting_for_a_department_names_who_is_not_of_it(shop: Shop) -> None:
    await shop.admin.put("/v1/departments/sales", name="Bán hàng")
    await shop.hire("an")
    await shop.hire("binh", departments=["sales"], online=False)
    await shop.assign_by("an", "binh")
    await (await shop.site()).write("v1", department="sales")

    row = await shop.waiting("v1")

    (why,) = await shop.history(row["id"])
    assert (why["reason"], why["candidates"]) == ("queued", [])
    assert why["excluded"] == [
        {"agent_id": "an", "reason": "department"},
        {"agent_id": "binh", "reason": "offline"},
    ]
    assert why["sentence"] == {
        "vi": "Chưa có nhân viên nào có thể nhận theo quy tắc “Quay vong”; "
        "hội thoại đang chờ trong hàng đợi.",
        "en": "Nobody could take it under the rule “Quay vong”; it waits in the queue.",
    }
