"""Which contacts have a fact in common (`tuyen_crm.domain.facts`)."""

from collections.abc import Iterable, Mapping, Set
from itertools import chain

from tuyen_events.ids import ContactId

FactChanges = dict[str, dict[ContactId, bool]]
"""By the key of a fact: the contacts that got it (true) or lost it (false)."""


class FactIndex:
    """The contacts with each fact, by `organization/fact`. Most facts are had by one contact: then
    its id is stored, and no set of one."""

    def __init__(self) -> None:
        self._holders: dict[str, ContactId | set[ContactId]] = {}

    def holders(self, key: str) -> Set[ContactId]:
        """Those of the index itself: they are not copied, and must not be kept."""
        found = self._holders.get(key)
        if found is None:
            return frozenset()
        return found if isinstance(found, set) else {found}

    def count(self, key: str, changed: Mapping[ContactId, bool]) -> int:
        """How many contacts have the fact after these changes, however many they are: no set is
        copied."""
        found = self._holders.get(key, set())
        held = found if isinstance(found, set) else {found}
        return len(held) + sum(has - (contact in held) for contact, has in changed.items())

    def change(self, changes: FactChanges) -> None:
        for key, changed in changes.items():
            for contact, has in changed.items():
                if has:
                    self.add(key, contact)
                else:
                    self._remove(key, contact)

    def add(self, key: str, contact: ContactId) -> None:
        found = self._holders.get(key)
        if found is None:
            self._holders[key] = contact
        elif isinstance(found, set):
            found.add(contact)
        elif found != contact:
            self._holders[key] = {found, contact}

    def _remove(self, key: str, contact: ContactId) -> None:
        found = self._holders.get(key)
        if isinstance(found, set):
            found.discard(contact)
            if len(found) == 1:
                (self._holders[key],) = found
        elif found == contact:
            del self._holders[key]


def change_holders(
    holders: Iterable[ContactId], changed: Mapping[ContactId, bool]
) -> Iterable[ContactId]:
    """The holders of a fact after these changes, in no order. They may be a million, and are not
    copied."""
    if not changed:
        return holders
    kept = (contact for contact in holders if contact not in changed)
    return chain(kept, (contact for contact, has in changed.items() if has))


def note_facts(changes: FactChanges, contact: ContactId, before: Set[str], after: Set[str]) -> None:
    """Adds that a contact had some facts, and has others now. These are keys."""
    for key in before ^ after:
        changes.setdefault(key, {})[contact] = key in after
