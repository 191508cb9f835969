"""Phone numbers and emails in the form in which they are stored and compared.

Phone numbers are in E.164, and emails in lower case (C2). What cannot be read with certainty is no
number: nothing is completed or made up.
"""

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal

import phonenumbers

from tuyen_events.limits import EMAIL_CHARACTERS, PHONE_TEXT_CHARACTERS

_SHORTEST = 6
"""Fewer digits are no attempt at a number: the floor, an hour."""

_VIETNAM = 84
_NEW_PREFIXES = {
    **{f"16{last}": f"3{last}" for last in "23456789"},
    **{"120": "70", "121": "79", "122": "77", "126": "76", "128": "78"},
    **{"123": "83", "124": "84", "125": "85", "127": "81", "129": "82"},
    **{"186": "56", "188": "58", "199": "59"},
}
"""The old mobile numbers of Vietnam had 11 digits; since 2018 they have 10."""

_OLD_MOBILE = re.compile(r"(?:0|0?84|0084)?0?(1\d\d)(\d{7})")
"""Also without its 0, which a spreadsheet has lost."""

_PLACEHOLDER = "1234567890"
"""What people enter who have no number. Read as an old number without its 0, it would be one."""

_DECIMALS_NOT_ROUNDED = 7
"""No program rounds to so many decimals unless it is told to: Excel rounds to 5, C and R to 6."""

_SCIENTIFIC = re.compile(r"(\d)(?:[.,](\d+))?[eE]\+?(\d{1,2})")
_WHOLE = re.compile(r"(\d+)[.,]0{1,2}")
_BETWEEN = re.compile(r"[/;,|\\\n]+|\b(?:hoặc|or|và)\b")
_REMARK = re.compile(r"\([^()\d]*\)")
_TRUNK_ZERO = re.compile(r"\(0\)")
_RUN = re.compile(r"\+?[\d\s.()\-\u2010-\u2015\u00a0]+")
_EMAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
)


def parse_phones(text: str, country: str) -> tuple[str, ...]:
    """The phone numbers in a field for phone numbers, in E.164, each once, in their order.

    `country` is the organization's, for numbers without a country code. A spreadsheet's forms of a
    number are read (`9.12345678E8`, `912345678.0`, `9.1234567E8` without its last zero), and
    remarks are left out (`0912 345 678 (Zalo)`). The result is empty if any part of the text could
    be a number and is not a valid one.
    """
    if len(text) > PHONE_TEXT_CHARACTERS:
        return ()
    plain = unicodedata.normalize("NFKC", text).strip()
    number = _read_spreadsheet(plain)
    if number is not None:
        return tuple(_one(number, country))
    found: list[str] = []
    for part in _BETWEEN.split(_TRUNK_ZERO.sub("", _REMARK.sub("", plain))):
        for run in _runs(part):
            numbers = list(_one(run, country)) or _several(run, country)
            if not numbers:
                return ()
            found += numbers
    return tuple(dict.fromkeys(found))


def parse_phone(text: str, country: str) -> str | None:
    """The only phone number in the text; None if there is none, or several."""
    found = parse_phones(text, country)
    return found[0] if len(found) == 1 else None


def parse_email(text: str) -> str | None:
    """The email in lower case; None if the text is no email."""
    email = unicodedata.normalize("NFKC", text).strip().lower()
    return email if len(email) <= EMAIL_CHARACTERS and _EMAIL.fullmatch(email) else None


def _read_spreadsheet(text: str) -> str | None:
    """The digits of a number that a spreadsheet has formatted as an amount. Zeros at the end that
    it left out are completed, unless it may have rounded the number: then nothing is."""
    scientific = _SCIENTIFIC.fullmatch(text)
    if scientific is not None:
        first, decimals, exponent = scientific.groups()
        if len(decimals or "") < min(int(exponent), _DECIMALS_NOT_ROUNDED):
            return ""
        value = Decimal(f"{first}.{decimals}E{exponent}")
        return str(int(value)) if value == int(value) else ""
    whole = _WHOLE.fullmatch(text)
    return None if whole is None else whole[1]


def _runs(part: str) -> Iterator[str]:
    """What could be numbers: digits with the punctuation inside of them. Letters end a number, as
    they would otherwise be read as the digits of a keypad."""
    for run in _RUN.findall(part):
        bare = run.strip(" .()-\u00a0\t")
        if sum(letter.isdigit() for letter in bare) >= _SHORTEST:
            yield bare


def _several(run: str, country: str) -> list[str]:
    """The numbers of a run that are separated by spaces or dashes only, if all of it is numbers."""
    parts = [list(_one(part, country)) for part in re.split(r"[\s\-\u2010-\u2015]+", run)]
    return [each for part in parts for each in part] if all(parts) else []


def _is_old_mobile(run: str, digits: str, prefix: str) -> bool:
    has_code = digits[0] != "1"
    return prefix in _NEW_PREFIXES and (
        has_code or not (run.startswith("+") or digits == _PLACEHOLDER)
    )


def _one(run: str, country: str) -> Iterator[str]:
    digits = "".join(letter for letter in run if letter.isdigit())
    code = phonenumbers.country_code_for_region(country)
    forms = [("+" if run.startswith("+") else "") + digits]
    if digits.startswith(f"0{code}"):
        forms.append(f"+{digits[1:]}")
    old = _OLD_MOBILE.fullmatch(digits)
    if code == _VIETNAM and old is not None and _is_old_mobile(run, digits, old[1]):
        forms.append(f"+{_VIETNAM}{_NEW_PREFIXES[old[1]]}{old[2]}")
    for form in forms:
        try:
            number = phonenumbers.parse(form, country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            yield phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            return
