"""Several values in one cell, separated by semicolons. One that contains a semicolon, or begins
with a quotation mark, is quoted as in texts with separated values."""

import re
from collections.abc import Iterable

from tuyen_events.crm_limits import TAG_CHARACTERS

_VALUE = re.compile(
    rf'[ \t]*(?:"((?:[^"]|""){{0,{TAG_CHARACTERS}}})"[ \t]*(?=[;\n]|$)|([^;\n]*))(?:[;\n]|$)'
)
"""A quoted value is no longer than a tag may be, so that no cell takes long to split."""


def join_values(values: Iterable[str]) -> str:
    return "; ".join(map(_quote, values))


def split_values(text: str) -> list[str]:
    """The values, without spaces around them; empty ones are left out."""
    found, place = [], 0
    while place < len(text):
        value = _VALUE.match(text, place)
        if value is None or value.end() == place:
            break
        quoted, plain = value.groups()
        found.append((plain if quoted is None else quoted.replace('""', '"')).strip())
        place = value.end()
    return [each for each in found if each]


def _quote(value: str) -> str:
    if ";" not in value and "\n" not in value and not value.startswith('"'):
        return value
    doubled = value.replace('"', '""')
    return f'"{doubled}"'
