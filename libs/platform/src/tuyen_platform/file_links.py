"""Links by which one file can be fetched without logging in (L5).

A site that shows our replies in a chat of its own has no account here, and neither have the
visitors in whose browsers it shows them. A link names one file of one organization, and ends.
"""

import hmac
from base64 import b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple

from pydantic import SecretStr

from tuyen_events.ids import OrganizationId
from tuyen_events.outbound import AttachmentId

FILES_PATH = "/livechat/files"
"""Where the gateway serves them."""

LINK_CHARACTERS = 400
LINKS_LAST = timedelta(days=30)


class LinkedFile(NamedTuple):
    """What a link names."""

    organization: OrganizationId
    attachment_id: AttachmentId


class FileLinks:
    """Makes links, and reads those of every service of the installation."""

    def __init__(self, keys: SecretStr) -> None:
        """`keys` are the installation's, separated by commas: the first signs, each is accepted."""
        self._keys = [
            blake2b(key.strip().encode(), digest_size=32, person=b"tuyen-links").digest()
            for key in keys.get_secret_value().split(",")
        ]

    def make(self, file: LinkedFile, since: datetime) -> str:
        """The link to a file, which ends LINKS_LAST after `since`. The same each time, unless the
        keys change."""
        ends_at = int((since + LINKS_LAST).timestamp())
        content = f"{ends_at}/{file.organization}/{file.attachment_id}".encode()
        named = urlsafe_b64encode(content).decode().rstrip("=")
        return f"{named}.{_sign(self._keys[0], content)}"

    def read(self, link: str, now: datetime) -> LinkedFile | None:
        """The file of a link; None for one that has ended, or that nobody here made."""
        named, _, signature = link.partition(".")
        try:
            padded = named.encode("ascii") + b"=" * (-len(named) % 4)
            content = b64decode(padded, altchars=b"-_", validate=True)
            given = signature.encode("ascii")
        except ValueError:
            return None
        if not any(hmac.compare_digest(_sign(key, content).encode(), given) for key in self._keys):
            return None
        ends_at, organization, attachment_id = content.decode().split("/", 2)
        if int(ends_at) <= now.timestamp():
            return None
        return LinkedFile(OrganizationId(organization), AttachmentId(attachment_id))


def _sign(key: bytes, content: bytes) -> str:
    return hmac.new(key, content, "sha256").hexdigest()[:40]
