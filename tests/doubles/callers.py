"""Calls of the doubles as the product makes them, for the tests of both channels."""

from typing import Any

import httpx

from support.doubles import RunningDoubles

Json = dict[str, Any]

PAGE = "104000000000001"
CUSTOMER = "6700000000000001"
ACCOUNT = "388000000000000001"
FOLLOWER = "246000000000000001"
TOKEN = "a-token-that-the-test-chose"


async def graph(
    doubles: RunningDoubles,
    method: str,
    path: str,
    *,
    token: str | None = TOKEN,
    **options: Any,
) -> httpx.Response:
    """A call of the Graph API, as it is without a token."""
    parameters = {**options.pop("params", {}), **({} if token is None else {"access_token": token})}
    return await doubles.client.request(
        method, f"{doubles.facebook_api}/v24.0/{path}", params=parameters, **options
    )


async def send(
    doubles: RunningDoubles, text: str = "Dạ còn ạ", *, token: str = TOKEN, **more: Any
) -> httpx.Response:
    """A message of the page to the customer."""
    message = {"text": text, **more.pop("message", {})}
    body = {"recipient": {"id": CUSTOMER}, "messaging_type": "RESPONSE", "message": message, **more}
    return await graph(doubles, "POST", f"{PAGE}/messages", token=token, json=body)


async def comment(doubles: RunningDoubles, text: str = "Giá bao nhiêu?", **more: Any) -> str:
    """A customer's comment below a post; its id."""
    said = {"customer": CUSTOMER, "name": "Nguyễn Văn A", "post": "332029982914750", **more}
    answer = await doubles.say(channel="facebook", account=PAGE, text=text, **said)
    return str(answer["id"])


async def zalo(
    doubles: RunningDoubles, method: str, path: str, *, token: str | None = TOKEN, **options: Any
) -> Json:
    """The body that Zalo's Open API answers; the status is always 200."""
    headers = {} if token is None else {"access_token": token}
    answer = await doubles.client.request(
        method, f"{doubles.zalo_api}/{path}", headers=headers, **options
    )
    assert answer.status_code == 200
    return dict(answer.json())


async def send_zalo(
    doubles: RunningDoubles, text: str | None = "Dạ còn ạ", *, token: str = TOKEN, **message: Any
) -> Json:
    """A message of the account to the follower."""
    written = {**({} if text is None else {"text": text}), **message}
    body = {"recipient": {"user_id": FOLLOWER}, "message": written}
    return await zalo(doubles, "POST", "v3.0/oa/message/cs", token=token, json=body)


def error_of(answer: httpx.Response) -> tuple[int, int | None]:
    """Code and subcode with which the Graph API refused."""
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["type"] == "OAuthException"
    assert error["message"]
    assert error["fbtrace_id"]
    return error["code"], error.get("error_subcode")


def change_of(body: Json) -> Json:
    """The change of the feed in a webhook."""
    (entry,) = body["entry"]
    (change,) = entry["changes"]
    assert (body["object"], entry["id"], change["field"]) == ("page", PAGE, "feed")
    return dict(change["value"])


def update_of(body: Json) -> Json:
    """The update of a message thread in a webhook."""
    (entry,) = body["entry"]
    (update,) = entry["messaging"]
    assert (body["object"], entry["id"]) == ("page", PAGE)
    return dict(update)
