"""The settings of an organization, and of the service."""

import itertools

import pytest
from cryptography.fernet import Fernet
from pydantic import ValidationError

from gateway.rig import Rig, User
from tuyen_gateway.settings import GatewaySettings

DEFAULTS = {
    "page_permissions": False,
    "assignment": False,
    "visibility": "everyone",
    "auto_assign": False,
    "auto_reassign": False,
    "when_nobody": "queue",
    "take_unassigned": False,
    "done_after_hours": 0,
    "merge_contacts": "propose",
    "revision": 0,
}


async def test_what_was_never_set_has_its_default(rig: Rig, boss: User) -> None:
    assert await boss.done("GET", "/v1/settings") == {**DEFAULTS, "version": 0}


async def test_fields_that_are_left_out_keep_their_value(rig: Rig, boss: User) -> None:
    await boss.done("PUT", "/v1/settings", {"visibility": "own_only", "assignment": True})
    body = {"done_after_hours": 24, "merge_contacts": "at_once", "visibility": None}
    put = await boss.put("/v1/settings", body)
    expected = {
        **DEFAULTS,
        "visibility": "own_only",
        "assignment": True,
        "done_after_hours": 24,
        "merge_contacts": "at_once",
        "revision": 2,
        "version": put.json()["version"],
    }
    assert put.json() == expected
    assert await boss.done("GET", f"/v1/settings?after={expected['version']}") == expected
    assert put.headers["ETag"] == f'"{expected["version"]}"'
    assert (await boss.put("/v1/settings", {})).json() == expected


@pytest.mark.parametrize(
    ("assignment", "auto_assign", "auto_reassign"),
    list(itertools.product([False, True], repeat=3)),
)
async def test_each_step_of_automation_needs_the_one_before(
    rig: Rig, boss: User, assignment: bool, auto_assign: bool, auto_reassign: bool
) -> None:
    body = {
        "assignment": assignment,
        "auto_assign": auto_assign,
        "auto_reassign": auto_reassign,
    }
    allowed = (assignment or not auto_assign) and (auto_assign or not auto_reassign)
    answer = await boss.put("/v1/settings", body)
    assert answer.status_code == (200 if allowed else 422)
    if not allowed:
        needed = "assignment" if auto_assign and not assignment else "auto_assign"
        assert f"switch `{needed}` on first" in answer.json()["detail"]
        assert await boss.done("GET", "/v1/settings") == {**DEFAULTS, "version": 0}


async def test_settings_that_others_need_are_not_switched_off_alone(rig: Rig, boss: User) -> None:
    await boss.done("PUT", "/v1/settings", {"assignment": True, "auto_assign": True})
    answer = await boss.put("/v1/settings", {"assignment": False})
    assert answer.status_code == 422
    assert "switch `auto_assign` off with it" in answer.json()["detail"]
    await boss.done("PUT", "/v1/settings", {"assignment": False, "auto_assign": False})


@pytest.mark.parametrize(
    "wrong",
    [{"visibility": "nobody"}, {"done_after_hours": -1}, {"assignment": "maybe"}, {"colour": 1}],
)
async def test_what_does_not_fit_is_refused(rig: Rig, boss: User, wrong: dict[str, object]) -> None:
    answer = await boss.put("/v1/settings", wrong)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == f"body.{next(iter(wrong))}"


async def test_settings_of_two_organizations_are_apart(rig: Rig, boss: User) -> None:
    other = await rig.organization("other")
    await boss.done("PUT", "/v1/settings", {"assignment": True})
    assert (await other.done("GET", "/v1/settings"))["assignment"] is False


async def test_r9_4_the_revision_counts_the_changes(rig: Rig, boss: User) -> None:
    revisions = []
    for hours in (1, 1, 2, 1):
        put = await boss.done("PUT", "/v1/settings", {"done_after_hours": hours})
        revisions.append(put["revision"])
    assert revisions == [1, 1, 2, 3]


GOOD = {
    "kafka": "k",
    "mongodb": "mongodb://m",
    "jwt_key": "k" * 32,
    "operator_token": "t" * 16,
    "secrets_key": Fernet.generate_key().decode(),
}


@pytest.mark.parametrize(
    ("changed", "starts"),
    [
        ({}, True),
        ({"jwt_key": None}, False),
        ({"jwt_key": "k" * 31}, False),
        ({"jwt_key": "k" * 31, "local": True}, False),
        ({"jwt_key": None, "local": True}, True),
        ({"secrets_key": None}, False),
        ({"secrets_key": None, "local": True}, True),
        ({"operator_token": None}, False),
        ({"operator_token": "short"}, False),
        ({"operator_token": "short", "local": True}, True),
        ({"operator_token": ""}, False),
        ({"operator_token": "", "local": True}, True),
        ({"operator_token": " " * 16}, False),
        ({"operator_token": " ", "local": True}, False),
        ({"jwt_key": ""}, False),
        ({"jwt_key": "", "local": True}, True),
        ({"jwt_key": " " * 32, "local": True}, False),
        ({"secrets_key": ""}, False),
        ({"operator_token": None, "local": True}, True),
        ({"presence_lease_s": 0}, False),
        ({"trusted_proxies": "10.0.0.0/8, 192.0.2.1"}, True),
        ({"trusted_proxies": "*"}, False),
        ({"mongodb": None, "local": True}, False),
    ],
)
def test_the_service_refuses_to_start_on_weak_secrets_outside_the_local_stack(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, object], starts: bool
) -> None:
    for name, value in {**GOOD, **changed}.items():
        if value is None:
            monkeypatch.delenv(f"TUYEN_{name.upper()}", raising=False)
        else:
            monkeypatch.setenv(f"TUYEN_{name.upper()}", str(value))
    if starts:
        read = GatewaySettings()
        assert "kkkk" not in repr(read)
        assert read.operator_token is None or read.operator_token.get_secret_value()
    else:
        with pytest.raises(ValidationError) as refused:
            GatewaySettings()
        assert "kkkk" not in str(refused.value)
