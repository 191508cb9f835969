"""Meta's signature of a webhook: HMAC-SHA256 with the app's secret, over the raw bytes (P2).

Meta signs its own escaped-unicode form, so a body that was parsed and written again fails, and only
where text is not ASCII: every Vietnamese text.
"""

import hashlib
import hmac

HEADER = b"x-hub-signature-256"


class Signature:
    """Signs and verifies with one app's secret, which is hashed once."""

    def __init__(self, app_secret: str) -> None:
        self._keyed = hmac.new(app_secret.encode(), digestmod=hashlib.sha256)

    def sign(self, body: bytes) -> bytes:
        """The value of the signature's header for `body`."""
        mac = self._keyed.copy()
        mac.update(body)
        return b"sha256=" + mac.hexdigest().encode()

    def verify(self, body: bytes, signature: bytes | None) -> bool:
        """Whether `signature` is that of these bytes; takes equally long wherever it differs."""
        return signature is not None and hmac.compare_digest(self.sign(body), signature)
