"""I6: a file that somebody sent cannot run in the browser of somebody else."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from tuyen_attachments.ports import StoredAttachment
from tuyen_attachments.serving import begin_reading, build_content_type, build_disposition
from tuyen_events.ids import OrganizationId
from tuyen_events.outbound import AttachmentId


def store(content_type: str, name: str | None) -> StoredAttachment:
    return StoredAttachment(
        id=AttachmentId("att_1"),
        organization=OrganizationId("shop"),
        kind="file",
        content_type=content_type,
        name=name,
        created_at=datetime(2026, 11, 29, tzinfo=UTC),
        size=1,
    )


def test_i6_a_name_cannot_end_the_header() -> None:
    stored = store("application/pdf", 'Bảng giá"; x.pdf')
    named = "filename*=UTF-8''B%E1%BA%A3ng%20gi%C3%A1%22%3B%20x.pdf"
    assert build_disposition(stored, inline=False) == f"attachment; {named}"
    assert build_disposition(stored, inline=True) == f"inline; {named}"


def test_i6_a_file_may_have_no_name() -> None:
    assert build_disposition(store("image/png", None), inline=True) == "inline"


def test_i6_only_texts_have_a_charset() -> None:
    assert build_content_type(store("text/plain", None)) == "text/plain; charset=utf-8"
    assert build_content_type(store("image/png", None)) == "image/png"


async def give(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


@pytest.mark.parametrize("parts", [(), (b"a",), (b"a", b"b", b"c")])
async def test_i6_nothing_of_a_file_is_lost(parts: tuple[bytes, ...]) -> None:
    read = await begin_reading(give(*parts))
    assert b"".join([part async for part in read]) == b"".join(parts)


async def test_i6_a_file_that_cannot_be_read_fails_before_the_response() -> None:
    async def fail() -> AsyncIterator[bytes]:
        for part in (b"",):
            if part == b"":
                raise OSError("gone")
            yield part

    with pytest.raises(OSError, match="gone"):
        await begin_reading(fail())
