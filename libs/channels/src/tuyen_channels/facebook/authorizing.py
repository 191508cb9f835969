"""With what calls to the Graph API are made."""

import hmac

from tuyen_channels.calls import HiddenToken


def authorize(token: HiddenToken, app_secret: str) -> dict[str, str]:
    """The parameters of a call with a page's token. With the app's secret, they prove that the call
    is the app's own."""
    given = token.reveal()
    query = {"access_token": given}
    if app_secret:
        proof = hmac.new(app_secret.encode(), given.encode(), "sha256").hexdigest()
        query["appsecret_proof"] = proof
    return query
