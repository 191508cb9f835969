"""Encrypts what callers store for us and return, so that they can neither read nor forge it."""

import base64
from datetime import timedelta
from hashlib import blake2b

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from pydantic import SecretStr

from tuyen_platform.clock import Clock

_STEP_BYTES = 256
"""Texts are padded to a multiple of this length, so that the length reveals almost nothing."""

_FORMAT = b"\x01"


class FernetCipher:
    """`Cipher` with keys that are derived from the installation's. All gateways of an installation
    can decrypt what any of them encrypted, as long as they have the same key."""

    def __init__(self, key: SecretStr, clock: Clock) -> None:
        derived = blake2b(key.get_secret_value().encode(), digest_size=32, person=b"tuyen-seals")
        self._fernet = Fernet(base64.urlsafe_b64encode(derived.digest()))
        marks = blake2b(key.get_secret_value().encode(), digest_size=64, person=b"tuyen-marks")
        self._deterministic = AESSIV(marks.digest())
        self._clock = clock

    def encrypt(self, purpose: str, text: str) -> str:
        whole = f"{purpose}\0{text}".encode()
        whole += b"\0" * (-len(whole) % _STEP_BYTES)
        encrypted = self._fernet.encrypt_at_time(whole, self._now())
        return encrypted.decode().rstrip("=")

    def decrypt(self, purpose: str, encrypted: str, within: timedelta) -> str | None:
        padded = encrypted + "=" * (-len(encrypted) % 4)
        try:
            whole = self._fernet.decrypt_at_time(
                padded.encode(), ttl=int(within.total_seconds()), current_time=self._now()
            )
        except (InvalidToken, UnicodeEncodeError):
            return None
        was_for, _, text = whole.decode().rstrip("\0").partition("\0")
        return text if was_for == purpose else None

    def encrypt_deterministic(self, purpose: str, content: bytes) -> str:
        # AES-SIV: the same content gives the same string.
        encrypted = self._deterministic.encrypt(_FORMAT + content, [purpose.encode()])
        return base64.urlsafe_b64encode(encrypted).decode().rstrip("=")

    def decrypt_deterministic(self, purpose: str, encrypted: str) -> bytes | None:
        padded = encrypted + "=" * (-len(encrypted) % 4)
        try:
            decoded = base64.b64decode(padded.encode(), altchars=b"-_", validate=True)
            content = self._deterministic.decrypt(decoded, [purpose.encode()])
        except (InvalidTag, UnicodeEncodeError, ValueError):
            return None
        return content[1:] if content[:1] == _FORMAT else None

    def _now(self) -> int:
        return int(self._clock.now().timestamp())
