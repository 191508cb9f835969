"""With what calls to the Graph API are made."""

import hmac

from tuyen_channels.calls import HiddenToken


def authorize(token: HiddenToken, app_secret: str) -> dict[str, str]:
    """The parameters of a call with a page's token."""
    given = token.reveal()
    return {"access_token": given, **prove_app(given, app_secret)}


def prove_app(token: str, app_secret: str) -> dict[str, str]:
    """The parameter that proves, by the app's secret, that a call with this token is the app's own:
    an app may be set up so that Facebook refuses all others. Empty without a secret."""
    if not app_secret:
        return {}
    return {"appsecret_proof": hmac.new(app_secret.encode(), token.encode(), "sha256").hexdigest()}
