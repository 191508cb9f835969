"""L4: sessions and messages of a site's visitors, through HTTP."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ingest.rig import HOA_SEN, connect_site, envelopes, records
from ingest.visitor_rig import BASE, VisitorRig, sign_user, site_page
from support.livechat import APP, TOKEN
from support.organizations import department, profile
from tuyen_events import visitor_limits as limits
from tuyen_events.inbound import MessageReceived
from tuyen_events.topics import INBOUND, PAGE_TOKENS, RAW
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import LogUnavailableError

SHOP = "https://shop.example"


async def received(log: InMemoryLog) -> list[MessageReceived]:
    found = [envelope.data for envelope in await envelopes(log, INBOUND)]
    assert all(isinstance(one, MessageReceived) for one in found)
    return [one for one in found if isinstance(one, MessageReceived)]


class TestWriting:
    async def test_l4_a_message_is_an_event_as_a_webhook_would_make_it(
        self, visitor: VisitorRig, log: InMemoryLog
    ) -> None:
        answer = await visitor.write(page_url=f"{SHOP}/giay", department="sales", region="north")
        assert answer.status_code == 200
        (event,) = await received(log)
        assert answer.json() == {"id": event.message_id}
        assert (event.text, event.customer.name) == ("Còn size 42 không?", "Lan")
        assert event.customer.external_id == visitor.visitor.id
        assert event.conversation_id == visitor.conversation
        assert event.visit is not None
        assert (event.visit.department, event.visit.region) == ("sales", "north")

    async def test_l4_p3_the_body_is_kept_raw_and_the_page_counts_as_verified(
        self, visitor: VisitorRig, log: InMemoryLog
    ) -> None:
        await visitor.write()
        (raw,) = await records(log, RAW)
        assert json.loads(raw.value or b"")["message"]["text"] == "Còn size 42 không?"
        keys = [record.key for record in await records(log, PAGE_TOKENS)]
        assert f"used/{APP}".encode() in keys

    async def test_l4_r9_2_a_message_that_is_sent_again_is_the_same(
        self, visitor: VisitorRig, log: InMemoryLog
    ) -> None:
        first, again = await visitor.write(), await visitor.write()
        other = await visitor.write(client_id="c2")
        assert first.json() == again.json() != other.json()
        ids = [envelope.id for envelope in await envelopes(log, INBOUND)]
        assert ids[0] == ids[1] != ids[2]

    async def test_l4_nobody_can_send_another_visitors_message_again(
        self, stranger: VisitorRig, visitor: VisitorRig
    ) -> None:
        another = await stranger.open()
        mine, theirs = await visitor.write(), await another.write()
        assert mine.json() != theirs.json()

    async def test_l4_a_message_is_503_until_it_is_in_the_log(
        self, visitor: VisitorRig, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def fail(*_: object, **__: object) -> None:
            raise LogUnavailableError("gone")

        with monkeypatch.context() as broken:
            broken.setattr(log, "append_all", fail)
            answer = await visitor.write()
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert (await visitor.write()).status_code == 200

    async def test_l4_with_nobody_online_the_message_is_taken_all_the_same(
        self, stranger: VisitorRig, log: InMemoryLog
    ) -> None:
        answer = await stranger.ask("POST", "session", json={})
        assert answer.json()["online"] is False
        visitor = await stranger.open()
        assert (await visitor.write()).status_code == 200
        assert (await visitor.thread())["online"] is False
        assert len(await received(log)) == 1


class TestSessions:
    async def test_l4_a_visitor_who_comes_back_is_the_same(
        self, stranger: VisitorRig, visitor: VisitorRig
    ) -> None:
        again = await visitor.open()
        assert again.visitor == visitor.visitor
        assert (await visitor.open(name="Lan Anh")).visitor.name == "Lan Anh"
        another = await stranger.open(name="Minh")
        assert another.visitor.id != visitor.visitor.id

    async def test_l4_a_signed_user_hash_makes_a_known_customer(
        self, stranger: VisitorRig, log: InMemoryLog
    ) -> None:
        body = {"user_id": "khach-42", "user_hash": sign_user("khach-42"), "name": "Lan"}
        answer = await stranger.ask("POST", "session", json=body)
        assert answer.json()["known"] is True
        known = await stranger.open(**body)
        await known.write()
        (event,) = await received(log)
        assert event.customer.external_id == "khach-42"

    @pytest.mark.parametrize(
        "signed", ["", "0" * 64, sign_user("khach-43"), sign_user("khach-42", "another"), "ä"]
    )
    async def test_l4_a_wrong_user_hash_is_403(self, stranger: VisitorRig, signed: str) -> None:
        body = {"user_id": "khach-42", "user_hash": signed}
        assert (await stranger.ask("POST", "session", json=body)).status_code == 403
        without = await stranger.ask("POST", "session", json={"user_id": "khach-42"})
        assert without.status_code == 403

    async def test_l4_p6_a_new_token_of_the_page_ends_hashes_of_the_old_one(
        self, stranger: VisitorRig, log: InMemoryLog
    ) -> None:
        await connect_site(log, token="new-token")
        for token, status in (("new-token", 200), (TOKEN, 403)):
            body = {"user_id": "42", "user_hash": sign_user("42", token)}
            assert (await stranger.ask("POST", "session", json=body)).status_code == status

    @pytest.mark.parametrize("given", ["", "Bearer", "Bearer x", "Basic abc", "Bearer \xff"])
    async def test_l4_without_a_session_401(self, stranger: VisitorRig, given: str) -> None:
        headers = {"Authorization": given.encode("latin-1")}
        for method, path in (("POST", "messages"), ("GET", "thread"), ("POST", "pictures")):
            answer = await stranger.ask(method, path, headers=headers)
            assert answer.status_code == 401, path

    async def test_l4_r9_5_a_session_of_another_page_is_none_here(
        self, visitor: VisitorRig, log: InMemoryLog
    ) -> None:
        await connect_site(log, "app_second", "second", token="second-token")
        headers = {"Authorization": f"Bearer {visitor.token}"}
        answer = await visitor.http.get("/livechat/app_second/thread", headers=headers)
        assert answer.status_code == 401


class TestSites:
    async def test_l4_without_a_list_every_site_may(self, visitor: VisitorRig) -> None:
        answer = await visitor.ask("GET", "thread", headers={"Origin": "https://any.example"})
        assert answer.headers["access-control-allow-origin"] == "*"

    async def test_l4_only_the_pages_sites_may(self, visitor: VisitorRig) -> None:
        await visitor.set_up(site_page(sites=(SHOP, "https://m.shop.example")))
        for origin, status in (
            (SHOP, 200),
            ("https://m.shop.example", 200),
            ("https://evil.example", 403),
            ("http://shop.example", 403),
            ("null", 403),
            ("", 403),
        ):
            for method, path in (("GET", "thread"), ("GET", "departments"), ("POST", "session")):
                body = {"content": b"{}"} if method == "POST" else {}
                headers = {"Origin": origin} if origin else {}
                answer = await visitor.ask(method, path, headers=headers, **body)
                assert answer.status_code == status, (origin, path)
                allowed = answer.headers.get("access-control-allow-origin")
                assert allowed == (origin if status == 200 else None)
                assert "Origin" in answer.headers["vary"]

    async def test_l4_a_browser_may_ask_first(self, visitor: VisitorRig) -> None:
        await visitor.set_up(site_page(sites=(SHOP,)))
        asked = {
            "Origin": SHOP,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        }
        answer = await visitor.http.options(f"{BASE}/messages", headers=asked)
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-origin"] == SHOP
        assert "Authorization" in answer.headers["access-control-allow-headers"]
        asked["Origin"] = "https://evil.example"
        answer = await visitor.http.options(f"{BASE}/messages", headers=asked)
        assert "access-control-allow-origin" not in answer.headers

    @pytest.mark.parametrize("status", ["inactive", "later"])
    async def test_l4_an_inactive_page_has_no_widget(
        self, visitor: VisitorRig, status: str
    ) -> None:
        await visitor.set_up(site_page(status=status))
        for method, path in (("POST", "messages"), ("GET", "widget.js"), ("GET", "thread")):
            assert (await visitor.ask(method, path)).status_code == 404

    async def test_l4_a_suspended_organization_has_no_widget(self, visitor: VisitorRig) -> None:
        await visitor.set_up(profile(organization=HOA_SEN, suspended=True))
        assert (await visitor.write()).status_code == 404

    async def test_l4_a_page_that_was_connected_just_now_is_known(
        self, stranger: VisitorRig, log: InMemoryLog
    ) -> None:
        unknown = await stranger.http.get("/livechat/app_second/widget.js")
        assert unknown.status_code == 404
        await connect_site(log, "app_second", "second")
        known = await stranger.http.get("/livechat/app_second/widget.js")
        assert known.status_code == 200


class TestLimits:
    async def test_r9_5_a_visitor_writes_so_often_and_no_more(self, visitor: VisitorRig) -> None:
        for number in range(limits.VISITOR_MESSAGES):
            assert (await visitor.write(client_id=f"c{number}")).status_code == 200
        answer = await visitor.write(client_id="more")
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == str(int(limits.VISITOR_MESSAGE_EVERY_S))

    async def test_r9_5_an_address_gets_so_many_sessions(self, stranger: VisitorRig) -> None:
        statuses = [
            (await stranger.ask("POST", "session", json={})).status_code
            for _ in range(limits.ADDRESS_SESSIONS + 1)
        ]
        assert set(statuses[:-1]) == {200}
        assert statuses[-1] == 429

    async def test_r9_5_a_body_has_so_many_bytes(self, visitor: VisitorRig) -> None:
        long = await visitor.ask("POST", "messages", content=b" " * (limits.VISITOR_BODY_BYTES + 1))
        assert long.status_code == 413
        text = "😀" * limits.VISITOR_TEXT_CHARACTERS
        assert (await visitor.write(text)).status_code == 200
        assert (await visitor.write(text + "!", client_id="c2")).status_code == 422


_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300)
_FIELDS = ["client_id", "text", "page_url", "department", "region", "user_id", "user_hash", "name"]
_BODIES = st.dictionaries(
    st.sampled_from(_FIELDS),
    st.recursive(_LEAVES, lambda inner: st.lists(inner, max_size=3), max_leaves=5),
)


class TestOddInput:
    @hypothesis_settings(
        max_examples=80,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(body=_BODIES)
    async def test_l4_odd_bodies_are_refused_or_taken_and_never_fail(
        self, visitor: VisitorRig, body: dict[str, Any]
    ) -> None:
        raw = json.dumps(body).encode()
        for path in ("messages", "session"):
            answer = await visitor.ask("POST", path, content=raw)
            assert answer.status_code in (200, 403, 422, 429), (path, answer.text)

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"null",
            b"[]",
            b"\xff\xfe",
            b'{"client_id": "c1", "text": "\\ud800"}',
            b'{"client_id": "c1", "text": "a\\u0000b"}',
            b'{"client_id": "c1", "text": "   "}',
            b'{"client_id": "c1"}',
            b'{"client_id": "c 1", "text": "x"}',
            b'{"client_id": "", "text": "x"}',
            b'{"client_id": ' + b"[" * 5000,
        ],
    )
    async def test_l4_what_is_no_message_is_422(self, visitor: VisitorRig, raw: bytes) -> None:
        answer = await visitor.ask("POST", "messages", content=raw)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"

    @pytest.mark.parametrize(
        "query", ["wait=x", "wait=-1", "wait=1e9", "wait=nan", f"version={'v' * 65}"]
    )
    async def test_l4_an_odd_query_is_422(self, visitor: VisitorRig, query: str) -> None:
        assert (await visitor.ask("GET", f"thread?{query}")).status_code == 422

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "", 404),
            ("GET", f"{APP}", 404),
            ("GET", f"{APP}/", 404),
            ("GET", f"{APP}/files", 404),
            ("GET", f"{APP}/files/x", 404),
            ("GET", f"{APP}/files/%C3%A4%00", 404),
            ("GET", f"{APP}/thread/x", 404),
            ("GET", f"{APP}/elsewhere", 404),
            ("GET", f"{APP}/messages", 405),
            ("DELETE", f"{APP}/thread", 405),
            ("GET", "app_nobody/thread", 404),
            ("GET", f"{'x' * 3000}/thread", 404),
        ],
    )
    async def test_other_addresses(
        self, visitor: VisitorRig, method: str, path: str, status: int
    ) -> None:
        answer = await visitor.http.request(method, f"/livechat/{path}")
        assert answer.status_code == status

    async def test_the_webhooks_stay_where_they_are(self, visitor: VisitorRig) -> None:
        assert (await visitor.http.get("/livez")).status_code == 200
        answer = await visitor.http.post(f"/webhooks/livechat/{APP}", content=b"{}")
        assert answer.status_code == 401


async def test_l2_ingest_offers_the_departments_as_the_gateway_does(visitor: VisitorRig) -> None:
    await visitor.set_up(department("sales", organization=HOA_SEN, name="Bán hàng"))
    assert (await visitor.ask("GET", "departments")).json() == {"items": []}
