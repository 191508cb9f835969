"""Which assignment rule covers a page.

Decides R1.1.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from tuyen_directory.organization import StoredEntity
from tuyen_events.directory import RuleChanged
from tuyen_events.ids import PageId, RuleId


@dataclass(frozen=True)
class PageRules:
    """An organization's rules. Immutable, so the rules of all pages are looked up once for each
    version of them, in time that grows with the pages that they name (`limits.PLACES` at most)."""

    by_id: Mapping[RuleId, StoredEntity[RuleChanged]]

    def find_for(self, page: PageId) -> RuleChanged | None:
        """The enabled rule that covers the page: one that names it, else a default rule (R1.1).

        Of several, the one with the smallest id.
        """
        return self._named.get(page, self._default)

    @cached_property
    def _named(self) -> Mapping[PageId, RuleChanged]:
        found: dict[PageId, RuleChanged] = {}
        for rule in self._enabled():
            for page in rule.pages or ():
                found.setdefault(page, rule)
        return found

    @cached_property
    def _default(self) -> RuleChanged | None:
        return next((rule for rule in self._enabled() if rule.pages is None), None)

    def _enabled(self) -> Iterator[RuleChanged]:
        """In the order of their ids."""
        for _, stored in sorted(self.by_id.items()):
            if stored.value.enabled:
                yield stored.value
