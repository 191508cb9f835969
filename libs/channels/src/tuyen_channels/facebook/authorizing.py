"""The access token and `appsecret_proof` of calls to the Graph API."""

import hmac

import msgspec

from tuyen_channels.calls import HiddenToken
from tuyen_channels.transport import HttpCall


def authorize(call: HttpCall, token: HiddenToken, app_secret: str) -> HttpCall:
    """The call with a page's token. It is in a header, because addresses are written to the logs of
    whoever is between us and Facebook; the proof in the address is of no use without it."""
    given = token.reveal()
    return msgspec.structs.replace(
        call,
        headers={**call.headers, "Authorization": f"Bearer {given}"},
        query={**call.query, **prove_app(given, app_secret)},
    )


def prove_app(token: str, app_secret: str) -> dict[str, str]:
    """The parameter that proves, by the app's secret, that a call with this token is the app's own:
    an app may be set up so that Facebook refuses all others. Empty without a secret."""
    if not app_secret:
        return {}
    return {"appsecret_proof": hmac.new(app_secret.encode(), token.encode(), "sha256").hexdigest()}
