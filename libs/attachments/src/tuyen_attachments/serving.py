"""How the content of a file is served to browsers: it comes from people who are not trusted."""

from collections.abc import AsyncIterator
from urllib.parse import quote

from tuyen_attachments.ports import StoredAttachment

SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
"""A browser takes the content for nothing but its type, and runs nothing in it."""


def build_content_type(attachment: StoredAttachment) -> str:
    """The header `Content-Type`."""
    if attachment.content_type.startswith("text/"):
        return f"{attachment.content_type}; charset=utf-8"
    return attachment.content_type


def build_disposition(attachment: StoredAttachment, *, inline: bool) -> str:
    """The header `Content-Disposition`: whether a browser shows the file or downloads it, and under
    what name it stores it."""
    how = "inline" if inline else "attachment"
    if attachment.name is None:
        return how
    return f"{how}; filename*=UTF-8''{quote(attachment.name, safe='')}"


async def begin_reading(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same parts, the first of which has been read: if that fails, it is before the response
    has begun."""
    first = await anext(parts, b"")

    async def read() -> AsyncIterator[bytes]:
        yield first
        async for part in parts:
            yield part

    return read()
