"""What was decided before, as a test gives it to a decision."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.state import ChildState, ContactState
from tuyen_events.choosing import Cursor
from tuyen_events.crm.records import SetupEvent
from tuyen_events.ids import ContactId


@dataclass(frozen=True)
class KnownThings(KnownState):
    """One contact, whatever its id, and some children and entities, by kind and id."""

    only: ContactState | None = None
    children: dict[tuple[str, str], ChildState] = field(default_factory=dict)
    entities: dict[tuple[str, str], SetupEvent] = field(default_factory=dict)
    sequence: int = 0
    keys: dict[str, tuple[ContactId, ...]] = field(default_factory=dict)
    turns: dict[str, Cursor] = field(default_factory=dict)

    def contact(self, contact_id: ContactId) -> ContactState | None:
        return self.only

    def last_sequence(self, contact_id: ContactId) -> int:
        return 0 if self.only is None else self.only.sequence

    def find(self, key: str, most: int | None = None) -> Sequence[ContactId]:
        return self.keys.get(key, ())[:most]

    def count(self, key: str) -> int:
        return len(self.find(key))

    def rotation_cursor(self, warehouse_id: str) -> Cursor | None:
        return self.turns.get(warehouse_id)

    def child(self, kind: str, child_id: str) -> ChildState | None:
        return self.children.get((kind, child_id))

    def setup(self, kind: str, entity_id: str) -> SetupEvent | None:
        return self.entities.get((kind, entity_id))

    def list_setup(self, kind: str) -> Sequence[SetupEvent]:
        return [entity for (of, _), entity in sorted(self.entities.items()) if of == kind]

    def setup_sequence(self) -> int:
        return self.sequence
