"""Sessions of the console: the tokens of a login as cookies that no script can read.

A browser asks for one with the header `Tuyen-Session: cookie`. Its tokens are then in no body and
in no address, and no route sees a cookie: the middleware passes the access token on as
`Authorization`, so that a session and a bearer token are the same login to everything behind it.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import Header, Request, Response
from pydantic import SecretStr
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tuyen_gateway.api.bodies import ResponseBody
from tuyen_gateway.api.problems import problem_response
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.ports.logins import TokenKind

SESSION_HEADER = "Tuyen-Session"

SessionHeader = Annotated[
    Literal["cookie"] | None,
    Header(
        alias=SESSION_HEADER,
        description="For browsers: answer `204`, with the tokens in cookies instead of a body.",
    ),
]

SESSION_RESPONSES: dict[int | str, dict[str, object]] = {
    204: {"description": "With `Tuyen-Session: cookie`: the tokens are in cookies"}
}
"""The `responses` of a route that begins or renews a login, beside its problems."""

_API = "/v1/"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_ACCESS, _REFRESH = "tuyen_access", "tuyen_refresh"
_PATHS = {TokenKind.ACCESS: "/", TokenKind.REFRESH: "/v1/auth"}
"""The refresh token is sent only to where it is used. The page is told by the other one whether
there is a session to begin with."""

_NAMES = {TokenKind.ACCESS: _ACCESS, TokenKind.REFRESH: _REFRESH}

_FORGED = (
    "A session by cookie changes something only for the gateway's own page: send the header "
    "`X-CSRF: 1` from there, or `Authorization: Bearer` without a session."
)


class TokenPair(ResponseBody):
    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - a scheme's name, not a secret
    expires_in: int
    """Seconds until the access token ends."""
    refresh_token: str


class CookieSessions:
    """ASGI middleware that gives requests of a session their bearer token.

    A request that brings a bearer token is passed on as if it had no cookies. Else one that has a
    session, or asks for one, and may change something has to come from a page of this gateway, or
    it is answered 403: a browser sends cookies along with what other sites make it send.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(_API):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        found = {} if "authorization" in headers else _read_cookies(headers.get("cookie", ""))
        asked = SESSION_HEADER in headers and "authorization" not in headers
        if (found or asked) and scope["method"] not in _SAFE and not _is_own(headers):
            await problem_response(HTTPStatus.FORBIDDEN, _FORGED)(scope, receive, send)
            return
        scope["headers"] = [one for one in scope["headers"] if one[0] != b"cookie"]
        if (token := found.get(_ACCESS)) is not None:
            scope["headers"].append((b"authorization", f"Bearer {token}".encode("latin-1")))
        if (token := found.get(_REFRESH)) is not None:
            scope.setdefault("state", {})[_REFRESH] = SecretStr(token)
        await self._app(scope, receive, _keep_from_caches(send) if found else send)


def _keep_from_caches(send: Send) -> Send:
    """Sends answers so that no cache keeps what the route does not say of it: a cache may share the
    answer to a request without `Authorization`, whatever cookies that has."""

    async def send_uncached(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).setdefault("Cache-Control", "no-store")
        await send(message)

    return send_uncached


def _read_cookies(header: str) -> dict[str, str]:
    """The cookies of a session, by name."""
    found: dict[str, str] = {}
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name in (_ACCESS, _REFRESH) and value:
            found.setdefault(name, value)
    return found


def _is_own(headers: Headers) -> bool:
    """Whether a page of this gateway sent the request. No other site can set `X-CSRF` without
    having been allowed to, and none can choose what a browser says of where the request began:
    `Sec-Fetch-Site` or, where that is not sent since there is no TLS, `Origin`."""
    if headers.get("x-csrf") != "1":
        return False
    if (site := headers.get("sec-fetch-site")) is not None:
        return site == "same-origin"
    _, _, origin = headers.get("origin", "").partition("://")
    return bool(origin) and origin.lower() == headers.get("host", "").lower()


def has_session(request: Request) -> bool:
    """Whether the browser has cookies of a session, whatever they are worth."""
    return bool(_read_cookies(request.headers.get("cookie", "")))


def find_refresh_token(request: Request) -> SecretStr | None:
    """The refresh token of the request's session."""
    token: SecretStr | None = getattr(request.state, _REFRESH, None)
    return token


def begin_session(request: Request, gateway: Gateway, tokens: TokenPair) -> Response:
    """Answers with the tokens in cookies, which last as long as the session can be renewed."""
    cookies = {TokenKind.ACCESS: tokens.access_token, TokenKind.REFRESH: tokens.refresh_token}
    return _answer_with_cookies(request, cookies, gateway.tokens.lifetimes[TokenKind.REFRESH])


def end_session(request: Request) -> Response:
    """Answers so that the browser removes the cookies."""
    return _answer_with_cookies(request, dict.fromkeys(TokenKind, ""), 0)


def _answer_with_cookies(
    request: Request, cookies: Mapping[TokenKind, str], max_age: int
) -> Response:
    response = Response(status_code=HTTPStatus.NO_CONTENT, headers={"Cache-Control": "no-store"})
    for kind, value in cookies.items():
        response.set_cookie(
            _NAMES[kind],
            value,
            max_age=max_age,
            path=_PATHS[kind],
            secure=_is_encrypted(request),
            httponly=True,
            samesite="strict",
        )
    return response


def _is_encrypted(request: Request) -> bool:
    """Whether the browser uses https: a proxy that is not trusted may hide that."""
    origin = request.headers.get("origin", "")
    return request.url.scheme == "https" or origin.startswith("https://")
