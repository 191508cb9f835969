"""A webhook's signature: HMAC-SHA256 with a shared secret, over the raw bytes (P2).

Meta signs its own form with escaped Unicode, so the signature does not match a body that was parsed
and encoded again, but only if its text is not ASCII, as every Vietnamese text.

Decides P2.
"""

import hashlib
import hmac


class Signature:
    """Signs and verifies with one secret, which is hashed once."""

    def __init__(self, secret: str) -> None:
        if not secret:
            raise ValueError("an empty secret would let everybody sign")
        self._keyed = hmac.new(secret.encode(), digestmod=hashlib.sha256)

    def sign(self, body: bytes) -> bytes:
        """The value of the signature's header for `body`."""
        mac = self._keyed.copy()
        mac.update(body)
        return b"sha256=" + mac.hexdigest().encode()

    def verify(self, body: bytes, signature: bytes | None) -> bool:
        """Whether `signature` is that of these bytes, compared in constant time."""
        return signature is not None and hmac.compare_digest(self.sign(body), signature)
