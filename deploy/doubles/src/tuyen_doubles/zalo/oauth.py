"""Zalo's OAuth host: the page of consent with PKCE, and tokens whose refresh tokens work once.

Everybody who comes to the page agrees at once. Each consent is of an account that nobody else has;
`account=<OA id>` in the page's address makes it that one, for connecting an account again.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from tuyen_doubles.bounded import BoundedMap
from tuyen_doubles.calls import DoubleAction
from tuyen_doubles.exchange import (
    DoubleAnswer,
    DoubleOperation,
    DoubleOutcome,
    IncomingCall,
    send_back,
)
from tuyen_doubles.tokens import DoubleTokens
from tuyen_doubles.zalo import errors
from tuyen_doubles.zalo.accounts import OfficialAccounts
from tuyen_platform.clock import Clock

ACCESS_LIFETIME = timedelta(hours=25)
REFRESH_LIFETIME = timedelta(days=90)

_MOST_CODES = 5_000
_CODE_LIFETIME = timedelta(minutes=10)
_BAD_REQUEST = 400
_LEAST_ACCOUNT = 10**17


@dataclass(frozen=True, slots=True)
class _Consent:
    """What a code was given for. It works once, until `ends_at`."""

    account: str
    challenge: str | None
    ends_at: datetime


class ZaloOAuth:
    """The consents of the double. `refresh_tokens` are kept apart from access tokens; one that is
    dead was used, or has expired."""

    def __init__(
        self,
        *,
        app_id: str,
        app_secret: str,
        accounts: OfficialAccounts,
        tokens: DoubleTokens,
        refresh_tokens: DoubleTokens,
        clock: Clock,
    ) -> None:
        self._app_id = app_id
        self._app_secret = app_secret
        self._accounts = accounts
        self._tokens = tokens
        self._refresh_tokens = refresh_tokens
        self._clock = clock
        self._codes: BoundedMap[str, _Consent] = BoundedMap(_MOST_CODES)

    async def show_permission(self, request: Request) -> Response:
        """`GET /v4/oa/permission`: sends the browser back with a code, the account's id and the
        `state`."""
        query = request.query_params
        target = query.get("redirect_uri", "")
        if query.get("app_id") != self._app_id:
            return PlainTextResponse("Invalid app_id", _BAD_REQUEST)
        if not target.startswith(("https://", "http://")):
            return PlainTextResponse("Invalid redirect_uri", _BAD_REQUEST)
        account = query.get("account") or str(_LEAST_ACCOUNT + secrets.randbelow(_LEAST_ACCOUNT))
        self._accounts.add(account)
        code = secrets.token_urlsafe(32)
        ends_at = self._clock.now() + _CODE_LIFETIME
        self._codes.put(code, _Consent(account, query.get("code_challenge"), ends_at))
        answer = {"oa_id": account, "code": code}
        if "state" in query:
            answer["state"] = query["state"]
        return send_back(target, answer)

    def understand_token(self, call: IncomingCall) -> DoubleOperation:
        """`POST /v4/oa/access_token`: a code or a refresh token for a new pair."""
        refresh_token = call.parameters.text("refresh_token")
        account = self._find_account(call.parameters.text("code"), refresh_token)

        def carry_out() -> DoubleOutcome:
            if call.parameters.text("app_id") != self._app_id:
                raise errors.refuse_token(-14002, "Invalid app id", "App id is invalid")
            given = call.headers.get("secret_key", "").encode("latin-1", "replace")
            if not hmac.compare_digest(given, self._app_secret.encode()):
                raise errors.refuse_token(-14004, "Invalid secret key", "Secret key is invalid")
            match call.parameters.text("grant_type"):
                case "refresh_token":
                    return self._refresh(refresh_token)
                case "authorization_code":
                    return self._redeem(call)
                case _:
                    raise errors.refuse_token(-14005, "Invalid grant type", "Unknown grant_type")

        return DoubleOperation(action=DoubleAction.TOKEN, account=account, carry_out=carry_out)

    def _find_account(self, code: str | None, refresh_token: str | None) -> str | None:
        """The account of a call, as far as the double knows it: of a refresh token that a test
        made, that of the latest message."""
        consent = None if code is None else self._codes.get(code)
        if consent is not None:
            return consent.account
        if refresh_token is None:
            return None
        return self._refresh_tokens.account_of(refresh_token) or self._accounts.latest

    def _redeem(self, call: IncomingCall) -> DoubleOutcome:
        code = call.parameters.text("code")
        consent = None if code is None else self._codes.get(code)
        if code is None or consent is None or consent.ends_at <= self._clock.now():
            raise errors.refuse_token(-14019, "Invalid code", "Authorization code is invalid")
        verifier = call.parameters.text("code_verifier")
        if consent.challenge is not None and challenge_of(verifier or "") != consent.challenge:
            raise errors.refuse_token(-14020, "Invalid code verifier", "Code verifier is invalid")
        self._codes.pop(code)
        return self._issue(consent.account)

    def _refresh(self, token: str | None) -> DoubleOutcome:
        """A refresh token that the double did not issue works, too: once."""
        if token is None or self._refresh_tokens.is_dead(token):
            raise errors.refuse_token(
                -14014, "Invalid refresh token", "Refresh token is invalid or used"
            )
        self._refresh_tokens.revoke(token)
        return self._issue(self._refresh_tokens.account_of(token))

    def _issue(self, account: str | None) -> DoubleOutcome:
        pair = {
            "access_token": self._tokens.issue(account, ACCESS_LIFETIME),
            "refresh_token": self._refresh_tokens.issue(account, REFRESH_LIFETIME),
            "expires_in": str(int(ACCESS_LIFETIME.total_seconds())),
        }
        return DoubleOutcome(DoubleAnswer(200, pair))


def challenge_of(verifier: str) -> str:
    """The `code_challenge` of a verifier, by the method S256."""
    digest = hashlib.sha256(verifier.encode("utf-8", "replace")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
