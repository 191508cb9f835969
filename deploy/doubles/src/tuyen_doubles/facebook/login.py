"""Facebook's login: the dialog, the exchange of a code and of a token, the pages of a user.

Everybody who comes to the dialog agrees at once. Each login is another user, with two pages that
nobody else has; `account=<page id>` in the dialog's address makes it one with that page alone, for
connecting a page again.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from tuyen_doubles.bounded import BoundedMap
from tuyen_doubles.calls import DoubleAction
from tuyen_doubles.exchange import DoubleOperation, DoubleOutcome, send_back
from tuyen_doubles.facebook import errors
from tuyen_doubles.facebook.call import FacebookDouble, GraphCall, succeed
from tuyen_doubles.facebook.pages import new_number

SHORT_LIVED = timedelta(hours=2)
LONG_LIVED = timedelta(days=60)

_MOST_LOGINS = 5_000
_CODE_LIFETIME = timedelta(minutes=10)
_TASKS = ["ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE"]
_BAD_REQUEST = 400


@dataclass(frozen=True, slots=True)
class _Code:
    """What a code was given for. It works once, until `ends_at`."""

    user: str
    redirect_uri: str
    ends_at: datetime


class FacebookLogin:
    """The logins of the double."""

    def __init__(self, double: FacebookDouble) -> None:
        self._double = double
        self._codes: BoundedMap[str, _Code] = BoundedMap(_MOST_LOGINS)
        self._pages: BoundedMap[str, tuple[str, ...]] = BoundedMap(_MOST_LOGINS)

    async def show_dialog(self, request: Request) -> Response:
        """`GET /v24.0/dialog/oauth`: sends the browser back with a code and the `state`."""
        query = request.query_params
        target = query.get("redirect_uri", "")
        if query.get("client_id") != self._double.app_id:
            return PlainTextResponse("Invalid App ID", _BAD_REQUEST)
        if not target.startswith(("https://", "http://")):
            return PlainTextResponse("The redirect_uri is not an absolute URI", _BAD_REQUEST)
        answer = {"state": query["state"]} if "state" in query else {}
        if "deny" in query:
            answer |= {"error": "access_denied", "error_reason": "user_denied"}
        else:
            answer |= {"code": self._agree(target, query.get("account"))}
        return send_back(target, answer)

    def _agree(self, redirect_uri: str, account: str | None) -> str:
        user, code = new_number(), f"AQ{secrets.token_urlsafe(32)}"
        names = {account: "Trang bán hàng"} if account else {}
        names = names or {new_number(): "Trang bán hàng", new_number(): "Trang thứ hai"}
        for page, name in names.items():
            self._double.pages.add(page, name)
        self._pages.put(user, tuple(names))
        self._codes.put(code, _Code(user, redirect_uri, self._double.clock.now() + _CODE_LIFETIME))
        return code

    def understand_token(self, call: GraphCall) -> DoubleOperation:
        """`GET` or `POST /oauth/access_token`: a code or a short-lived token for a token."""

        def carry_out() -> DoubleOutcome:
            grant = call.text("grant_type")
            if call.text("client_id") != self._double.app_id:
                raise errors.refuse("Error validating application. Invalid application ID.", 101)
            if call.text("client_secret") != self._double.app_secret:
                raise errors.refuse("Error validating client secret.", 1)
            if grant == "client_credentials":
                return succeed(
                    {"access_token": f"{self._double.app_id}|double", "token_type": "bearer"}
                )
            if grant == "fb_exchange_token":
                return self._exchange(call.text("fb_exchange_token"))
            return self._redeem(call.text("code"), call.text("redirect_uri"))

        return DoubleOperation(action=DoubleAction.TOKEN, account=None, carry_out=carry_out)

    def _redeem(self, code: str | None, redirect_uri: str | None) -> DoubleOutcome:
        known = None if code is None else self._codes.get(code)
        if code is None or known is None or known.ends_at <= self._double.clock.now():
            raise errors.refuse("This authorization code has been used.", 100, 36009)
        if redirect_uri != known.redirect_uri:
            raise errors.refuse(
                "Error validating verification code. Please make sure your redirect_uri is "
                "identical to the one you used in the OAuth dialog request",
                100,
                36008,
            )
        self._codes.pop(code)
        return self._issue(known.user, SHORT_LIVED)

    def _exchange(self, token: str | None) -> DoubleOutcome:
        user = None if token is None else self._double.users.account_of(token)
        if token is None or user is None or self._double.users.is_dead(token):
            raise errors.dead_token()
        return self._issue(user, LONG_LIVED)

    def _issue(self, user: str, lifetime: timedelta) -> DoubleOutcome:
        token = self._double.users.issue(user, lifetime)
        return succeed(
            {
                "access_token": token,
                "token_type": "bearer",
                "expires_in": int(lifetime.total_seconds()),
            }
        )

    def understand_accounts(self, call: GraphCall) -> DoubleOperation:
        """`GET /me/accounts`: the pages of the user, each with a token that does not expire."""

        def carry_out() -> DoubleOutcome:
            user = self._double.users.account_of(call.token or "")
            pages = () if user is None else self._pages.get(user) or ()
            data = [
                {
                    "access_token": self._double.tokens.issue(page),
                    "category": "Shopping & retail",
                    "name": self._double.pages.name(page),
                    "id": page,
                    "tasks": _TASKS,
                }
                for page in pages
            ]
            return succeed({"data": data})

        return DoubleOperation(action=DoubleAction.READ, account=None, carry_out=carry_out)

    def understand_debug(self, call: GraphCall) -> DoubleOperation:
        """`GET /debug_token`: what a token is for, and whether it still works."""

        def carry_out() -> DoubleOutcome:
            token = call.text("input_token")
            if token is None:
                raise errors.refuse_parameter("The parameter input_token is required")
            user = self._double.users.account_of(token)
            page = self._double.tokens.account_of(token)
            dead = self._double.users.is_dead(token) or self._double.tokens.is_dead(token)
            data = {
                "app_id": self._double.app_id,
                "type": "PAGE" if user is None else "USER",
                "is_valid": not dead,
                "expires_at": 0,
                "scopes": ["pages_messaging", "pages_manage_metadata", "pages_manage_engagement"],
                **({} if page is None else {"profile_id": page}),
                **({} if user is None else {"user_id": user}),
            }
            return succeed({"data": data})

        return DoubleOperation(action=DoubleAction.READ, account=None, carry_out=carry_out)
