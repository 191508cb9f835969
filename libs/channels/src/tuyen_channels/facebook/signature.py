"""Meta's signature of a webhook: HMAC-SHA256 with the app's secret, over the raw bytes (P2).

Meta signs its own escaped-unicode form, so a body that was parsed and written again fails, and only
where text is not ASCII: every Vietnamese text.
"""

import hashlib
import hmac

HEADER = b"x-hub-signature-256"
_PREFIX = b"sha256="


def sign(secret: bytes, body: bytes) -> bytes:
    """The value of the signature's header for `body`."""
    return _PREFIX + hmac.digest(secret, body, hashlib.sha256).hex().encode()


def verify(secret: bytes, body: bytes, signature: bytes | None) -> bool:
    """Whether `signature` is that of these bytes; takes equally long wherever it differs."""
    return signature is not None and hmac.compare_digest(sign(secret, body), signature)
