"""P5 through HTTP alone: the channel doubles of a running stack."""

import httpx

from support.shop import Shop, accept, eventually
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
