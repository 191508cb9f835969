"""Finds phone numbers and emails in what customers write (C3).

Decides C3.
"""

import re
import unicodedata
from collections.abc import Iterator

from tuyen_events.limits import RECOGNIZED
from tuyen_events.phones import parse_email, parse_phone

_NUMBER = re.compile(
    r"(?<![\w+.,/:@#-])\+?\(?\d[\d .()\-\u00a0]{6,24}\d(?![\w@%]|[.,]\d|\s*(?:đ|k|vnd|vnđ)\b)"
)
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w.-]{3,255}")
_DATE = re.compile(r"\d{1,2}[ .\-]\d{1,2}[ .\-](?:19|20)\d\d")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:[. ]\d{3})*[. ]000")


def recognize_phones(text: str, country: str) -> tuple[str, ...]:
    """The phone numbers in a text, in E.164, each once. What is a price, a date, or a longer number
    such as an account or a parcel is none."""
    found = (parse_phone(part, country) for part in _list_numbers(text))
    return tuple(dict.fromkeys(number for number in found if number is not None))[:RECOGNIZED]


def recognize_emails(text: str) -> tuple[str, ...]:
    """The emails in a text, in lower case, each once."""
    plain = unicodedata.normalize("NFKC", text)
    found = (parse_email(part.strip(".")) for part in _ADDRESS.findall(plain))
    return tuple(dict.fromkeys(email for email in found if email is not None))[:RECOGNIZED]


def _list_numbers(text: str) -> Iterator[str]:
    plain = unicodedata.normalize("NFKC", text)
    for separated in re.split(r"[/;,|\n]|\s-\s", plain):
        for number in _NUMBER.findall(separated):
            if not _DATE.fullmatch(number) and not _THOUSANDS.fullmatch(number):
                yield number
