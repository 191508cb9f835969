"""P5 through HTTP alone: the channel doubles of a running stack."""

import httpx

from support.shop import Shop, accept, eventually
from tuyen_local import organization
from tuyen_local.stack import DOUBLES, Stack


async def test_p5_what_is_said_at_a_double_is_in_the_inbox_and_so_is_what_comes_back(
    stack: Stack, shop: Shop
) -> None:
    page = shop.facebook.page
    await shop.facebook.send()  # returns once ingest knows the page
    async with httpx.AsyncClient(base_url=stack.url(DOUBLES), trust_env=False) as doubles:
        said = {"channel": "facebook", "account": page, "customer": "c-doubles", "text": "Còn ạ?"}
        answer = accept(await doubles.post("/_double/say", json=said)).json()
        assert answer["delivered"] is True
        row = await shop.row("c-doubles")
        assert row["last_text"] == "Còn ạ?"

        body = {"recipient": {"id": "c-doubles"}, "message": {"text": "Dạ còn", "metadata": "r1"}}
        path = f"/graph.facebook.com/v24.0/{page}/messages"
        sent = await doubles.post(path, json=body, params={"access_token": "any"})
        mid = accept(sent).json()["message_id"]

    async def echoed() -> bool:
        messages = await shop.messages(row["id"])
        return any((each["direction"], each["external_id"]) == ("out", mid) for each in messages)

    await eventually(echoed, lambda: f"{mid} is not in the thread")


async def test_i6_the_page_of_the_demo_answers_its_customers_at_the_double(stack: Stack) -> None:
    await organization.bootstrap(stack.gateway_url, stack.settings, stack.secrets)
    page = organization.PAGE_EXTERNAL_ID
    said = {"channel": "facebook", "account": page, "customer": "c-demo", "text": "Còn ạ?"}
    async with (
        httpx.AsyncClient(base_url=stack.url(DOUBLES), trust_env=False) as doubles,
        httpx.AsyncClient(base_url=stack.gateway_url, trust_env=False) as gateway,
    ):
        login = {"organization": stack.settings.bootstrap_org, "username": "admin"}
        login["password"] = stack.secrets.bootstrap_password
        token = accept(await gateway.post("/v1/auth/login", json=login)).json()["access_token"]
        gateway.headers["Authorization"] = f"Bearer {token}"
        accept(await doubles.post("/_double/say", json=said))
        found: list[str] = []

        async def is_there() -> bool:
            rows = await gateway.get("/v1/conversations", params={"external_id": "c-demo"})
            found[:] = [row["id"] for row in accept(rows).json()["items"]]
            return bool(found)

        await eventually(is_there, lambda: "the customer is not in the inbox")
        messages = f"/v1/conversations/{found[0]}/messages"
        key = {"Idempotency-Key": "demo-1"}
        accept(await gateway.post(messages, json={"text": "Dạ còn"}, headers=key))

        async def is_sent() -> bool:
            states = [each["state"] for each in accept(await gateway.get(messages)).json()["items"]]
            return states == ["received", "sent"]

        await eventually(is_sent, lambda: "the reply is not sent")
