"""Files that arrive in parts of any size."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuyen_attachments.receiving import AttachmentTooLargeError, receive
from tuyen_attachments.recognizing import IMAGE, LIMITS

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


async def in_parts(whole: bytes, size: int) -> AsyncIterator[bytes]:
    for at in range(0, len(whole), size):
        yield whole[at : at + size]


@given(st.integers(min_value=1, max_value=len(PNG) + 1))
async def test_i6_the_parts_make_no_difference(size: int) -> None:
    received = await receive(in_parts(PNG, size))
    assert received.type is not None
    assert received.type.content_type == "image/png"
    assert b"".join([part async for part in received.content(IMAGE)]) == PNG


async def test_i6_an_empty_file_is_nothing() -> None:
    received = await receive(in_parts(b"", 1))
    assert received.type is None
    assert [part async for part in received.content(IMAGE)] == []


@pytest.mark.parametrize("most", [len(PNG) - 1, 100])
async def test_r9_5_a_file_is_read_no_further_than_its_kind_may_be(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LIMITS, IMAGE, most)
    read = 0

    async def counted() -> AsyncIterator[bytes]:
        nonlocal read
        async for part in in_parts(PNG * 100, 1_000):
            read += len(part)
            yield part

    received = await receive(counted())
    with pytest.raises(AttachmentTooLargeError):
        async for _ in received.content(IMAGE):
            pass
    assert read <= len(PNG) + 1_000
