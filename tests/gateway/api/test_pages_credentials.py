"""P1, P6: what a page sends with is kept, used and removed, and never read back."""

import asyncio
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from gateway.channels_twin import DEAD_TOKEN, NO_PERMISSION, SECRET
from gateway.rig import Rig, User, records
from tuyen_events.codec import read_bytes
from tuyen_events.ids import OrganizationId
from tuyen_events.topics import PAGE_CREDENTIALS
from tuyen_events.vocabulary import Channel
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import ProducerRecord
from tuyen_platform.page_credentials import (
    AccountCredentials,
    PageCredentials,
    PageProblem,
    name_account,
    problem_record,
)
from tuyen_platform.settings import LOCAL_SECRETS_KEY

MAIN = "/v1/pages/main"
ACCOUNT = name_account(OrganizationId("shop"), Channel.FACEBOOK, "1001")
GIVEN = {"access_token": f"{SECRET}-1", "expires_at": "2027-01-01T07:00:00+07:00"}
BLOCKED = PageProblem(code="blocked_by_policy", vi="Bị chặn.", en="Blocked.")


def page(**changed: object) -> dict[str, object]:
    return {"channel": "facebook", "external_id": "1001", "name": "Shop", **changed}


async def known(log: InMemoryLog) -> PageCredentials:
    """What a reader of the log makes of it."""
    found = PageCredentials(SecretStr(LOCAL_SECRETS_KEY))
    for record in await records(log, PAGE_CREDENTIALS):
        found.fold(read_bytes(record.key, record.headers, record.value), record.position)
    return found


def token(credentials: AccountCredentials | None) -> str | None:
    return None if credentials is None else credentials.access_token.get_secret_value()


async def publish(rig: Rig, log: InMemoryLog, *written: ProducerRecord) -> None:
    """What the outbound service writes."""
    for appended in await log.append_all(written):
        await rig.gateway.page_access.table.wait_until_folded(appended)


async def test_p1_credentials_are_kept_by_a_put_without_and_never_read_back(
    rig: Rig, boss: User, log: InMemoryLog
) -> None:
    put = await boss.done("PUT", MAIN, page(credentials=GIVEN))
    assert (put["connected"], put["until"]) == (True, "2027-01-01T00:00:00Z")
    assert "credentials" not in put
    assert await boss.done("GET", MAIN) == put
    assert (await boss.done("GET", "/v1/pages"))["items"] == [put]
    renamed = await boss.done("PUT", MAIN, page(name="New"))
    assert (renamed["connected"], renamed["until"]) == (True, put["until"])
    assert token((await known(log)).credentials(ACCOUNT)) == f"{SECRET}-1"
    other = await boss.done("PUT", MAIN, page(credentials={"access_token": f"{SECRET}-2"}))
    assert (other["connected"], other["until"]) == (True, None)
    assert token((await known(log)).credentials(ACCOUNT)) == f"{SECRET}-2"


async def test_p1_an_active_page_is_subscribed_and_an_inactive_one_is_not(
    rig: Rig, boss: User
) -> None:
    await boss.done("PUT", MAIN, page(credentials=GIVEN, status="inactive"))
    assert not rig.channels.calls
    await boss.done("PUT", MAIN, page(status="active"))
    assert (rig.channels.paths(), list(rig.channels.subscribed)) == (
        ["/1001/subscribed_apps"],
        ["1001"],
    )
    await boss.done("PUT", MAIN, page(name="New"))
    assert len(rig.channels.calls) == 1  # nothing changed that the channel has to know
    inactive = await boss.done("PUT", MAIN, page(name="New", status="inactive"))
    assert (inactive["connected"], rig.channels.subscribed) == (True, {})
    await boss.done("PUT", MAIN, page(name="New"))
    assert list(rig.channels.subscribed) == ["1001"]


async def test_p1_a_page_without_credentials_calls_nobody_and_says_so(rig: Rig, boss: User) -> None:
    put = await boss.done("PUT", MAIN, page())
    assert (put["connected"], put["problem"]["code"]) == (False, "not_connected")
    assert "problem" not in await boss.done("PUT", MAIN, page(status="inactive"))
    zalo = page(channel="zalo", credentials={"access_token": "a", "refresh_token": "r"})
    assert (await boss.done("PUT", "/v1/pages/oa", zalo))["connected"] is True
    assert not rig.channels.calls


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (httpx.Response(400, json=DEAD_TOKEN), "token_dead"),
        (httpx.Response(403, json=NO_PERMISSION), "no_permission"),
        (httpx.ConnectError("no"), "not_subscribed"),
        (httpx.Response(502), "not_subscribed"),
    ],
)
async def test_p1_a_channel_that_refuses_or_is_silent_is_the_pages_problem(
    rig: Rig, boss: User, answer: Any, code: str
) -> None:
    rig.channels.faults.append(("/subscribed_apps", answer))
    put = await boss.done("PUT", MAIN, page(credentials=GIVEN))
    assert (put["connected"], put["problem"]["code"]) == (True, code)
    assert put["problem"]["text"].keys() == {"vi", "en"}
    assert SECRET not in str(put)
    again = await boss.done("PUT", MAIN, page(credentials=GIVEN))
    assert "problem" not in again
    assert list(rig.channels.subscribed) == ["1001"]


async def test_p5_what_keeps_a_page_from_sending_is_shown_until_it_has_other_credentials(
    rig: Rig, boss: User, log: InMemoryLog
) -> None:
    await boss.done("PUT", MAIN, page(credentials=GIVEN))
    lan = await rig.staff(boss, "lan")
    given = rig.gateway.page_access.find_set_credentials(ACCOUNT)
    assert given is not None
    await publish(rig, log, problem_record(ACCOUNT, given, BLOCKED))
    shown = {"code": "blocked_by_policy", "text": {"vi": "Bị chặn.", "en": "Blocked."}}
    assert (await lan.done("GET", MAIN))["problem"] == shown
    assert (await boss.done("PUT", MAIN, page(name="New")))["problem"] == shown
    # The same credentials again are how somebody says that the reason is gone.
    assert "problem" not in await boss.done("PUT", MAIN, page(credentials=GIVEN))
    await publish(rig, log, problem_record(ACCOUNT, given, BLOCKED))
    other = {"access_token": f"{SECRET}-2"}
    assert "problem" not in await boss.done("PUT", MAIN, page(credentials=other))


async def test_p1_a_token_that_has_ended_is_the_pages_problem(rig: Rig, boss: User) -> None:
    past = {"access_token": "a", "expires_at": "2026-01-01T00:00:00Z"}
    put = await boss.done("PUT", MAIN, page(credentials=past))
    assert put["problem"]["code"] == "token_expired"
    refreshed = await boss.done("PUT", MAIN, page(credentials={**past, "refresh_token": "r"}))
    assert "problem" not in refreshed


async def test_p5_credentials_that_are_given_again_end_no_pair_that_was_refreshed(
    rig: Rig, boss: User, log: InMemoryLog
) -> None:
    given = {"access_token": "a1", "refresh_token": "r1", "expires_at": "2026-12-01T00:00:00Z"}
    await boss.done("PUT", "/v1/pages/oa", page(channel="zalo", credentials=given))
    account = name_account(OrganizationId("shop"), Channel.ZALO, "1001")
    present = rig.gateway.page_access.find_set_credentials(account)
    assert present is not None
    refreshed = AccountCredentials(
        access_token=SecretStr("a2"), refresh_token=SecretStr("r2"), stamp=present.stamp
    )
    writer = PageCredentials(SecretStr(LOCAL_SECRETS_KEY))
    await publish(rig, log, writer.refreshed_record(account, refreshed))
    await boss.done("PUT", "/v1/pages/oa", page(channel="zalo", credentials=given))
    assert token((await known(log)).credentials(account)) == "a2"
    given["refresh_token"] = "r9"
    await boss.done("PUT", "/v1/pages/oa", page(channel="zalo", credentials=given))
    assert token((await known(log)).credentials(account)) == "a1"


async def test_p6_a_removed_page_leaves_no_credentials_and_no_subscription(
    rig: Rig, boss: User, log: InMemoryLog
) -> None:
    await boss.done("PUT", MAIN, page(credentials=GIVEN))
    await boss.done("DELETE", MAIN)
    assert (await known(log)).accounts == ()
    assert rig.channels.subscribed == {}
    assert (await boss.done("PUT", MAIN, page()))["connected"] is False
    other = await rig.organization("other")
    await boss.done("DELETE", MAIN)
    assert (await other.done("PUT", MAIN, page()))["connected"] is False


async def test_p6_a_page_is_removed_whatever_its_channel_says(rig: Rig, boss: User) -> None:
    await boss.done("PUT", MAIN, page(credentials=GIVEN))
    rig.channels.faults.append(("/subscribed_apps", httpx.ConnectError("no")))
    assert (await boss.delete(MAIN)).status_code == 204
    assert rig.gateway.page_access.accounts == ()


async def test_p6_what_a_gateway_that_died_left_is_no_new_pages(
    rig: Rig, boss: User, log: InMemoryLog
) -> None:
    writer = PageCredentials(SecretStr(LOCAL_SECRETS_KEY))
    left = AccountCredentials(access_token=SecretStr("left"))
    await publish(rig, log, writer.set_record(ACCOUNT, left))
    assert (await boss.done("PUT", MAIN, page()))["connected"] is False


async def test_two_changes_of_a_page_at_once_leave_one_of_them(
    rig: Rig, boss: User, log: InMemoryLog
) -> None:
    bodies = [page(credentials={"access_token": f"t{n}"}) for n in range(5)]
    answers = await asyncio.gather(*(boss.put(MAIN, body) for body in bodies))
    assert {answer.status_code for answer in answers} == {200}
    assert token((await known(log)).credentials(ACCOUNT)) in {f"t{n}" for n in range(5)}


async def test_p6_an_account_of_somebody_else_gets_no_credentials(
    rig: Rig, boss: User, log: InMemoryLog
) -> None:
    await boss.done("PUT", MAIN, page())
    other = await rig.organization("other")
    assert (await other.put(MAIN, page(credentials=GIVEN))).status_code == 409
    assert (await known(log)).accounts == ()


SITE: dict[str, object] = {"channel": "livechat", "name": "Web"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (page(credentials={}), "body.credentials.access_token"),
        (page(credentials={"access_token": ""}), "body.credentials.access_token"),
        (page(credentials={"access_token": "x" * 2_001}), "body.credentials.access_token"),
        (page(credentials={"access_token": "a", "x": 1}), "body.credentials.x"),
        (page(credentials={**GIVEN, "expires_at": "2027-01-01T00:00:00"}), "body.credentials."),
        (page(credentials={**GIVEN, "expires_at": "9999-12-31T23:59:59-14:00"}), "body.cred"),
        (page(connection="unknown"), "body.connection"),
        (page(reply_url="https://shop.example/"), "body.reply_url"),
        (page(sites=["https://shop.example"]), "body.sites"),
        (page(automatic_apps=["a b"]), "body.automatic_apps"),
        ({**SITE, "credentials": GIVEN}, "body.credentials"),
        ({**SITE, "connection": "unknown"}, "body.connection"),
        ({**SITE, "reply_url": "http://127.0.0.1/x"}, "body.reply_url"),
        ({**SITE, "reply_url": "http://localhost/x"}, "body.reply_url"),
        ({**SITE, "reply_url": "http://[::ffff:10.0.0.1]/x"}, "body.reply_url"),
        ({**SITE, "reply_url": "ftp://shop.example/x"}, "body.reply_url"),
        ({**SITE, "sites": ["https://shop.example/path"]}, "body.sites.0"),
        ({**SITE, "sites": ["https://shop.example"] * 51}, "body.sites"),
    ],
)
async def test_p1_what_does_not_fit_a_page_is_refused(
    rig: Rig, boss: User, body: dict[str, object], field: str
) -> None:
    answer = await boss.put(MAIN, body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith(field)
    assert SECRET not in answer.text


async def test_l4_l5_a_livechat_page_says_where_its_replies_go_and_which_sites_show_it(
    rig: Rig, boss: User
) -> None:
    lan = await rig.staff(boss, "lan")
    body = {
        **SITE,
        "reply_url": "https://shop.example/replies?key=1",
        "sites": ["HTTPS://Shop.Example:443/", "http://tiếngviệt.example:8080"],
    }
    put = await boss.done("PUT", MAIN, body)
    assert put["reply_url"] == body["reply_url"]
    assert put["sites"] == ["https://shop.example", "http://xn--tingvit-5t4cyc.example:8080"]
    read = await boss.done("GET", MAIN)
    assert (read["reply_url"], read["sites"]) == (put["reply_url"], put["sites"])
    assert not {"reply_url", "sites"} & (await lan.done("GET", MAIN)).keys()
    assert not {"reply_url", "sites"} & (await boss.done("PUT", MAIN, SITE)).keys()


async def test_p5b_a_page_lists_apps_that_answer_automatically(rig: Rig, boss: User) -> None:
    put = await boss.done("PUT", MAIN, page(automatic_apps=["263902037430900"]))
    assert put["automatic_apps"] == ["263902037430900"]
    stored = rig.gateway.directory.organization(OrganizationId("shop"))
    assert stored is not None
    (kept,) = stored.pages.values()
    assert kept.value.automatic_apps == ("263902037430900",)
