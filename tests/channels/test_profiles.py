"""What a channel says of a customer is bounded before it is stored."""

import pytest

from tuyen_channels.profiles import CustomerProfile, build_profile
from tuyen_events.limits import NAME_CHARACTERS, URL_CHARACTERS


@pytest.mark.parametrize(
    ("name", "picture", "expected"),
    [
        (" Lan ", "https://p.example/1", CustomerProfile("Lan", "https://p.example/1")),
        ("", None, CustomerProfile()),
        (None, "javascript:alert(1)", CustomerProfile()),
        ("La\0n", "http://p.example/1", CustomerProfile("Lan", "http://p.example/1")),
        (
            "a" * (NAME_CHARACTERS + 1),
            "https://" + "a" * URL_CHARACTERS,
            CustomerProfile("a" * NAME_CHARACTERS),
        ),
    ],
)
def test_r9_6_a_profile_is_what_can_be_stored(
    name: str | None, picture: str | None, expected: CustomerProfile
) -> None:
    assert build_profile(name, picture, None) == expected
