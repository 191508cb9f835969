"""What a file is, by its first bytes: neither its sender's header nor its name is believed.

A text that a browser could run (HTML, SVG, a script) is plain text here, and everything else that
is not known is nothing.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tuyen_events.file_limits import AUDIO_BYTES, FILE_BYTES, IMAGE_BYTES, VIDEO_BYTES

TYPE_BYTES = 4_096
"""How many of a file's first bytes decide what it is."""

IMAGE, VIDEO, AUDIO, FILE = "image", "video", "audio", "file"

LIMITS = {IMAGE: IMAGE_BYTES, VIDEO: VIDEO_BYTES, AUDIO: AUDIO_BYTES, FILE: FILE_BYTES}
"""The most bytes of each kind."""


@dataclass(frozen=True, slots=True)
class FileType:
    """`kind` is image, video, audio or file, as channels distinguish attachments."""

    kind: str
    content_type: str


UNKNOWN_FILE = FileType(FILE, "application/octet-stream")
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
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileType(FILE, "application/x-ole-storage")),
)

_RIFF = {
    b"WEBP": FileType(IMAGE, "image/webp"),
    b"WAVE": FileType(AUDIO, "audio/wav"),
}

_MP4 = FileType(VIDEO, "video/mp4")
_BRANDS = {
    b"M4A ": FileType(AUDIO, "audio/mp4"),
    b"M4B ": FileType(AUDIO, "audio/mp4"),
    b"qt  ": FileType(VIDEO, "video/quicktime"),
    b"3gp": FileType(VIDEO, "video/3gpp"),
    # Not every browser and no channel shows these.
    b"heic": FileType(FILE, "image/heic"),
    b"heix": FileType(FILE, "image/heic"),
    b"mif1": FileType(FILE, "image/heic"),
    b"avif": FileType(FILE, "image/avif"),
}
"""By brand, or the first three characters of one."""

_OFFICE: tuple[tuple[bytes, str], ...] = (
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
)
"""The folder that only this kind of document has in its archive."""

_ZIP = b"PK\x03\x04"
_MATROSKA = b"\x1a\x45\xdf\xa3"

_SOUND_FRAME = re.compile(rb"\xff(?:(?P<mpeg>[\xe2\xe3\xf2\xf3\xfa\xfb])|[\xf0\xf1\xf8\xf9])")
"""The first two bytes of a frame of MPEG audio, layer III, or of AAC."""

_CONTROLS = frozenset(range(32)) - {9, 10, 12, 13, 27}


def recognize_file(head: bytes) -> FileType | None:
    """What a file is whose first TYPE_BYTES bytes (or all, if it is shorter) are `head`; None for
    an empty file and for anything that is not in the table."""
    for read in _READERS:
        found = read(head)
        if found is not None:
            return found
    return None


def _read_beginning(head: bytes) -> FileType | None:
    for beginning, found in _BEGINNINGS:
        if head.startswith(beginning):
            return found
    return None


def _read_riff(head: bytes) -> FileType | None:
    return _RIFF.get(head[8:12]) if head[:4] == b"RIFF" else None


def _read_iso_media(head: bytes) -> FileType | None:
    if head[4:8] != b"ftyp":
        return None
    brand = head[8:12]
    return _BRANDS.get(brand) or _BRANDS.get(brand[:3], _MP4)


def _read_matroska(head: bytes) -> FileType | None:
    is_webm = head.startswith(_MATROSKA) and b"webm" in head[:64]
    return FileType(VIDEO, "video/webm") if is_webm else None


def _read_archive(head: bytes) -> FileType | None:
    if not head.startswith(_ZIP):
        return None
    if b"[Content_Types].xml" in head or b"_rels/" in head:
        for folder, content_type in _OFFICE:
            if folder in head:
                return FileType(FILE, content_type)
    return FileType(FILE, "application/zip")


def _read_sound_frame(head: bytes) -> FileType | None:
    frame = _SOUND_FRAME.match(head)
    if frame is None:
        return None
    return FileType(AUDIO, "audio/mpeg" if frame["mpeg"] else "audio/aac")


def _read_text(head: bytes) -> FileType | None:
    return FileType(FILE, "text/plain") if _is_text(head) else None


def _is_text(head: bytes) -> bool:
    """Whether it is UTF-8 without control characters; the head may end within a character."""
    if not head or not _CONTROLS.isdisjoint(head):
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.end == len(head) == TYPE_BYTES and error.start >= TYPE_BYTES - 3
    return True


_READERS: tuple[Callable[[bytes], FileType | None], ...] = (
    _read_beginning,
    _read_riff,
    _read_iso_media,
    _read_matroska,
    _read_archive,
    _read_sound_frame,
    _read_text,
)
