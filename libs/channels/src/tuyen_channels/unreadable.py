"""Finds the page of a body that cannot be decoded (P4).

An organization may see the bodies of its own pages. So a page is returned only if the body
certainly names that page and no other.
"""

import re
from collections.abc import Container

_SECTIONS = re.compile(rb'"(?:messaging|standby|changes)"\s*:')
_ENTRY_IDS = re.compile(
    rb'"id"\s*:\s*"?(\d{1,40})"?\s*,\s*"time"\s*:'
    rb'|"time"\s*:\s*\d{1,20}\s*,\s*"id"\s*:\s*"?(\d{1,40})'
)
"""The id of an entry is beside the time of its delivery, and nothing else is."""

_ACCOUNT_IDS = re.compile(rb'"(?:oa_id|id)"\s*:\s*"?(\d{1,40})')


def find_page_of_entries(body: bytes, pages: Container[str]) -> str:
    """The page of a body of Meta's; empty if it names none that is connected, or perhaps others."""
    found = {(one[1] or one[2]).decode() for one in _ENTRY_IDS.finditer(body)}
    page = found.pop() if len(found) == 1 else ""
    entries = sum(1 for _ in _ENTRY_IDS.finditer(body))
    hidden = sum(1 for _ in _SECTIONS.finditer(body)) > entries
    return page if page in pages and not hidden else ""


def find_account(body: bytes, accounts: Container[str]) -> str:
    """The account of a body of Zalo's, which contains one event; empty if it names none that is
    connected, or several."""
    named = {one[1].decode() for one in _ACCOUNT_IDS.finditer(body)}
    found = {each for each in named if each in accounts}
    return found.pop() if len(found) == 1 else ""
