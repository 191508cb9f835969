"""Livechat: a page's token (P1, P6), and what a widget may offer its visitors (L2)."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from gateway.rig import START, Rig, User, records, running
from tuyen_events.codec import read_bytes
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.outbound import AttachmentId
from tuyen_events.presence import PresenceChanged
from tuyen_events.topics import DIRECTORY, PAGE_TOKENS, PRESENCE
from tuyen_events.vocabulary import Presence, PresenceCause
from tuyen_platform.clock import ManualClock
from tuyen_platform.file_links import LinkedFile
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.page_tokens import PageTokens
from tuyen_platform.settings import LOCAL_SECRETS_KEY

SITE = "/v1/pages/site"


def site(**changed: object) -> dict[str, object]:
    return {"channel": "livechat", "name": "Trang web", **changed}


async def tokens(log: InMemoryLog) -> PageTokens:
    """What a reader of the log makes of it."""
    known = PageTokens(SecretStr(LOCAL_SECRETS_KEY))
    for record in await records(log, PAGE_TOKENS):
        known.fold(read_bytes(record.key, record.headers, record.value), record.position)
    return known


async def first_call(rig: Rig, log: InMemoryLog, app_id: str) -> None:
    """What ingest writes when the site's first signed call came."""
    (appended,) = await log.append_all((await tokens(log)).first_use(app_id))
    await rig.gateway.site_tokens.table.wait_until_folded(appended)


async def test_l5_whoever_has_the_link_of_a_file_gets_it_until_it_ends(
    rig: Rig, boss: User, clock: ManualClock
) -> None:
    stored = (await boss.upload(b"GIF89a")).json()
    file = LinkedFile(OrganizationId("shop"), AttachmentId(stored["id"]))
    address = f"/livechat/files/{rig.gateway.file_links.make(file, clock.now())}"
    anybody = await rig.client.get(address, headers={"Origin": "https://shop.example"})
    assert (anybody.status_code, anybody.content) == (200, b"GIF89a")
    assert anybody.headers["content-type"] == "image/gif"
    assert anybody.headers["access-control-allow-origin"] == "*"
    other = LinkedFile(OrganizationId("other"), file.attachment_id)
    foreign = rig.gateway.file_links.make(other, clock.now())
    for wrong in (foreign, f"{address[16:-1]}x", "nothing"):
        assert (await rig.client.get(f"/livechat/files/{wrong}")).status_code == 404
    suspended = {"suspended": True}
    await rig.operator.done("PATCH", "/v1/organizations/shop", suspended)
    assert (await rig.client.get(address)).status_code == 404
    await rig.operator.done("PATCH", "/v1/organizations/shop", {"suspended": False})
    clock.advance(timedelta(days=31))
    assert (await rig.client.get(address)).status_code == 404


class TestToken:
    async def test_p1_the_first_put_returns_the_token_and_no_other_answer_does(
        self, rig: Rig, boss: User, log: InMemoryLog
    ) -> None:
        put = await boss.done("PUT", SITE, site())
        token = put.pop("token")
        assert put == {
            "id": "site",
            "channel": "livechat",
            "external_id": put["app_id"],
            "name": "Trang web",
            "staff": [],
            "status": "waiting",
            "version": put["version"],
            "app_id": put["app_id"],
            "webhook_url": f"http://127.0.0.1:8001/webhooks/livechat/{put['app_id']}",
        }
        assert len(token) >= 40
        assert (await tokens(log)).token(put["app_id"]) == token
        assert await boss.done("GET", SITE) == put
        assert (await boss.done("GET", "/v1/pages"))["items"] == [put]
        assert await boss.done("PUT", SITE, site()) == put
        renamed = await boss.done("PUT", SITE, site(name="Web"))
        assert "token" not in renamed
        assert (await tokens(log)).token(put["app_id"]) == token

    async def test_p6_the_token_is_stored_encrypted_and_never_in_the_directory(
        self, rig: Rig, boss: User, log: InMemoryLog, capsys: pytest.CaptureFixture[str]
    ) -> None:
        token = (await boss.done("PUT", SITE, site()))["token"].encode()
        for topic in (DIRECTORY, PAGE_TOKENS):
            assert not any(token in (record.value or b"") for record in await records(log, topic))
        said = capsys.readouterr().out
        assert "page_token_made" in said
        assert token.decode() not in said

    async def test_an_app_id_is_made_and_not_chosen(self, rig: Rig, boss: User) -> None:
        answer = await boss.put(SITE, site(external_id="mine"))
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "body.external_id"
        put = await boss.done("PUT", SITE, site())
        assert await boss.done("PUT", SITE, site(external_id=put["app_id"]))  # as it was read
        other = await boss.done("PUT", "/v1/pages/second", site())
        assert other["app_id"] != put["app_id"]
        assert other["token"] != put["token"]

    async def test_a_livechat_page_stays_one_and_no_other_becomes_one(
        self, rig: Rig, boss: User, log: InMemoryLog
    ) -> None:
        await boss.done("PUT", SITE, site())
        facebook = {"channel": "facebook", "external_id": "1001", "name": "Shop"}
        assert (await boss.put(SITE, facebook)).status_code == 409
        await boss.done("PUT", "/v1/pages/shop", facebook)
        assert (await boss.put("/v1/pages/shop", site())).status_code == 409
        assert len(await records(log, PAGE_TOKENS)) == 1

    async def test_other_channels_need_their_id_and_have_no_token(
        self, rig: Rig, boss: User
    ) -> None:
        answer = await boss.put("/v1/pages/shop", {"channel": "facebook", "name": "Shop"})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "body.external_id"
        assert (await boss.post("/v1/pages/shop/token")).status_code == 404

    async def test_a_new_token_ends_the_old_one(
        self, rig: Rig, boss: User, log: InMemoryLog
    ) -> None:
        put = await boss.done("PUT", SITE, site())
        renewed = await boss.done("POST", f"{SITE}/token")
        assert renewed == {
            "app_id": put["app_id"],
            "token": renewed["token"],
            "webhook_url": put["webhook_url"],
        }
        assert renewed["token"] != put["token"]
        assert (await tokens(log)).token(put["app_id"]) == renewed["token"]

    @pytest.mark.parametrize("role", ["chain_manager", "agent"])
    async def test_only_a_system_admin_gets_a_token(self, rig: Rig, boss: User, role: str) -> None:
        await boss.done("PUT", SITE, site())
        user = await rig.staff(boss, "user", role)
        assert (await user.put(SITE, site())).status_code == 403
        assert (await user.post(f"{SITE}/token")).status_code == 403

    async def test_a_page_that_was_removed_has_no_token_and_gets_another(
        self, rig: Rig, boss: User, log: InMemoryLog
    ) -> None:
        first = await boss.done("PUT", SITE, site())
        await first_call(rig, log, first["app_id"])
        await boss.done("DELETE", SITE)
        assert (await tokens(log)).token(first["app_id"]) is None
        assert (await boss.post(f"{SITE}/token")).status_code == 404
        again = await boss.done("PUT", SITE, site())
        assert again["token"] != first["token"]
        assert again["status"] == "waiting"

    async def test_a_page_whose_token_was_not_made_gets_it_from_the_next_put(
        self, rig: Rig, boss: User, log: InMemoryLog
    ) -> None:
        put = await boss.done("PUT", SITE, site())
        made = rig.gateway.site_tokens.stamp(put["app_id"])
        assert made is not None
        await rig.gateway.site_tokens.forget(put["app_id"], made)  # as after a crash before
        assert (await boss.done("PUT", SITE, site()))["token"]

    async def test_of_several_first_puts_at_once_one_returns_the_token(
        self, rig: Rig, boss: User, log: InMemoryLog
    ) -> None:
        answers = await asyncio.gather(*(boss.done("PUT", SITE, site()) for _ in range(5)))
        (token,) = [answer["token"] for answer in answers if "token" in answer]
        assert (await tokens(log)).token(answers[0]["app_id"]) == token

    async def test_the_next_gateway_knows_the_token(
        self, log: InMemoryLog, clock: ManualClock
    ) -> None:
        async with running(log, clock) as one:
            boss = await one.organization()
            await boss.done("PUT", SITE, site())
        async with running(log, clock, ingest_url="https://hooks.example/") as two:
            there = await two.login("shop", "boss", "boss-password")
            again = await there.done("PUT", SITE, site())
            assert "token" not in again
            assert again["webhook_url"].startswith("https://hooks.example/webhooks/livechat/app_")


class TestStatus:
    async def test_p1_waiting_until_the_first_signed_call_and_verified_after_it(
        self, rig: Rig, boss: User, log: InMemoryLog
    ) -> None:
        app = (await boss.done("PUT", SITE, site()))["app_id"]
        assert (await boss.done("GET", SITE))["status"] == "waiting"
        await first_call(rig, log, app)
        assert (await boss.done("GET", SITE))["status"] == "verified"
        assert (await boss.done("PUT", SITE, site(name="Web")))["status"] == "verified"

    async def test_p1_active_once_it_is_subscribed_and_called(
        self, rig: Rig, boss: User, log: InMemoryLog
    ) -> None:
        put = await boss.done("PUT", SITE, site(status="active"))
        assert put["status"] == "waiting"
        await first_call(rig, log, put["app_id"])
        assert (await boss.done("GET", SITE))["status"] == "active"
        assert (await boss.done("PUT", SITE, site()))["status"] == "active"  # left out, it is kept

    async def test_p1_inactive_whatever_comes(self, rig: Rig, boss: User, log: InMemoryLog) -> None:
        put = await boss.done("PUT", SITE, site(status="inactive"))
        assert put["status"] == "inactive"
        await first_call(rig, log, put["app_id"])
        assert (await boss.done("GET", SITE))["status"] == "inactive"

    async def test_p1_a_new_token_waits_for_its_first_call(
        self, rig: Rig, boss: User, log: InMemoryLog
    ) -> None:
        app = (await boss.done("PUT", SITE, site()))["app_id"]
        await first_call(rig, log, app)
        await boss.done("POST", f"{SITE}/token")
        assert (await boss.done("GET", SITE))["status"] == "waiting"
        await first_call(rig, log, app)
        assert (await boss.done("GET", SITE))["status"] == "verified"


async def present(
    rig: Rig, log: InMemoryLog, agent: str, status: Presence = Presence.ONLINE, version: int = 1
) -> None:
    change = PresenceChanged(
        organization=OrganizationId("shop"),
        agent_id=AgentId(agent),
        presence=status,
        previous=Presence.OFFLINE,
        cause=PresenceCause.LOGIN,
        at=START,
        version=version,
        sessions={},
        signals_offset=0,
    )
    envelope = Envelope(id=f"evt_{agent}", source="test", subject=agent, time=START, data=change)
    appended = await log.append(PRESENCE, f"shop/{agent}", envelope)
    await rig.gateway.presence.table.wait_until_folded(appended)


class TestDepartments:
    @pytest.fixture
    async def app(self, rig: Rig, boss: User) -> str:
        """A site of a shop with two departments, `sales` with three regions, and nobody online."""
        for department in ("sales", "care"):
            await boss.done("PUT", f"/v1/departments/{department}", {"name": department.title()})
        for region in ("south", "north", "middle"):
            path = f"/v1/departments/sales/regions/{region}"
            await boss.done("PUT", path, {"name": region.title()})
        await self.agent(boss, "lan", ["sales"], ["north"])
        await self.agent(boss, "minh", ["sales"], ["south"])
        await self.agent(boss, "hoa", ["care"])
        put = await boss.done("PUT", SITE, site(staff=["lan"]))
        app_id: str = put["app_id"]
        return app_id

    async def agent(
        self,
        boss: User,
        agent: str,
        departments: Sequence[str],
        regions: Sequence[str] = (),
        **changed: object,
    ) -> None:
        body = {
            "name": agent.title(),
            "username": agent,
            "role": "agent",
            "departments": list(departments),
            "regions": [f"sales/{region}" for region in regions],
            **changed,
        }
        await boss.done("PUT", f"/v1/agents/{agent}", body)

    async def read_offered(self, rig: Rig, app: str) -> list[dict[str, Any]]:
        answer = await rig.anybody.done("GET", f"/livechat/{app}/departments")
        assert answer.keys() == {"items"}
        items: list[dict[str, Any]] = answer["items"]
        return items

    async def test_l2_departments_with_nobody_online_are_not_offered(
        self, rig: Rig, app: str, log: InMemoryLog
    ) -> None:
        assert await self.read_offered(rig, app) == []
        await present(rig, log, "hoa")
        assert await self.read_offered(rig, app) == [{"id": "care", "name": "Care"}]
        await present(rig, log, "lan")
        assert [one["id"] for one in await self.read_offered(rig, app)] == ["care", "sales"]
        await present(rig, log, "hoa", Presence.OFFLINE, 2)
        assert [one["id"] for one in await self.read_offered(rig, app)] == ["sales"]

    async def test_l2_regions_are_offered_when_more_than_one_has_somebody_online(
        self, rig: Rig, app: str, log: InMemoryLog
    ) -> None:
        await present(rig, log, "lan")
        assert await self.read_offered(rig, app) == [{"id": "sales", "name": "Sales"}]
        await present(rig, log, "minh")
        (sales,) = await self.read_offered(rig, app)
        assert sales["regions"] == [
            {"id": "north", "name": "North"},
            {"id": "south", "name": "South"},
        ]

    async def test_l2_one_agent_of_two_regions_is_somebody_in_both(
        self, rig: Rig, boss: User, app: str, log: InMemoryLog
    ) -> None:
        await self.agent(boss, "lan", ["sales"], ["north", "middle"])
        await present(rig, log, "lan")
        (sales,) = await self.read_offered(rig, app)
        assert [region["id"] for region in sales["regions"]] == ["middle", "north"]

    async def test_l2_away_and_disabled_agents_are_not_there(
        self, rig: Rig, boss: User, app: str, log: InMemoryLog
    ) -> None:
        await present(rig, log, "hoa", Presence.AWAY)
        await present(rig, log, "lan")
        await self.agent(boss, "lan", ["sales"], ["north"], disabled=True)
        assert await self.read_offered(rig, app) == []

    async def test_l2_with_page_permissions_only_those_who_have_the_page_are_there(
        self, rig: Rig, boss: User, app: str, log: InMemoryLog
    ) -> None:
        for agent in ("lan", "minh", "hoa"):
            await present(rig, log, agent)
        await boss.done("PUT", "/v1/settings", {"page_permissions": True})
        assert await self.read_offered(rig, app) == [{"id": "sales", "name": "Sales"}]

    async def test_an_app_that_is_not_known_inactive_or_removed_is_404(
        self, rig: Rig, boss: User, app: str
    ) -> None:
        path = f"/livechat/{app}/departments"
        assert (await rig.anybody.get("/livechat/app_other/departments")).status_code == 404
        await boss.done("PUT", SITE, site(status="inactive"))
        assert (await rig.anybody.get(path)).status_code == 404
        await boss.done("PUT", SITE, site(status="active"))
        assert (await rig.anybody.get(path)).status_code == 200
        await boss.done("DELETE", SITE)
        assert (await rig.anybody.get(path)).status_code == 404

    async def test_a_suspended_organizations_app_is_404(self, rig: Rig, app: str) -> None:
        await rig.operator.done("PATCH", "/v1/organizations/shop", {"suspended": True})
        assert (await rig.anybody.get(f"/livechat/{app}/departments")).status_code == 404

    async def test_pages_of_any_site_may_ask_this_and_nothing_else(
        self, rig: Rig, boss: User, app: str
    ) -> None:
        origin = {"Origin": "https://shop.example"}
        for path, shared in (
            (f"/livechat/{app}/departments", True),
            ("/livechat/app_other/departments", True),
            ("/v1/departments", False),
            ("/livez", False),
        ):
            answer = await boss.call("GET", path, headers=origin)
            allowed = answer.headers.get("Access-Control-Allow-Origin")
            assert allowed == ("*" if shared else None), path
        asked = {**origin, "Access-Control-Request-Method": "GET"}
        preflight = await rig.client.options(f"/livechat/{app}/departments", headers=asked)
        assert preflight.headers["Access-Control-Allow-Methods"] == "GET"
        asked["Access-Control-Request-Method"] = "PUT"
        refused = await rig.client.options(f"/livechat/{app}/departments", headers=asked)
        assert refused.status_code == 400
