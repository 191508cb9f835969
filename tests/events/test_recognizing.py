"""Phone numbers and emails in what customers write (C3)."""

from collections.abc import Iterator, Sequence

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuyen_events import recognizing
from tuyen_events.crm_limits import (
    CONTACT_SUGGESTIONS,
    RECOGNIZED_CHARACTERS,
    RECOGNIZER_STARTS,
    RECOGNIZER_TRIES,
)
from tuyen_events.phones import parse_email, parse_phone
from tuyen_events.recognizing import recognize_facts

LAN, MINH = "+84912345678", "+84987654321"


@pytest.mark.parametrize(
    "text",
    [
        "sđt mình 0912 345 678 nha",
        "gọi em 0912.345.678 nhé",
        "0912-345-678",
        "0912,345,678",
        "zalo: 84 912 345 678",
        "84912345678",
        "084912345678",
        "+84 (0) 912 345 678",
        "(+84) 912 345 678",
        "(0912) 345 678",
        "0 9 1 2 3 4 5 6 7 8",
        "0912.34.56.78",
        "A1 xanh M 0912345678",
        "mã 5 0912345678",
        "mã đen 0912345678",
        "chốt đơn 0912345678",
        "2 áo size 42 0912 345 678 nha",
        "0912345678 2 cái size 42",
        "0912345678 200k",
        "0912345678 k đc thì ib",
        "0912345678nhé",
        "SĐT 0912345678 đ/c 12 Lê Lợi",
        "0912345678 Đ/C: 12 Lê Lợi",
        "0912345678 đ.c 12 Lê Lợi",
        "0912345678 đc 12 Lê Lợi",
        "0912345678ĐC: 12 Lê Lợi",
        "0912345678Đ/c 12 Lê Lợi",
        "0912345678dc: 12 le loi",
        "0912345678 Đ. Nguyễn Trãi",
        "0912345678 đ.Nguyễn Trãi",
        "0912345678 Đ Nguyễn Trãi",
        "0912345678 d: 12 le loi",
        "0912345678 đồng ý",
        "0912345678 ĐỒNG Ý nha",
        "0912345678 dong y",
        "0912345678 Đồng Nai",
        "sđt 0912345678 đ",
        "zalo 0912345678đ",
        "đt: 0912 345 678 đồng",
        "sđt: 912 345 678 đ",
        "0912345678 150.000 đ",
        "0912345678 lấy áo 150.000đ/cái",
        "sđt0912345678",
        "SĐT:0912345678",
        "sdt-0912345678",
        "sđt: 912 345 678",
        "Lan/0912345678/Q1",
        "0912345678 (Zalo)",
        "0912345678 và 0912 345 678",
        "liên hệ\n0912345678\nHà Nội",
        "ship 12/11/2026 0912345678",
        "ship 07.09.2026 0912345678",
        "０９１２３４５６７８",
        "0912\u200b345\u200b678",
        "0912\u00a0345\u00a0678",
        "0912\u2013345\u2013678",
        "0\ufe0f\u20e39\ufe0f\u20e31\ufe0f\u20e32\ufe0f\u20e33\ufe0f\u20e34\ufe0f\u20e3"
        "5\ufe0f\u20e36\ufe0f\u20e37\ufe0f\u20e38\ufe0f\u20e3",
    ],
)
def test_c3_a_number_in_a_vietnamese_text(text: str) -> None:
    assert recognize_facts(text, "VN") == (LAN,)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ib 0168.234.5678", ["+84382345678"]),
        ("em 0912345678 - chị 0987654321/0168 234 5678", [LAN, MINH, "+84382345678"]),
        ("0912345678/0987654321", [LAN, MINH]),
        ("0912345678 0987654321", [LAN, MINH]),
        ("0912345678,0987654321", [LAN, MINH]),
        ("Zalo 0912345678-0987654321", [LAN, MINH]),
        ("028 3822 1234", ["+842838221234"]),
        ("+1 650 253 0000", ["+16502530000"]),
        ("ĐT: 0912 345 678. mail: a@b.vn;", [LAN, "a@b.vn"]),
    ],
)
def test_c3_several_numbers_and_those_of_other_kinds(text: str, found: list[str]) -> None:
    assert list(recognize_facts(text, "VN")) == found


@pytest.mark.parametrize(
    "text",
    [
        "giá 350.000",
        "1.250.000đ, sale còn 250.000",
        "1 250 000 000",
        "84.350.000.000 đ",
        "84 350 000 000",
        "912345678đ",
        "150.000 đ",
        "giá 12.500.000 đ/tháng",
        "84.500.000 đ. Nhận ngay",
        "gọi 900.000.000 đ",
        "0912345678 đ",
        "0912345678 đ.",
        "0912345678 đồng",
        "0912345678 đồng, nhé",
        "0912345678DCX",
        "0912345678k",
        "912345678",
        "đơn 123456789012",
        "#0912345678",
        "id=0912345678",
        "mã đơn hàng số 0912345678",
        "mã vận đơn SPX0912345678",
        "SP-0912345678",
        "841234567890",
        "stk 0912345678 Vietcombank",
        "stk: 0071000123456",
        "tài khoản của mẹ 0912345678",
        "cccd 084912345678",
        "079095012345",
        "100012345678901",
        "ngày 20/11/2026, 20.11.2026 lúc 10h",
        "hẹn 07.09.2026 08h30",
        "2026-07-09 08:30",
        "https://shop.vn/p/0912345678?x=0987654321",
        "shop.vn/0912345678",
        "facebook.com/profile.php?id=84912345678",
        "cao 165 nặng 50 size 42",
        "gọi 1900 1234",
        "o912345678",
        "x0912345678",
        "0912 345 6789",
        "9.12345678E8",
        "",
    ],
)
def test_c3_what_is_no_phone_number(text: str) -> None:
    assert recognize_facts(text, "VN") == ()


@pytest.mark.parametrize(
    ("text", "emails"),
    [
        ("mail em là Lan.Nguyen+shop@Example.COM.", ["lan.nguyen+shop@example.com"]),
        ("(lan@example.com),minh@x.vn!", ["lan@example.com", "minh@x.vn"]),
        ("mailto:lan@example.co.uk?", ["lan@example.co.uk"]),
        ("lan@example.com hay LAN@example.com", ["lan@example.com"]),
        ("ｌａｎ＠ｅｘａｍｐｌｅ．ｃｏｍ", ["lan@example.com"]),
        ("0912345678@gmail.com", ["0912345678@gmail.com"]),
        ("lan(at)example.com, lan@example, @lan.shop, lan@@x.vn", []),
        ("https://medium.com/@lan/x lan@-x.vn", []),
        (f"{'a' * 65}@x.vn", []),
    ],
)
def test_c3_emails_in_texts(text: str, emails: list[str]) -> None:
    assert list(recognize_facts(text, "VN")) == emails


def test_c3_numbers_of_a_country_that_writes_no_0_before_them() -> None:
    assert recognize_facts("call (650) 253-0000, not $1,250,000", "US") == ("+16502530000",)
    assert recognize_facts("0912345678", "??") == ()


HOSTILE = (
    "0 ",
    "09123456 ",
    "0912345678",
    "01234567/",
    "84.",
    "1/",
    "1 - ",
    "(((",
    "+",
    "a@",
    "a.",
    "a@a.",
    ".com/",
    "sđt ",
    "stk 0912 ",
    "-",
    "\ufdfa",
    "\u200b",
    "A",
)


@pytest.mark.parametrize("part", HOSTILE)
@pytest.mark.parametrize("country", ["VN", "US"])
def test_c3_r9_5_the_work_for_a_text_has_a_bound(
    part: str, country: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 600,000 characters the beginning is searched, and of that, so many groups of digits are
    tried, each by six readings at most."""
    parsed: list[str] = []
    real = phonenumbers.parse

    def parse(text: str, region: str) -> phonenumbers.PhoneNumber:
        parsed.append(text)
        return real(text, region)

    monkeypatch.setattr(phonenumbers, "parse", parse)
    text = part * (600_000 // len(part))
    found = recognize_facts(f"{text} lan@example.com", country)
    assert len(parsed) <= RECOGNIZER_TRIES * 6
    assert found == recognize_facts(text[:RECOGNIZED_CHARACTERS], country)


@pytest.mark.parametrize("country", ["VN", "US"])
def test_c3_r9_5_single_digits_are_asked_so_often_whether_a_number_begins_there(
    country: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of them begins a window that could be a number, so they cost no tries."""
    starts: list[int] = []

    def list_windows(groups: Sequence[str], start: int, code: str | None) -> Iterator[int]:
        starts.append(start)
        return iter(())

    monkeypatch.setattr(recognizing, "_list_windows", list_windows)
    recognize_facts("1 " * RECOGNIZED_CHARACTERS, country)
    assert len(starts) == RECOGNIZER_STARTS


def test_c3_no_more_is_found_than_a_contact_is_offered() -> None:
    text = " ".join(f"lan{number}@example.com" for number in range(2 * CONTACT_SUGGESTIONS))
    assert len(recognize_facts(text, "VN")) == CONTACT_SUGGESTIONS


@given(st.text(max_size=200))
def test_c3_what_is_found_in_any_text_is_in_the_form_in_which_it_is_stored(text: str) -> None:
    for value in recognize_facts(f"{text} 0912345678 {text}", "VN"):
        assert value in (parse_phone(value, "VN"), parse_email(value))


WORDS = st.sampled_from(["alo", "shop ơi", "size 42", "giá 250.000đ", "ngày 20/11/2026", "A1", "ạ"])
SEPARATORS = st.sampled_from(["", " ", ".", "-", "  "])


@given(st.lists(WORDS, max_size=3), SEPARATORS, st.lists(WORDS, max_size=3))
def test_c3_a_number_is_found_whatever_is_written_around_it(
    before: list[str], separator: str, after: list[str]
) -> None:
    number = separator.join(("0912", "345", "678"))
    assert recognize_facts(" ".join((*before, number, *after)), "VN") == (LAN,)
