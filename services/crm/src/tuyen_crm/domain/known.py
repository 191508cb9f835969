"""What a decision may depend on, beside its command."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from tuyen_crm.domain.state import ChildState, ContactState
from tuyen_events.choosing import Cursor
from tuyen_events.crm.records import SetupEvent
from tuyen_events.ids import ContactId


class KnownState(ABC):
    """Everything that was decided before, in one organization. `kind` is the name of an entity."""

    @abstractmethod
    def contact(self, contact_id: ContactId) -> ContactState | None:
        """The contact; None if it was removed."""

    @abstractmethod
    def last_sequence(self, contact_id: ContactId) -> int:
        """The sequence of the contact's last event, also of one that was removed; 0 if there was
        none."""

    @abstractmethod
    def find(self, key: str, most: int | None = None) -> Sequence[ContactId]:
        """The contacts with this index key (`tuyen_crm.domain.index_keys`), in the order of their
        ids: all, or the first `most`. Pass `most` wherever there may be many: sorting a million
        takes a second, in which no organization's commands are decided."""

    @abstractmethod
    def count(self, key: str) -> int:
        """How many contacts have this index key. It takes no longer if they are many."""

    @abstractmethod
    def rotation_cursor(self, warehouse_id: str) -> Cursor | None:
        """Who was the last in the rotation of a warehouse that distributes its contacts; None if
        nobody was."""

    @abstractmethod
    def child(self, kind: str, child_id: str) -> ChildState | None: ...

    @abstractmethod
    def setup(self, kind: str, entity_id: str) -> SetupEvent | None:
        """The entity of the setup, as its last event made it."""

    @abstractmethod
    def list_setup(self, kind: str) -> Sequence[SetupEvent]:
        """All entities of this kind, in the order of their ids."""

    @abstractmethod
    def setup_sequence(self) -> int:
        """The sequence of the last event of the setup; 0 if there was none."""
