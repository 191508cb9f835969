"""Names of files, as they are stored and put into a header."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuyen_attachments.naming import clean_name
from tuyen_events.limits import NAME_CHARACTERS


@pytest.mark.parametrize(
    ("given_name", "stored"),
    [
        ("Hoá đơn tháng 9.pdf", "Hoá đơn tháng 9.pdf"),
        (r"C:\fakepath\anh.jpg", "anh.jpg"),
        ("../../etc/passwd", "passwd"),
        ("a\r\nSet-Cookie: x.png", "aSet-Cookie: x.png"),
        ("x" * 300 + ".jpeg", "x" * (NAME_CHARACTERS - 5) + ".jpeg"),
        ("x" * 300, "x" * NAME_CHARACTERS),
        ("...", None),
        ("", None),
    ],
)
def test_i6_a_name_has_no_folders_and_no_control_characters(
    given_name: str, stored: str | None
) -> None:
    assert clean_name(given_name) == stored


@given(st.text())
def test_i6_any_name_can_be_stored(given_name: str) -> None:
    name = clean_name(given_name)
    if name is not None:
        assert 0 < len(name) <= NAME_CHARACTERS
        assert name.encode()
        assert name.isprintable()
