"""A call of the Graph API that was taken apart, and what all its readers need."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

from tuyen_doubles.exchange import DoubleAnswer, DoubleOutcome
from tuyen_doubles.facebook.events import FacebookEvents
from tuyen_doubles.facebook.pages import KnownPages
from tuyen_doubles.media import Media
from tuyen_doubles.parameters import Parameters
from tuyen_doubles.tokens import DoubleTokens
from tuyen_platform.clock import Clock

OK = 200
SUCCESS: dict[str, Any] = {"success": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphCall:
    """`GET /v24.0/{node}/{edge}`. `page` is the page that the call is made for, as far as the path,
    the object and the token tell."""

    method: str
    node: str
    edge: str | None
    parameters: Parameters
    token: str | None
    page: str | None
    origin: str

    def text(self, name: str) -> str | None:
        return self.parameters.text(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class FacebookDouble:
    """The state of the double, and the app that its callers are."""

    app_id: str
    app_secret: str
    pages: KnownPages
    tokens: DoubleTokens
    users: DoubleTokens
    """Tokens of people who logged in; their account is the login."""
    events: FacebookEvents
    media: Media
    clock: Clock

    def proof_of(self, token: str) -> str:
        """The `appsecret_proof` of a token."""
        key, message = self.app_secret.encode(), token.encode("utf-8", "surrogatepass")
        return hmac.new(key, message, hashlib.sha256).hexdigest()


def succeed(body: Any = None) -> DoubleOutcome:
    """An outcome without webhooks."""
    return DoubleOutcome(DoubleAnswer(OK, SUCCESS if body is None else body))
