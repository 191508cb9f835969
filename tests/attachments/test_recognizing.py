"""What a file is, by its content alone."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuyen_attachments.recognizing import LIMITS, TYPE_BYTES, recognize_file

SAMPLES: dict[str, tuple[bytes, str, str]] = {
    "jpeg": (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image", "image/jpeg"),
    "png": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "image", "image/png"),
    "gif": (b"GIF89a\x01\x00\x01\x00", "image", "image/gif"),
    "webp": (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "image", "image/webp"),
    "heic": (b"\x00\x00\x00\x18ftypheic\x00\x00", "file", "image/heic"),
    "mp4": (b"\x00\x00\x00\x18ftypisom\x00\x00", "video", "video/mp4"),
    "quicktime": (b"\x00\x00\x00\x14ftypqt  \x00\x00", "video", "video/quicktime"),
    "3gp": (b"\x00\x00\x00\x14ftyp3gp5\x00\x00", "video", "video/3gpp"),
    "webm": (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm", "video", "video/webm"),
    "m4a": (b"\x00\x00\x00\x18ftypM4A \x00\x00", "audio", "audio/mp4"),
    "mp3 with tags": (b"ID3\x04\x00\x00", "audio", "audio/mpeg"),
    "mp3": (b"\xff\xfb\x90\x64\x00", "audio", "audio/mpeg"),
    "aac": (b"\xff\xf1\x50\x80", "audio", "audio/aac"),
    "amr": (b"#!AMR\n\x3c", "audio", "audio/amr"),
    "ogg": (b"OggS\x00\x02", "audio", "audio/ogg"),
    "wav": (b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio", "audio/wav"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3", "file", "application/pdf"),
    "old word": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00", "file", "application/x-ole-storage"),
    "csv": ("tên,giá\nGiày,350000\n".encode(), "file", "text/plain"),
    "html": (b"<!doctype html><script>alert(1)</script>", "file", "text/plain"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "file", "text/plain"),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_i6_a_file_is_what_its_content_says(name: str) -> None:
    head, kind, content_type = SAMPLES[name]
    found = recognize_file(head)
    assert found is not None
    assert (found.kind, found.content_type) == (kind, content_type)


@pytest.mark.parametrize(
    ("folder", "ending"),
    [("word", "wordprocessingml.document"), ("xl", "spreadsheetml.sheet")],
)
def test_i6_an_office_document_is_told_from_another_archive(folder: str, ending: str) -> None:
    office, other = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(office, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(f"{folder}/main.xml", "<x/>")
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr(f"{folder}/main.xml", "<x/>")
    found, plain = recognize_file(office.getvalue()), recognize_file(other.getvalue())
    assert found is not None
    assert found.content_type.endswith(ending)
    assert plain is not None
    assert plain.content_type == "application/zip"


@pytest.mark.parametrize("head", [b"", b"MZ\x90\x00\x03", b"\x7fELF\x02\x01", b"\x00" * 100])
def test_i6_what_is_not_in_the_table_is_nothing(head: bytes) -> None:
    assert recognize_file(head) is None


def test_i6_a_text_may_be_cut_within_a_character() -> None:
    text = ("x" * (TYPE_BYTES - 1) + "ấ").encode()
    found = recognize_file(text[:TYPE_BYTES])
    assert found is not None
    assert found.content_type == "text/plain"
    assert recognize_file(b"\xff\xfeabc") is None


@given(st.binary(max_size=200))
def test_i6_no_content_is_taken_for_what_a_browser_runs(head: bytes) -> None:
    found = recognize_file(head)
    if found is not None:
        assert found.kind in LIMITS
        assert not {"html", "svg", "xml", "javascript"} & set(
            found.content_type.replace("/", "+").split("+")
        )
