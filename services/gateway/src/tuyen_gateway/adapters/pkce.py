"""PKCE (RFC 7636): proves that the client which redeems a code is the one that began the login."""

import base64
from hashlib import sha256


def derive_challenge(verifier: str) -> str:
    """The challenge of a verifier, by the method `S256`."""
    return base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")
