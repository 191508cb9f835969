"""Files that callers upload, served again as the channels' media hosts do."""

import base64
import secrets
from collections import OrderedDict
from dataclasses import dataclass

_MOST_BYTES = 64 * 1024 * 1024
_MOST_FILES = 1_000

PICTURE_NAME = "picture.png"

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)
"""Everybody's profile picture: one pixel."""


@dataclass(frozen=True, slots=True)
class MediaFile:
    content_type: str
    content: bytes


class Media:
    """Uploaded files by the last part of their address. The oldest are forgotten beyond 64 MiB, or
    beyond a thousand files."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, MediaFile] = OrderedDict()
        self._bytes = 0

    def add(self, file: MediaFile) -> str:
        """Keeps a file, and returns the path at which it is served."""
        name = secrets.token_urlsafe(12)
        self._files[name] = file
        self._bytes += len(file.content)
        while self._bytes > _MOST_BYTES or len(self._files) > _MOST_FILES:
            _, forgotten = self._files.popitem(last=False)
            self._bytes -= len(forgotten.content)
        return f"/media/{name}"

    def get(self, name: str) -> MediaFile | None:
        if name == PICTURE_NAME:
            return MediaFile("image/png", PICTURE)
        return self._files.get(name)
