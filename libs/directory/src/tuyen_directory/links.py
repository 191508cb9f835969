"""R1.6: which group answers the visitors of an address first.

Decides R1.6.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote

from tuyen_events.directory import LinkChanged
from tuyen_events.ids import GroupId, LinkId

_Address = tuple[str, ...]
"""A host in Unicode and lower case, followed by the segments of a path."""

_SEGMENTS = 64
"""How many path segments of an address are compared: visitors choose its length."""

_ACE = "xn--"
_LABEL = 63
"""The longest label of a host, in characters; a longer one is not decoded."""
_DOTS = str.maketrans("。．｡", "...")


@dataclass(frozen=True)
class Links:
    """An organization's links. Immutable, so what is computed from them is cached with them."""

    by_id: Mapping[LinkId, LinkChanged] = field(default_factory=dict)

    def group_for(self, page_url: str) -> GroupId | None:
        """The group of the longest link that the address is at or below.

        Scheme, port, query and fragment are ignored, and so is a slash at the end; `/vn` covers
        `/vn/giay`, but not `/vnx`. An international domain is the same in Unicode and in the form
        that browsers send (`xn--...`). Of two links with the same address the one with the smaller
        id counts.
        """
        if not self._groups:
            return None
        address = _address(page_url)
        for length in range(min(len(address), self._longest), 0, -1):
            group = self._groups.get(address[:length])
            if group is not None:
                return group
        return None

    @cached_property
    def _groups(self) -> Mapping[_Address, GroupId]:
        largest_first = sorted(self.by_id.items(), reverse=True)
        return {_address(link.url): link.group for _, link in largest_first}

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self._groups))


def _address(url: str) -> _Address:
    whole = re.split("[?#]", url, maxsplit=1)[0]
    _, scheme, rest = whole.partition("://")
    host, _, path = (rest if scheme else whole.removeprefix("//")).partition("/")
    name = _host(host.rpartition("@")[2].partition(":")[0])
    segments = (_compose(unquote(each)) for each in path.split("/", _SEGMENTS)[:_SEGMENTS] if each)
    return (name, *segments)


def _host(name: str) -> str:
    labels = unquote(name).translate(_DOTS).split(".")
    return ".".join(_letters(label) for label in labels).rstrip(".")


def _letters(label: str) -> str:
    """A label of a host in Unicode and lower case, however it was written."""
    found = unicodedata.normalize("NFKC", label).lower()
    if found.startswith(_ACE) and len(found) <= _LABEL:
        try:
            found = found[len(_ACE) :].encode("ascii").decode("punycode")
        except UnicodeError:
            return found
    return unicodedata.normalize("NFKC", found).lower()


def _compose(segment: str) -> str:
    return unicodedata.normalize("NFC", segment)
