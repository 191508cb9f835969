"""Phone numbers and emails in what customers write (C3)."""

import pytest

from tuyen_events.recognizing import recognize_emails, recognize_phones


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        ("gọi em 0912.345.678 nhé", ["+84912345678"]),
        (
            "em 0912345678 - chị 0987654321/0168 234 5678",
            ["+84912345678", "+84987654321", "+84382345678"],
        ),
        ("sđt: 0912 345 678.", ["+84912345678"]),
        ("0912345678 và 0912 345 678", ["+84912345678"]),
        ("giá 1.250.000đ, sale còn 250.000", []),
        ("912345678đ", []),
        ("1 250 000 000", []),
        ("ngày 20/11/2026, 20.11.2026 lúc 10h", []),
        ("stk 0071000123456, đơn 123456789012", []),
        ("mã vận đơn SPX0912345678", []),
        ("cao 165 nặng 50 size 42", []),
    ],
)
def test_c3_numbers_in_vietnamese_texts(text: str, phones: list[str]) -> None:
    assert list(recognize_phones(text, "VN")) == phones


def test_c3_emails_in_texts() -> None:
    text = "mail em là Lan.Nguyen@Example.com, hoặc lan@example, hay lan.nguyen@example.com."
    assert recognize_emails(text) == ("lan.nguyen@example.com",)
