"""A multipart body that arrives in pieces of any size."""

from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuyen_gateway.api.file_field import UploadedFile
from tuyen_gateway.errors import InvalidError

TYPE = "multipart/form-data; boundary=cut"
CONTENT = b"\r\n--cu\r\n--cut" + bytes(range(256)) + b"\r\n--cu"


def part(disposition: str, content: bytes, more: str = "") -> bytes:
    head = f"--cut\r\nContent-Disposition: form-data; {disposition}\r\n{more}\r\n"
    return head.encode() + content + b"\r\n"


FILE = part('name="file"; filename="ảnh.png"', CONTENT, "Content-Type: text/html\r\n")
OTHER = part('name="note"', b"x") + part('name="other"; filename="b"', b"y" * 100)
END = b"--cut--\r\n"


async def pieces(whole: bytes, size: int) -> AsyncIterator[bytes]:
    for at in range(0, len(whole), size):
        yield whole[at : at + size]


async def read(whole: bytes, size: int = 10, content_type: str = TYPE) -> tuple[str | None, bytes]:
    field = UploadedFile(content_type, pieces(whole, size))
    name = await field.read_name()
    return name, b"".join([one async for one in field.parts()])


@given(size=st.integers(min_value=1, max_value=1_000), before=st.booleans(), after=st.booleans())
async def test_i6_the_file_is_read_whatever_the_pieces(
    size: int, before: bool, after: bool
) -> None:
    whole = (OTHER if before else b"") + FILE + (OTHER if after else b"") + END
    assert await read(whole, size) == ("ảnh.png", CONTENT)


async def test_i6_of_two_files_the_first_is_taken() -> None:
    assert (await read(FILE + part('name="file"; filename="b"', b"second") + END))[1] == CONTENT


@pytest.mark.parametrize(
    "content_type",
    ["", "application/json", "multipart/form-data", "multipart/form-data; boundary=", "\xff"],
)
async def test_r9_5_another_content_type_is_refused(content_type: str) -> None:
    with pytest.raises(InvalidError):
        await read(FILE + END, content_type=content_type)


@pytest.mark.parametrize(
    "whole",
    [
        b"",
        END,
        OTHER + END,
        FILE[:-40],
        b"no multipart at all" * 100,
        b"--cut\r\nContent-Disposition: form-data" + b"x" * 20_000,
        b"--cut\r\n" + b"X: y\r\n" * 5_000,
        part('name="file"', CONTENT) + END,
    ],
    ids=["empty", "end", "none", "cut off", "text", "long header", "many headers", "no file name"],
)
async def test_r9_5_a_broken_body_is_refused(whole: bytes) -> None:
    with pytest.raises(InvalidError):
        await read(whole)


@given(st.binary(max_size=300), st.integers(min_value=1, max_value=50))
async def test_r9_5_no_bytes_are_a_mistake_of_ours(rest: bytes, size: int) -> None:
    for whole in (rest, b"--cut" + rest, FILE[:60] + rest, FILE + rest):
        with suppress(InvalidError):
            await read(whole, size)
