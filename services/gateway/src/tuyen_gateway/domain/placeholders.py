"""Placeholders of templates: `{{customer.name}}`, `{{agent.name}}` (I7).

A default follows a bar, for a customer whose name is not known: `{{customer.name|bạn}}`.

Decides I7.
"""

import re
from collections.abc import Mapping

NAMES = ("customer.name", "agent.name")

_PLACEHOLDER = re.compile(
    r"(?P<before>[^\S\n]*)\{\{\s*(?P<name>[\w.]+)\s*(?:\|(?P<default>[^{}]*))?\}\}"
)


def find_unknown(text: str) -> str | None:
    """The first placeholder that has no meaning; None if all have one."""
    for found in _PLACEHOLDER.finditer(text):
        if found["name"] not in NAMES:
            return found["name"]
    return None


def fill_in(text: str, *, customer_name: str | None, agent_name: str) -> str:
    """`text` with the names for its placeholders.

    A name that is not known is replaced by the placeholder's default; without one, the placeholder
    is removed together with the blanks before it ("Hello {{customer.name}}," becomes "Hello,").
    Placeholders within names are not filled in, and a placeholder without a meaning stays as it is.
    """
    names: Mapping[str, str] = {
        "customer.name": _one_line(customer_name or ""),
        "agent.name": _one_line(agent_name),
    }

    def replace(found: re.Match[str]) -> str:
        if found["name"] not in names:
            return found[0]
        name = names[found["name"]] or (found["default"] or "").strip()
        return found["before"] + name if name else ""

    return _PLACEHOLDER.sub(replace, text)


def _one_line(name: str) -> str:
    return " ".join(name.split())
