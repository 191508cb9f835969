"""Encrypts the tokens of visitors, and the addresses of files in their threads."""

from typing import TypeVar

import msgspec
from cryptography.fernet import InvalidToken, MultiFernet
from pydantic import SecretStr

from tuyen_events.outbound import AttachmentId
from tuyen_events.visitor_limits import FILE_LINK_LASTS_S, VISITOR_TOKEN_LASTS_S
from tuyen_ingest.domain.visitors import SiteVisitor
from tuyen_platform.clock import Clock
from tuyen_platform.encrypted_records import read_keys


class _VisitorToken(msgspec.Struct, frozen=True, tag="visitor"):
    visitor: SiteVisitor


class _FileLink(msgspec.Struct, frozen=True, tag="file"):
    app_id: str
    attachment: AttachmentId


_EncryptedT = TypeVar("_EncryptedT", _VisitorToken, _FileLink)


class FernetVisitorCipher:
    """VisitorCipher with the installation's keys. The content says what it is: nothing else that is
    encrypted with these keys is taken for it."""

    def __init__(self, keys: SecretStr, clock: Clock) -> None:
        self._fernet = MultiFernet(read_keys(keys))
        self._clock = clock

    def encrypt_visitor(self, visitor: SiteVisitor) -> str:
        return self._encrypt(_VisitorToken(visitor))

    def decrypt_visitor(self, app_id: str, token: str) -> SiteVisitor | None:
        found = self._decrypt(token, _VisitorToken, VISITOR_TOKEN_LASTS_S)
        return None if found is None or found.visitor.app_id != app_id else found.visitor

    def encrypt_link(self, app_id: str, attachment: AttachmentId) -> str:
        return self._encrypt(_FileLink(app_id, attachment))

    def decrypt_link(self, app_id: str, link: str) -> AttachmentId | None:
        found = self._decrypt(link, _FileLink, FILE_LINK_LASTS_S)
        return None if found is None or found.app_id != app_id else found.attachment

    def _encrypt(self, content: _VisitorToken | _FileLink) -> str:
        encrypted = self._fernet.encrypt_at_time(msgspec.json.encode(content), self._now())
        return encrypted.decode().rstrip("=")

    def _decrypt(self, encrypted: str, kind: type[_EncryptedT], lasts_s: int) -> _EncryptedT | None:
        padded = encrypted + "=" * (-len(encrypted) % 4)
        try:
            content = self._fernet.decrypt_at_time(
                padded.encode(), ttl=lasts_s, current_time=self._now()
            )
            return msgspec.json.decode(content, type=kind)
        except (InvalidToken, UnicodeEncodeError, msgspec.MsgspecError):
            return None

    def _now(self) -> int:
        return int(self._clock.now().timestamp())
