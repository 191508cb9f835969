"""An OpenID provider, at which agents log in instead of with a password."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol


class AuthorizationRequest(NamedTuple):
    """What a login at the provider is begun with. `verifier` is the secret of PKCE (RFC 7636):
    whoever intercepts the provider's answer cannot use it without the secret."""

    redirect_uri: str
    state: str
    nonce: str
    verifier: str


class OpenIdProvider(Protocol):
    """The provider of this installation. Both methods raise UnavailableError if it does not answer
    in time, or answers what no provider may."""

    async def build_authorize_url(self, request: AuthorizationRequest) -> str:
        """The address to which the agent's browser goes."""
        ...

    async def exchange(self, request: AuthorizationRequest, code: str) -> Mapping[str, Any]:
        """The claims of the ID token for the code with which the browser came back.

        The token is signed by one of the provider's keys, was issued by it for this client and this
        request, and has not expired. Raises UnauthenticatedError otherwise, and if the provider
        refuses the code.
        """
        ...
