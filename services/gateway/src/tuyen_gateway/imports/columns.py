"""Maps the columns of a file to the fields of contacts (C9)."""

import re
from collections.abc import Mapping, Sequence

from tuyen_events.custom_fields import CustomFields
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


def list_columns(custom: CustomFields) -> tuple[str, ...]:
    """The fields to which columns can be mapped."""
    return (*CONTACT_FIELDS, *(f"{CUSTOM}{field_id}" for field_id in custom))


def guess_mapping(columns: Sequence[str], custom: CustomFields) -> dict[str, str]:
    """By column, the field that its heading means; a field of which there is one value belongs to
    the first such column. Fields mean themselves; a custom one is also meant by its name."""
    named = {_find_words(each.name): f"{CUSTOM}{field_id}" for field_id, each in custom.items()}
    known = list_columns(custom)
    guessed: dict[str, str] = {}
    for column in columns:
        words = _find_words(column)
        field = column if column in known else named.get(words) or _guess(words)
        if field is not None and (field in SEVERAL or field not in guessed.values()):
            guessed[column] = field
    return guessed


def _find_words(heading: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9]+", " ", fold_accents(heading)).split())


def _guess(words: str) -> str | None:
    return _FIELD_OF.get(words) or _FIELD_OF.get(_NUMBERED.sub("", words))
