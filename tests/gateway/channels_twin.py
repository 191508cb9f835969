"""Facebook and Zalo, as far as pages are connected to them: what they were asked, and answers that
can be chosen. Every secret that they give contains SECRET."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

SECRET = "S3CR3T"
FACEBOOK_APP_SECRET, ZALO_APP_SECRET = f"{SECRET}-facebook-app", f"{SECRET}-zalo-app"
FACEBOOK_APP = "990000000000001"

SETTINGS: dict[str, Any] = {
    "facebook_api": "https://graph.test/v24.0/",
    "facebook_dialog": "https://facebook.test/v24.0",
    "facebook_app_id": FACEBOOK_APP,
    "facebook_app_secret": FACEBOOK_APP_SECRET,
    "zalo_api": "https://openapi.zalo.test",
    "zalo_oauth": "https://oauth.zalo.test",
    "zalo_app_id": "3600000000000000001",
    "zalo_app_secret": ZALO_APP_SECRET,
}
"""Of a gateway that calls the twin."""

DEAD_TOKEN = {"error": {"message": f"Malformed access token {SECRET}", "code": 190}}
NO_PERMISSION = {"error": {"message": "(#200) Requires pages_messaging", "code": 200}}
TOO_MANY = {"error": {"message": "Page request limit reached", "code": 32}}

Answer = httpx.Response | Exception


@dataclass(frozen=True)
class Call:
    """`path` is without the version; `form` is the body, or else the query."""

    method: str
    path: str
    token: str | None
    form: dict[str, str]
    proof: str | None
    """Facebook's `appsecret_proof`."""


@dataclass
class ChannelsTwin:
    """The handler of a `httpx.MockTransport`."""

    pages: dict[str, str] = field(default_factory=lambda: {"1001": "Giày Việt", "1002": "Túi"})
    subscribed: dict[str, str] = field(default_factory=dict)
    """The fields by page."""
    calls: list[Call] = field(default_factory=list)
    faults: list[tuple[str, Answer]] = field(default_factory=list)
    """The answers to the next calls whose path contains the text, once each."""
    codes: set[str] = field(default_factory=lambda: {f"{SECRET}-code"})
    """Those that were not used yet."""
    part: int = 100
    """How many pages a part of the list has."""

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        call = _read(request)
        self.calls.append(call)
        for fault in self.faults:
            if fault[0] in call.path:
                self.faults.remove(fault)
                if isinstance(fault[1], Exception):
                    raise fault[1]
                return fault[1]
        answers: dict[str, Callable[[Call], httpx.Response]] = {
            "/oauth/access_token": self._facebook_token,
            "/me/accounts": self._accounts,
            "/v4/oa/access_token": self._zalo_token,
            "/v2.0/oa/getoa": self._zalo_account,
        }
        return answers.get(call.path, self._subscribed_apps)(call)

    def paths(self, method: str | None = None) -> list[str]:
        return [one.path for one in self.calls if method in (None, one.method)]

    def _take(self, code: str | None) -> bool:
        taken = code in self.codes
        self.codes.discard(code or "")
        return taken

    def _facebook_token(self, call: Call) -> httpx.Response:
        assert call.form["client_secret"] == FACEBOOK_APP_SECRET
        if call.form.get("grant_type") == "fb_exchange_token":
            assert call.form["fb_exchange_token"] == f"{SECRET}-short"
            return _json({"access_token": f"{SECRET}-long", "expires_in": 5_184_000})
        if not self._take(call.form["code"]):
            message = f"This authorization code has been used: {call.form['code']}"
            return _json({"error": {"message": message, "code": 100}}, 400)
        return _json({"access_token": f"{SECRET}-short", "expires_in": 5_000})

    def _accounts(self, call: Call) -> httpx.Response:
        assert call.token == f"{SECRET}-long"
        assert call.proof == _prove(call.token)
        start = int(call.form.get("after", "0"))
        names = list(self.pages.items())[start : start + self.part]
        data = [
            {"id": page, "name": name, "access_token": f"{SECRET}-page-{page}"}
            for page, name in names
        ]
        paging: dict[str, Any] = {"cursors": {"after": str(start + self.part)}}
        if start + self.part < len(self.pages):
            paging["next"] = f"https://elsewhere.test/?access_token={call.token}"
        return _json({"data": data, "paging": paging})

    def _subscribed_apps(self, call: Call) -> httpx.Response:
        page, _, edge = call.path.strip("/").partition("/")
        assert edge == "subscribed_apps"
        assert call.token
        assert call.proof == _prove(call.token)
        match call.method:
            case "POST":
                self.subscribed[page] = call.form["subscribed_fields"]
            case "DELETE":
                self.subscribed.pop(page, None)
            case _:
                fields = self.subscribed.get(page)
                app = {"id": FACEBOOK_APP, "subscribed_fields": (fields or "").split(",")}
                return _json({"data": [] if fields is None else [app]})
        return _json({"success": True})

    def _zalo_token(self, call: Call) -> httpx.Response:
        if not self._take(call.form["code"]):
            named = {"error_name": "Invalid code", "error": -14019}
            return _json({**named, "error_description": call.form["code"]})
        pair = {"access_token": f"{SECRET}-access", "refresh_token": f"{SECRET}-refresh"}
        return _json({**pair, "expires_in": "90000"})

    def _zalo_account(self, call: Call) -> httpx.Response:
        assert call.token == f"{SECRET}-access"
        return _json({"data": {"oa_id": "2000", "name": "Hoa Sen"}, "error": 0})


def _json(body: object, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json=body)


def _prove(token: str) -> str:
    return hmac.new(FACEBOOK_APP_SECRET.encode(), token.encode(), "sha256").hexdigest()


def _read(request: httpx.Request) -> Call:
    parts = urlsplit(str(request.url))
    sent = parse_qs(request.content.decode() or parts.query)
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    return Call(
        method=request.method,
        path=parts.path.removeprefix("/v24.0"),
        token=bearer or request.headers.get("access_token"),
        form={name: values[0] for name, values in sent.items()},
        proof=request.url.params.get("appsecret_proof"),
    )
