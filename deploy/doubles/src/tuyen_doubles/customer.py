"""A customer's own window: whoever tries the product writes to a page in it, and reads what it
answers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from http import HTTPStatus
from string import Template
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from tuyen_doubles.bounded import BoundedMap
from tuyen_doubles.calls import CallRecord, DoubleAction
from tuyen_doubles.ports import ChannelDouble
from tuyen_doubles.saying import Saying
from tuyen_doubles.webhooks import WebhookSender
from tuyen_platform.clock import Clock

CUSTOMER_PATH = "/customer"

_STYLE_PATH = "/customer.css"
_MOST_CUSTOMERS = 1_000
_MOST_LINES = 50
_NAME_CHARACTERS, _TEXT_CHARACTERS = 200, 8_000
_CUSTOMER, _NAME = "6700000000000001", "Vĩnh"

_PAGE = Template("""<!doctype html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Viết như một khách hàng</title>
<link rel="stylesheet" href="$style">
</head>
<body>
<main>
<h1>Viết như một khách hàng</h1>
<p>Bạn là khách của trang $account ở $channel.
<span lang="en">You are a customer of this page.</span></p>
<iframe src="$thread" title="Hội thoại"></iframe>
<form method="post">
<label>Tên khách <input name="name" value="$name" maxlength="200" required></label>
<input type="hidden" name="customer" value="$customer">
<label>Tin nhắn
<textarea name="text" rows="2" maxlength="8000" required autofocus></textarea></label>
<button>Gửi</button>
</form>
</main>
</body>
</html>
""")

_THREAD = Template("""<!doctype html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="2">
<title>Hội thoại</title>
<link rel="stylesheet" href="$style">
</head>
<body><ol>$lines</ol></body>
</html>
""")

_STYLE = """
:root { color-scheme: light dark; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 34rem; margin: 1.5rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; }
iframe { width: 100%; height: 18rem; border: 1px solid #8888; border-radius: 8px; }
form, label { display: grid; gap: .4rem; }
form { gap: .8rem; margin-top: 1rem; }
input, textarea, button { font: inherit; padding: .4rem .6rem; }
button { justify-self: start; }
ol { display: grid; gap: .5rem; margin: 0; padding: 1rem; list-style: none; }
li { max-width: 75%; padding: .4rem .7rem; border-radius: 10px; background: #8883; }
.own { justify-self: end; background: #3654d9; color: #fff; }
"""

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'self'",
    "Cache-Control": "no-store",
}


class _Thread(NamedTuple):
    channel: str
    account: str
    customer: str


class _Line(NamedTuple):
    at: datetime
    text: str
    is_own: bool


def build_routes(
    channels: Mapping[str, ChannelDouble],
    calls: CallRecord,
    webhooks: WebhookSender,
    clock: Clock,
) -> list[Route]:
    """`/customer/{channel}/{account}`, where `?customer=` is who one is."""
    written: BoundedMap[_Thread, Sequence[_Line]] = BoundedMap(_MOST_CUSTOMERS)

    async def show(request: Request) -> Response:
        thread = _find_thread(request, request.query_params.get("customer"))
        if thread.channel not in channels:
            return PlainTextResponse("There is no such channel", HTTPStatus.NOT_FOUND)
        named = {"customer": thread.customer}
        content = _PAGE.substitute(
            style=_STYLE_PATH,
            channel=escape(thread.channel),
            account=escape(thread.account),
            thread=escape(f"{request.url.path}/thread?{urlencode(named)}"),
            customer=escape(thread.customer),
            name=escape(request.query_params.get("name") or _NAME),
        )
        return _answer(content)

    async def write(request: Request) -> Response:
        form = await request.form()
        given = {name: value for name, value in form.items() if isinstance(value, str)}
        thread = _find_thread(request, given.get("customer"))
        name = (given.get("name") or _NAME)[:_NAME_CHARACTERS]
        text = given.get("text", "").strip()[:_TEXT_CHARACTERS]
        if thread.channel not in channels:
            return PlainTextResponse("There is no such channel", HTTPStatus.NOT_FOUND)
        if text:
            now = clock.now()
            said = channels[thread.channel].customers.say(_say(thread, name, text, now))
            for each in said.webhooks:
                webhooks.send(each)
            lines = [*(written.get(thread) or ()), _Line(now, text, is_own=True)]
            written.put(thread, lines[-_MOST_LINES:])
        again = urlencode({"customer": thread.customer, "name": name})
        return RedirectResponse(f"{request.url.path}?{again}", HTTPStatus.SEE_OTHER)

    async def show_thread(request: Request) -> Response:
        thread = _find_thread(request, request.query_params.get("customer"))
        answers = [
            _Line(call.at, call.text or "…", is_own=False)
            for call in calls.find(thread.channel, DoubleAction.SEND, thread.account)
            if call.to == thread.customer and call.answered.get("status") == HTTPStatus.OK
        ]
        lines = sorted([*(written.get(thread) or ()), *answers])[-_MOST_LINES:]
        shown = "".join(
            f"<li{' class=own' if one.is_own else ''}>{escape(one.text)}</li>" for one in lines
        )
        return _answer(_THREAD.substitute(style=_STYLE_PATH, lines=shown))

    async def style(_request: Request) -> Response:
        return Response(_STYLE, media_type="text/css")

    path = f"{CUSTOMER_PATH}/{{channel}}/{{account}}"
    return [
        Route(path, show),
        Route(path, write, methods=["POST"]),
        Route(f"{path}/thread", show_thread),
        Route(_STYLE_PATH, style),
    ]


def _find_thread(request: Request, customer: str | None) -> _Thread:
    channel, account = request.path_params["channel"], request.path_params["account"]
    return _Thread(channel, account, (customer or _CUSTOMER)[:_NAME_CHARACTERS])


def _say(thread: _Thread, name: str, text: str, now: datetime) -> Saying:
    return Saying(
        channel=thread.channel,
        account=thread.account,
        customer=thread.customer,
        name=name,
        text=text,
        attachments=(),
        post=None,
        parent=None,
        at=now,
    )


def _answer(content: str) -> Response:
    return Response(content, headers=_HEADERS, media_type="text/html; charset=utf-8")
