"""Phone numbers and emails as they are stored (C2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuyen_events.limits import PHONE_TEXT_CHARACTERS
from tuyen_events.phones import parse_email, parse_phone, parse_phones

AN = "+84912345678"


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        ("0912.345.678", (AN,)),
        ("84912345678", (AN,)),
        ("+84 (0) 912 345 678", (AN,)),
        ("084912345678", (AN,)),
        ("0084 912345678", (AN,)),
        ("0168 234 5678", ("+84382345678",)),
        ("+841682345678", ("+84382345678",)),
        ("0123 456 7890", ("+84834567890",)),
        ("9.12345678E8", (AN,)),
        ("9,12345678E+08", (AN,)),
        ("9.1234567E8", ("+84912345670",)),
        ("9.1234567e+08", ("+84912345670",)),
        ("8.49123456E10", ("+84912345600",)),
        ("912345678.0", (AN,)),
        ("1682345678", ("+84382345678",)),
        ("168 234 5678", ("+84382345678",)),
        ("1682345678.0", ("+84382345678",)),
        ("1.682345678E9", ("+84382345678",)),
        ("0912 345 678 (Zalo)", (AN,)),
        ("ĐT: 0912-345-678, gọi sau 18h", (AN,)),
        ("0912345678/0987654321", (AN, "+84987654321")),
        ("0912345678 0987654321", (AN, "+84987654321")),
        ("0912345678; 0912 345 678", (AN,)),
        ("０９１２３４５６７８", (AN,)),
        ("028 3822 1234", ("+842838221234",)),
        ("+1 650 253 0000", ("+16502530000",)),
    ],
)
def test_c2_numbers_as_people_and_spreadsheets_write_them(
    text: str, phones: tuple[str, ...]
) -> None:
    assert parse_phones(text, "VN") == phones


@pytest.mark.parametrize(
    "text",
    [
        "",
        "không có",
        "0912 345 ZALO",
        "0912 345 6789",
        "0912345678/091234",
        "9.12E11",
        "9.1E8",
        "9.12346E+08",
        "9.123457e+08",
        "9.1234567E12",
        "1234567890",
        "1112345678",
        "+1682345678",
        "16502530000",
        "113",
        "0912345678" * 30,
    ],
)
def test_c2_no_number_is_made_up(text: str) -> None:
    assert parse_phone(text, "VN") is None


def test_c2_a_number_without_a_code_is_of_the_organizations_country() -> None:
    assert parse_phones("650 253 0000", "US") == ("+16502530000",)
    assert parse_phones("0912345678", "US") == ()


def test_c2_an_old_number_of_vietnam_is_none_of_another_country() -> None:
    assert parse_phones("1682345678", "TH") == ()


@given(st.text(max_size=PHONE_TEXT_CHARACTERS))
def test_c2_what_was_read_once_is_read_again_alike(text: str) -> None:
    for phone in parse_phones(text, "VN"):
        assert parse_phones(phone, "VN") == (phone,)


@pytest.mark.parametrize(
    ("text", "email"),
    [
        (" Lan.Nguyen@Example.COM ", "lan.nguyen@example.com"),
        ("lan@example", None),
        ("lan@@example.com", None),
        ("lan example.com", None),
        ("a" * 250 + "@x.vn", None),
    ],
)
def test_c2_emails_are_compared_in_lower_case(text: str, email: str | None) -> None:
    assert parse_email(text) == email
