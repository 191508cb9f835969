"""Which contacts have a fact in common (`tuyen_crm.domain.facts`)."""

from collections.abc import Mapping, Set

from tuyen_events.ids import ContactId

FactChanges = dict[str, dict[ContactId, bool]]
"""By the key of a fact: the contacts that got it (true) or lost it (false)."""


class FactIndex:
    """The contacts with each fact, by `organization/fact`. Most facts are had by one contact: then
    its id is stored, and no set of one."""

    def __init__(self) -> None:
        self._holders: dict[str, ContactId | set[ContactId]] = {}

    def holders(self, key: str) -> Set[ContactId]:
        """A new set."""
        found = self._holders.get(key)
        if found is None:
            return set()
        return set(found) if isinstance(found, set) else {found}

    def change(self, changes: FactChanges) -> None:
        for key, changed in changes.items():
            self._put(key, change_holders(self.holders(key), changed))

    def add(self, key: str, contact: ContactId) -> None:
        found = self._holders.get(key)
        if found is None:
            self._holders[key] = contact
        elif isinstance(found, set):
            found.add(contact)
        else:
            self._holders[key] = {found, contact}

    def _put(self, key: str, holders: Set[ContactId]) -> None:
        if not holders:
            self._holders.pop(key, None)
        elif len(holders) == 1:
            (self._holders[key],) = holders
        else:
            self._holders[key] = set(holders)


def change_holders(holders: Set[ContactId], changed: Mapping[ContactId, bool]) -> Set[ContactId]:
    """The holders of a fact after these changes."""
    gone = {contact for contact, has in changed.items() if not has}
    return (holders - gone) | {contact for contact, has in changed.items() if has}


def note_facts(changes: FactChanges, contact: ContactId, before: Set[str], after: Set[str]) -> None:
    """Adds that a contact had some facts, and has others now. These are keys."""
    for key in before ^ after:
        changes.setdefault(key, {})[contact] = key in after
