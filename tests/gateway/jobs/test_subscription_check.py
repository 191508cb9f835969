"""P1: pages that a channel has cut off are subscribed again."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from gateway.channels_twin import DEAD_TOKEN, TOO_MANY
from gateway.jobs.job_rig import ScansTwin, run_gateway
from gateway.rig import Rig, User, until
from tuyen_events.ids import OrganizationId
from tuyen_events.vocabulary import Channel
from tuyen_gateway.adapters.facebook_pages import SUBSCRIBED_FIELDS
from tuyen_gateway.jobs import subscription_check
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.page_credentials import AccountCredentials, PageCredentials, name_account
from tuyen_platform.settings import LOCAL_SECRETS_KEY

ALL = ",".join(SUBSCRIBED_FIELDS)


def page(external_id: str = "1001", **changed: object) -> dict[str, object]:
    given = {"access_token": f"token-{external_id}"}
    return {
        "channel": "facebook",
        "external_id": external_id,
        "name": "Shop",
        "credentials": given,
        **changed,
    }


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscription_check, "_MIN_INTERVAL_S", 0)


async def check(rig: Rig) -> list[str]:
    """One check of everything; the calls that it made."""
    rig.channels.calls.clear()
    gateway = rig.gateway
    await subscription_check.check_subscriptions(gateway, gateway.directory.organizations())
    return [f"{call.method} {call.path}" for call in rig.channels.calls]


async def test_p1_what_is_subscribed_is_left(rig: Rig, boss: User) -> None:
    await boss.done("PUT", "/v1/pages/main", page())
    assert await check(rig) == ["GET /1001/subscribed_apps"]
    assert rig.channels.subscribed == {"1001": ALL}


@pytest.mark.parametrize("left", [None, "feed"])
async def test_p1_a_page_that_was_cut_off_is_subscribed_again(
    rig: Rig, boss: User, left: str | None
) -> None:
    await boss.done("PUT", "/v1/pages/main", page())
    rig.channels.subscribed = {} if left is None else {"1001": left}
    assert await check(rig) == ["GET /1001/subscribed_apps", "POST /1001/subscribed_apps"]
    assert rig.channels.subscribed == {"1001": ALL}
    assert await check(rig) == ["GET /1001/subscribed_apps"]


async def test_p1_what_failed_when_it_was_connected_is_tried_again(rig: Rig, boss: User) -> None:
    rig.channels.faults.append(("/subscribed_apps", httpx.ConnectError("no")))
    assert "problem" in await boss.done("PUT", "/v1/pages/main", page())
    assert await check(rig) == ["POST /1001/subscribed_apps"]
    assert "problem" not in await boss.done("GET", "/v1/pages/main")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (httpx.Response(400, json=DEAD_TOKEN), "token_dead"),
        (httpx.Response(400, json=TOO_MANY), None),
        (httpx.ReadTimeout("slow"), None),
        (RuntimeError("unexpected"), None),
    ],
)
async def test_r9_5_what_fails_at_one_page_is_shown_there_and_holds_back_no_other(
    rig: Rig, boss: User, answer: Any, code: str | None
) -> None:
    await boss.done("PUT", "/v1/pages/first", page("1001"))
    await boss.done("PUT", "/v1/pages/second", page("1002"))
    rig.channels.subscribed.clear()
    rig.channels.faults.append(("/1001/subscribed_apps", answer))
    await check(rig)
    assert list(rig.channels.subscribed) == ["1002"]
    shown = await boss.done("GET", "/v1/pages/first")
    assert shown.get("problem", {}).get("code") == code
    await check(rig)
    assert set(rig.channels.subscribed) == {"1001", "1002"}
    assert "problem" not in await boss.done("GET", "/v1/pages/first")


async def test_p1_an_inactive_page_stays_unsubscribed(rig: Rig, boss: User) -> None:
    await boss.done("PUT", "/v1/pages/main", page())
    rig.channels.faults.append(("/subscribed_apps", httpx.ConnectError("no")))
    await boss.done("PUT", "/v1/pages/main", page(status="inactive"))
    assert list(rig.channels.subscribed) == ["1001"]
    assert await check(rig) == ["DELETE /1001/subscribed_apps"]
    assert await check(rig) == []


async def test_p1_a_suspended_organization_is_not_checked(rig: Rig, boss: User) -> None:
    await boss.done("PUT", "/v1/pages/main", page())
    await rig.operator.done("PATCH", "/v1/organizations/shop", {"suspended": True})
    assert await check(rig) == []


async def test_p6_credentials_without_a_page_are_removed(
    rig: Rig, boss: User, log: InMemoryLog
) -> None:
    """A gateway died between the removal of a page and that of its credentials."""
    await boss.done("PUT", "/v1/pages/main", page())
    left = name_account(OrganizationId("shop"), Channel.FACEBOOK, "1002")
    writer = PageCredentials(SecretStr(LOCAL_SECRETS_KEY))
    given = AccountCredentials(access_token=SecretStr("left"))
    (appended,) = await log.append_all([writer.set_record(left, given)])
    await rig.gateway.page_access.table.wait_until_folded(appended)
    assert "DELETE /1002/subscribed_apps" in await check(rig)
    assert len(rig.gateway.page_access.accounts) == 1


async def test_p1_an_account_that_another_organization_has_now_keeps_its_events(
    rig: Rig, boss: User, log: InMemoryLog
) -> None:
    other = await rig.organization("other")
    await other.done("PUT", "/v1/pages/main", page())
    left = name_account(OrganizationId("shop"), Channel.FACEBOOK, "1001")
    writer = PageCredentials(SecretStr(LOCAL_SECRETS_KEY))
    given = AccountCredentials(access_token=SecretStr("left"))
    (appended,) = await log.append_all([writer.set_record(left, given)])
    await rig.gateway.page_access.table.wait_until_folded(appended)
    assert await check(rig) == ["GET /1001/subscribed_apps"]
    assert len(rig.gateway.page_access.accounts) == 1


async def test_p1_a_gateway_checks_by_itself(
    log: InMemoryLog, clock: ManualClock, scans: ScansTwin
) -> None:
    async with run_gateway(log, clock, scans) as rig:
        boss = await rig.organization()
        await boss.done("PUT", "/v1/pages/main", page())
        rig.channels.subscribed.clear()

        every = timedelta(seconds=rig.gateway.settings.subscription_check_s)

        async def is_subscribed() -> bool:
            clock.advance(every)
            return "1001" in rig.channels.subscribed

        await until(is_subscribed)
