"""What commands lead to when they are decided one after another, as the decider does, without a
log."""

from collections.abc import Mapping, Set

import msgspec

from crm.lan import SHOP
from tuyen_crm.contact_index import ContactIndex
from tuyen_crm.domain.decision import CommandDecision
from tuyen_crm.domain.known import KnownState
from tuyen_crm.entities import BY_COMMAND
from tuyen_crm.organization_state import UnitOfWork
from tuyen_events.crm.records import CrmCommand, CrmEvent
from tuyen_events.ids import ContactId


class Decided:
    """The state of an organization, in which commands are decided one after another."""

    def __init__(self) -> None:
        self._values: dict[str, bytes] = {}
        self._index = ContactIndex()
        self.last: CommandDecision
        self.commands = 0

    def value(self, key: str) -> bytes | None:
        return self._values.get(key)

    def look_up(self, key: str) -> Set[ContactId]:
        return self._index.look_up(key)

    def count(self, key: str, changed: Mapping[ContactId, bool]) -> int:
        return self._index.count(key, changed)

    def decide(self, command: CrmCommand) -> tuple[CrmEvent, ...]:
        self.commands += 1
        work = UnitOfWork(SHOP, self, self.commands)
        decision = BY_COMMAND[type(command)].decide(work, command)
        for event in decision.events:
            work.apply(msgspec.structs.replace(event, order=self.commands), 0)
        self._index.change(work.index_changes)
        for key, value in work.changes.items():
            if value is None:
                self._values.pop(key, None)
            else:
                self._values[key] = value
        self.last = decision
        return decision.events

    @property
    def size(self) -> int:
        """How many things are known."""
        return len(self._values)

    @property
    def known(self) -> KnownState:
        """The state now."""
        return UnitOfWork(SHOP, self, self.commands)
