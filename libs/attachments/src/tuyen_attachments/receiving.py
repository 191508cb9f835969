"""Receives a file part by part: recognizes it by its first bytes, and limits its size by kind."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from tuyen_attachments.recognizing import LIMITS, TYPE_BYTES, FileType, recognize_file


class AttachmentTooLargeError(Exception):
    """A file is longer than its kind may be."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.most = LIMITS[kind]
        super().__init__(f"{kind}: more than {self.most} bytes")


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file whose first bytes have arrived; `type` is None if it is not known what it is."""

    type: FileType | None
    head: bytes
    rest: AsyncIterator[bytes]

    async def content(self, kind: str) -> AsyncIterator[bytes]:
        """The whole content. Raises AttachmentTooLargeError once it is too long for its kind."""
        size = len(self.head)
        _check(kind, size)
        if self.head:
            yield self.head
        async for part in self.rest:
            size += len(part)
            _check(kind, size)
            yield part


async def receive(parts: AsyncIterator[bytes]) -> ReceivedFile:
    """Reads as much of a file as decides what it is."""
    head = bytearray()
    async for part in parts:
        head += part
        if len(head) >= TYPE_BYTES:
            break
    return ReceivedFile(recognize_file(bytes(head[:TYPE_BYTES])), bytes(head), parts)


def _check(kind: str, size: int) -> None:
    if size > LIMITS[kind]:
        raise AttachmentTooLargeError(kind)
