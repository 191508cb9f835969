"""L4 through HTTP alone: a site without a chat has the widget, and its visitor is answered."""

import asyncio
import hashlib
import hmac
from typing import Any

import httpx
import pytest

from support.global_tables import GlobalTables
from support.shop import Json, Shop, accept, eventually, is_owned_by
from tuyen_local.stack import Stack

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


class Browser:
    """A visitor's browser, on a page with the widget."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def open(self, **body: Any) -> Json:
        session: Json = accept(await self._client.post("session", json=body)).json()
        self._client.headers["Authorization"] = f"Bearer {session['token']}"
        return session

    async def write(self, client_id: str, text: str, **more: Any) -> str:
        body = {"client_id": client_id, "text": text, **more}
        answer = accept(await self._client.post("messages", json=body))
        return str(answer.json()["id"])

    async def send_picture(self, client_id: str, content: bytes) -> str:
        query = {"client_id": client_id, "name": "giay.png"}
        answer = accept(await self._client.post("pictures", params=query, content=content))
        return str(answer.json()["id"])

    async def thread(self, version: str = "", wait: float = 0) -> Json:
        query: dict[str, str | float] = {"version": version, "wait": wait}
        view: Json = accept(await self._client.get("thread", params=query)).json()
        return view

    async def see(self, message: str) -> None:
        accept(await self._client.post("seen", json={"message": message}))

    async def get(self, path: str) -> httpx.Response:
        return accept(await self._client.get(path))

    async def sees(self, *texts: str | None) -> Json:
        """The thread, once it shows just these texts."""
        found: Json = {}

        async def shown() -> bool:
            found.update(await self.thread(found.get("version", ""), 5))
            return [one["text"] for one in found["messages"]] == list(texts)

        await eventually(shown, lambda: str(found))
        return found


@pytest.fixture
async def client(stack: Stack, shop: Shop) -> Any:
    await shop.hire("an")
    await shop.assign_by("an")
    site = await shop.site()
    await GlobalTables(stack).wait_until_known()
    base = f"{stack.ingest_url}/livechat/{site.app_id}/"
    async with httpx.AsyncClient(base_url=base, timeout=40, trust_env=False) as client:
        client.headers["X-Page-Token"] = site.token  # for the tests, which read it
        yield client


async def test_l4_a_visitor_writes_and_is_answered_at_once_and_after_coming_back(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    script = accept(await client.get("widget.js"))
    assert "attachShadow" in script.text
    browser = Browser(client)

    async def somebody_is_there() -> bool:
        return bool((await browser.open(name="Lan"))["online"])

    await eventually(somebody_is_there, lambda: "nobody online")
    await browser.write("c1", "Còn size 42 không?", page_url="https://shop.example/giay")
    view = await browser.sees("Còn size 42 không?")
    row = await shop.chat(is_owned_by("an"))
    assert row["customer"]["name"] == "Lan"

    waiting = asyncio.create_task(browser.thread(view["version"], wait=25))
    an = shop.people["an"]
    accept(
        await an.ask(
            "POST",
            f"/v1/conversations/{row['id']}/messages",
            json={"text": "Dạ còn ạ"},
            headers={"Idempotency-Key": "r1"},
        )
    )
    await waiting
    view = await browser.sees("Còn size 42 không?", "Dạ còn ạ")
    assert view["agent"] == {"name": "An"}
    assert view["messages"][1]["agent"] == {"name": "An"}

    async def sent() -> bool:
        messages = await shop.messages(row["id"])
        return [one["state"] for one in messages if one["direction"] == "out"] == ["sent"]

    await eventually(sent, lambda: "the reply is not sent")

    await browser.see(view["messages"][1]["id"])

    async def seen() -> bool:
        messages = await shop.messages(row["id"])
        return [one["state"] for one in messages if one["direction"] == "out"] == ["seen"]

    await eventually(seen, lambda: "the reply is not seen")

    await an.put(f"/v1/conversations/{row['id']}/viewing", typing=True)

    async def writes() -> bool:
        return bool((await browser.thread())["typing"])

    await eventually(writes, lambda: "nobody is seen writing")
    await browser.open()  # comes back
    await browser.sees("Còn size 42 không?", "Dạ còn ạ")


async def test_l4_pictures_go_both_ways(shop: Shop, client: httpx.AsyncClient) -> None:
    browser = Browser(client)
    await browser.open()
    message = await browser.send_picture("p1", PNG)
    view = await browser.sees(None)
    (own,) = view["messages"][0]["attachments"]
    assert (await browser.get(own["url"])).content == PNG
    row = await shop.chat(is_owned_by("an"))
    (shown,) = await shop.messages(row["id"])
    assert shown["id"] == message
    an = shop.people["an"]
    seen = accept(await an.ask("GET", shown["attachments"][0]["url"]))
    assert (seen.content, seen.headers["content-type"]) == (PNG, "image/png")
    uploaded = accept(
        await an.ask("POST", "/v1/attachments", files={"file": ("gia.png", PNG)})
    ).json()
    accept(
        await an.ask(
            "POST",
            f"/v1/conversations/{row['id']}/messages",
            json={"text": "Giá đây ạ", "attachment_ids": [uploaded["id"]]},
            headers={"Idempotency-Key": "r1"},
        )
    )
    view = await browser.sees(None, "Giá đây ạ")
    (file,) = view["messages"][1]["attachments"]
    assert (await browser.get(file["url"])).content == PNG


async def test_l4_a_signed_user_is_a_known_customer(shop: Shop, client: httpx.AsyncClient) -> None:
    token = client.headers.pop("X-Page-Token")
    signed = hmac.new(token.encode(), b"khach-42", hashlib.sha256).hexdigest()
    browser = Browser(client)
    session = await browser.open(user_id="khach-42", user_hash=signed)
    assert session["known"] is True
    await browser.write("c1", "Tôi đây")
    await shop.row("khach-42", is_owned_by("an"), channel="livechat")
    refused = await client.post("session", json={"user_id": "khach-43", "user_hash": signed})
    assert refused.status_code == 403
