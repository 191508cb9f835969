"""Server-sent events as bytes."""

from collections.abc import Mapping

HEARTBEAT = b": \n\n"
"""A comment, which readers skip: it shows that the stream is alive."""


def encode_live_event(
    kind: str, position: str, fields: Mapping[str, bytes], *, resumable: bool = True
) -> bytes:
    """One event; `fields` are JSON. Without `resumable` it has no id: a reader that resumes does so
    after the event before."""
    at = position.encode()
    members = b"".join(b'"%s":%s,' % (name.encode(), value) for name, value in fields.items())
    identified = b"id: %s\n" % at if resumable else b""
    return b'event: %s\n%sdata: {%s"position":"%s"}\n\n' % (
        kind.encode(),
        identified,
        members,
        at,
    )
