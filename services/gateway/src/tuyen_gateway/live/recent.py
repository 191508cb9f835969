"""The last changes of all organizations, so that streams can be resumed without the database."""

from collections import defaultdict, deque
from collections.abc import Sequence

from tuyen_events.ids import OrganizationId
from tuyen_gateway.domain.live import JournalPosition
from tuyen_gateway.ports.live import JournalEntry

_MOST_CHANGES = 20_000
"""A change takes some 700 bytes: together 14 MB."""


class RecentChanges:
    """Entries in the order of their commits: all that were committed after `floor`, up to
    `last`."""

    def __init__(self, floor: JournalPosition, most: int = _MOST_CHANGES) -> None:
        self.floor = floor
        self.last = floor
        self._most = most
        self._size = 0
        self._of_last: set[str] = set()
        """The ids of the entries at `last`."""
        self._entries: defaultdict[OrganizationId, deque[JournalEntry]] = defaultdict(deque)
        self._order: deque[OrganizationId] = deque()

    def add(self, entry: JournalEntry) -> bool:
        """Appends the next entry, and drops the oldest ones if there are too many. Returns false
        for one that it has: whoever follows the journal again begins with the last commit, which
        may have made several entries."""
        if entry.place is None or entry.place < self.last or entry.id in self._of_last:
            return False
        if entry.place > self.last:
            self.last = entry.place
            self._of_last.clear()
        self._of_last.add(entry.id)
        self._entries[entry.organization].append(entry)
        self._order.append(entry.organization)
        self._size += entry.changes.size
        while self._size > self._most and len(self._order) > 1:
            self._drop()
        return True

    def _drop(self) -> None:
        organization = self._order.popleft()
        entries = self._entries[organization]
        oldest = entries.popleft()
        if not entries:
            del self._entries[organization]
        self._size -= oldest.changes.size
        if oldest.place is not None:
            self.floor = oldest.place

    def since(
        self, organization: OrganizationId, after: JournalPosition, until: JournalPosition
    ) -> Sequence[JournalEntry]:
        """The organization's entries from `after` on, the one at `after` included, up to
        `until`."""
        return [
            entry
            for entry in self._entries.get(organization, ())
            if entry.place is not None and after[:2] <= entry.place[:2] <= until[:2]
        ]

    def ids(self, organization: OrganizationId) -> frozenset[str]:
        return frozenset(entry.id for entry in self._entries.get(organization, ()))
