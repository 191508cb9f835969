"""What a file is, by its first bytes: neither its sender's header nor its name is believed.

A text that a browser could run (HTML, SVG, a script) is plain text here, and everything else that
is not known is nothing.

Decides I6.
"""

import re
from dataclasses import dataclass

from tuyen_events.limits import AUDIO_BYTES, FILE_BYTES, IMAGE_BYTES, VIDEO_BYTES

HEAD_BYTES = 4_096
"""How many of a file's first bytes decide what it is."""

IMAGE, VIDEO, AUDIO, FILE = "image", "video", "audio", "file"

LIMITS = {IMAGE: IMAGE_BYTES, VIDEO: VIDEO_BYTES, AUDIO: AUDIO_BYTES, FILE: FILE_BYTES}
"""The most bytes of each kind."""


@dataclass(frozen=True, slots=True)
class FileType:
    """`kind` is image, video, audio or file, as channels distinguish attachments."""

    kind: str
    content_type: str


UNKNOWN = FileType(FILE, "application/octet-stream")
"""For a file that a customer sent, whatever it is."""

_BEGINNINGS: tuple[tuple[bytes, FileType], ...] = (
    (b"\xff\xd8\xff", FileType(IMAGE, "image/jpeg")),
    (b"\x89PNG\r\n\x1a\n", FileType(IMAGE, "image/png")),
    (b"GIF87a", FileType(IMAGE, "image/gif")),
    (b"GIF89a", FileType(IMAGE, "image/gif")),
    (b"%PDF-", FileType(FILE, "application/pdf")),
    (b"ID3", FileType(AUDIO, "audio/mpeg")),
    (b"#!AMR", FileType(AUDIO, "audio/amr")),
    (b"fLaC", FileType(AUDIO, "audio/flac")),
    (b"OggS", FileType(AUDIO, "audio/ogg")),
)

_OFFICE: tuple[tuple[bytes, str], ...] = (
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
)
"""The folder that only this kind of document has in its archive."""

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MATROSKA = b"\x1a\x45\xdf\xa3"
_AUDIO_BRANDS = frozenset({b"M4A ", b"M4B "})

_SOUND_FRAME = re.compile(rb"\xff(?:(?P<mpeg>[\xe2\xe3\xf2\xf3\xfa\xfb])|[\xf0\xf1\xf8\xf9])")
"""The first two bytes of a frame of MPEG audio, layer III, or of AAC."""

_CONTROLS = frozenset(range(32)) - {9, 10, 12, 13, 27}


def recognize(head: bytes) -> FileType | None:
    """What a file is whose first HEAD_BYTES bytes (or all, if it is shorter) are `head`; None for
    an empty file and for anything that is not in the table."""
    for beginning, found in _BEGINNINGS:
        if head.startswith(beginning):
            return found
    if head[:4] == b"RIFF":
        return _riff(head[8:12])
    if head[4:8] == b"ftyp":
        return _iso_media(head[8:12])
    if head.startswith(_MATROSKA):
        return FileType(VIDEO, "video/webm") if b"webm" in head[:64] else None
    if head.startswith(_ZIP):
        return _archive(head)
    if head.startswith(_OLE):
        return FileType(FILE, "application/x-ole-storage")
    if (frame := _SOUND_FRAME.match(head)) is not None:
        return FileType(AUDIO, "audio/mpeg" if frame["mpeg"] else "audio/aac")
    return FileType(FILE, "text/plain") if _is_text(head) else None


def _riff(form: bytes) -> FileType | None:
    return {
        b"WEBP": FileType(IMAGE, "image/webp"),
        b"WAVE": FileType(AUDIO, "audio/wav"),
    }.get(form)


def _iso_media(brand: bytes) -> FileType:
    if brand in _AUDIO_BRANDS:
        return FileType(AUDIO, "audio/mp4")
    if brand == b"qt  ":
        return FileType(VIDEO, "video/quicktime")
    if brand[:3] == b"3gp":
        return FileType(VIDEO, "video/3gpp")
    if brand in (b"heic", b"heix", b"mif1", b"avif"):
        # Not every browser and no channel shows these.
        return FileType(FILE, "image/avif" if brand == b"avif" else "image/heic")
    return FileType(VIDEO, "video/mp4")


def _archive(head: bytes) -> FileType:
    if b"[Content_Types].xml" in head or b"_rels/" in head:
        for folder, content_type in _OFFICE:
            if folder in head:
                return FileType(FILE, content_type)
    return FileType(FILE, "application/zip")


def _is_text(head: bytes) -> bool:
    """Whether it is UTF-8 without control characters; the head may end within a character."""
    if not head or not _CONTROLS.isdisjoint(head):
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.end == len(head) == HEAD_BYTES and error.start >= HEAD_BYTES - 3
    return True
