"""The index of contacts by their keys (`tuyen_crm.domain.index_keys`)."""

from collections.abc import Iterable, Mapping, Set
from itertools import chain

from tuyen_events.ids import ContactId

IndexChanges = dict[str, dict[ContactId, bool]]
"""By key: the contacts that got it (true) or lost it (false)."""


class ContactIndex:
    """The contacts with each key of the form `organization/key`. Most keys belong to one contact:
    then its id is stored, and no set of one."""

    def __init__(self) -> None:
        self._contacts: dict[str, ContactId | set[ContactId]] = {}

    def look_up(self, key: str) -> Set[ContactId]:
        """The contacts with this key. The set is the index's own, not a copy: do not keep it."""
        found = self._contacts.get(key)
        if found is None:
            return frozenset()
        return found if isinstance(found, set) else {found}

    def count(self, key: str, changed: Mapping[ContactId, bool]) -> int:
        """How many contacts have the key after these changes. No set is copied, so it takes no
        longer if they are many."""
        found = self._contacts.get(key, set())
        contacts = found if isinstance(found, set) else {found}
        return len(contacts) + sum(has - (contact in contacts) for contact, has in changed.items())

    def change(self, changes: IndexChanges) -> None:
        for key, changed in changes.items():
            for contact, has in changed.items():
                if has:
                    self.add(key, contact)
                else:
                    self._remove(key, contact)

    def add(self, key: str, contact: ContactId) -> None:
        found = self._contacts.get(key)
        if found is None:
            self._contacts[key] = contact
        elif isinstance(found, set):
            found.add(contact)
        elif found != contact:
            self._contacts[key] = {found, contact}

    def _remove(self, key: str, contact: ContactId) -> None:
        found = self._contacts.get(key)
        if isinstance(found, set):
            found.discard(contact)
            if len(found) == 1:
                (self._contacts[key],) = found
        elif found == contact:
            del self._contacts[key]


def apply_index_changes(
    contacts: Iterable[ContactId], changed: Mapping[ContactId, bool]
) -> Iterable[ContactId]:
    """The contacts with a key after these changes, in no order. They may be a million, and are not
    copied."""
    if not changed:
        return contacts
    kept = (contact for contact in contacts if contact not in changed)
    return chain(kept, (contact for contact, has in changed.items() if has))


def note_index_changes(
    changes: IndexChanges, contact: ContactId, before: Set[str], after: Set[str]
) -> None:
    """Adds to `changes` that a contact had the keys `before`, and has the keys `after` now."""
    for key in before ^ after:
        changes.setdefault(key, {})[contact] = key in after
