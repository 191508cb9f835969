"""Which column of a file is which field of a contact (C9)."""

import re
from collections.abc import Mapping, Sequence

from tuyen_events.ids import CHOSEN_ID_PATTERN
from tuyen_platform.text import fold_accents

CONTACT_FIELDS = ("name", "phones", "emails", "gender", "birthday", "address", "location")
SEVERAL = frozenset({"phones", "emails"})
"""Fields that several columns may have."""
CUSTOM = "custom."

_HEADINGS: Mapping[str, tuple[str, ...]] = {
    "name": (
        "name",
        "full name",
        "customer",
        "customer name",
        "contact",
        "ten",
        "ho ten",
        "ho va ten",
        "ten khach",
        "ten khach hang",
        "khach hang",
    ),
    "phones": (
        "phones",
        "phone",
        "phone number",
        "mobile",
        "tel",
        "telephone",
        "dien thoai",
        "so dien thoai",
        "dien thoai di dong",
        "di dong",
        "so di dong",
        "sdt",
        "so dt",
        "dt",
    ),
    "emails": (
        "emails",
        "email",
        "e mail",
        "mail",
        "email address",
        "thu dien tu",
        "dia chi email",
    ),
    "gender": ("gender", "sex", "gioi tinh", "phai"),
    "birthday": ("birthday", "birth date", "date of birth", "dob", "ngay sinh", "sinh nhat"),
    "address": ("address", "dia chi", "noi o"),
    "location": ("location", "city", "province", "khu vuc", "tinh", "thanh pho", "tinh thanh"),
}
_FIELD_OF = {heading: field for field, headings in _HEADINGS.items() for heading in headings}
_NUMBERED = re.compile(r"\s*\d+$")


def is_field(name: str) -> bool:
    """Whether a column can be mapped to it."""
    custom = name.removeprefix(CUSTOM)
    return name in CONTACT_FIELDS or (
        custom != name and re.fullmatch(CHOSEN_ID_PATTERN, custom) is not None
    )


def guess_mapping(columns: Sequence[str]) -> dict[str, str]:
    """By column, the field that its heading means; a field of which there is one value belongs to
    the first such column. The names of fields mean themselves."""
    guessed: dict[str, str] = {}
    for column in columns:
        field = _guess(column)
        if field is not None and (field in SEVERAL or field not in guessed.values()):
            guessed[column] = field
    return guessed


def _guess(column: str) -> str | None:
    if is_field(column):
        return column
    words = " ".join(re.sub(r"[^a-z0-9]+", " ", fold_accents(column)).split())
    return _FIELD_OF.get(words) or _FIELD_OF.get(_NUMBERED.sub("", words))
