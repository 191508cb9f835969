"""Fills in the placeholders of a template (I7).

Decides I7.
"""

import re

UNNAMED_CUSTOMER = "anh/chị"
"""What stands for a customer whose name is not known: the polite address for either gender."""

_PLACEHOLDER = re.compile(r"\{\{\s*(customer\.name|agent\.name)\s*\}\}")


def fill_placeholders(text: str, *, customer: str | None, agent: str) -> str:
    """The text with the two names. Anything else in braces stays as it is: a name that contains a
    placeholder is not filled in itself."""
    names = {"customer.name": customer or UNNAMED_CUSTOMER, "agent.name": agent}
    return _PLACEHOLDER.sub(lambda found: names[found[1]], text)
