"""The contacts of a shop, as commands make them, without a log: states and documents."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from tuyen_crm.domain.decision import CommandDecision
from tuyen_crm.domain.index_keys import list_index_keys
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.state import ChildState, ContactState
from tuyen_crm.entities import BY_COMMAND, BY_EVENT, evolve, fold_contact
from tuyen_events.choosing import Cursor
from tuyen_events.crm.contact_fields import ContactFieldChanged
from tuyen_events.crm.contacts import AddContact, ObserveCustomer, PatchContact
from tuyen_events.crm.merges import MergeContacts, UndoMerge
from tuyen_events.crm.records import ContactEvent, CrmCommand, SetupEvent
from tuyen_events.crm.suggestions import AnswerSuggestion
from tuyen_events.custom_fields import FieldDefinition, FieldType
from tuyen_events.ids import (
    AgentId,
    ContactId,
    ConversationId,
    CustomerId,
    OrganizationId,
    PageId,
    suggestion_id,
)
from tuyen_events.vocabulary import Channel
from tuyen_views.contacts import ContactDocument

SHOP = OrganizationId("hoa-sen")
MOMENT = datetime(2026, 9, 21, 12, tzinfo=UTC)
LAN, MINH, HOA = (ContactId(name) for name in ("con_lan", "con_minh", "con_hoa"))
AGENT = AgentId("an")


class World(KnownState):
    """Everything that was decided, one command after the other."""

    def __init__(self) -> None:
        self.contacts: dict[ContactId, ContactState] = {}
        self.documents: dict[ContactId, ContactDocument] = {}
        self.events: list[ContactEvent] = []
        self.entities: dict[tuple[str, str], SetupEvent] = {}
        self._order = 0
        self._setup_sequence = 0

    def contact(self, contact_id: ContactId) -> ContactState | None:
        found = self.contacts.get(contact_id)
        return None if found is None or found.removed else found

    def last_sequence(self, contact_id: ContactId) -> int:
        found = self.contacts.get(contact_id)
        return 0 if found is None else found.sequence

    def find(self, key: str, most: int | None = None) -> Sequence[ContactId]:
        return sorted(id_ for id_, each in self.contacts.items() if key in list_index_keys(each))[
            :most
        ]

    def count(self, key: str) -> int:
        return len(self.find(key))

    def rotation_cursor(self, warehouse_id: str) -> Cursor | None:
        return None

    def child(self, kind: str, child_id: str) -> ChildState | None:
        return None

    def setup(self, kind: str, entity_id: str) -> SetupEvent | None:
        return self.entities.get((kind, entity_id))

    def list_setup(self, kind: str) -> Sequence[SetupEvent]:
        return [entity for (of, _), entity in sorted(self.entities.items()) if of == kind]

    def setup_sequence(self) -> int:
        return self._setup_sequence

    def unmerged(self) -> dict[ContactId, ContactState]:
        """The contacts that were not merged into others."""
        return {
            id_: each
            for id_, each in self.contacts.items()
            if each.merged_into is None and not each.removed
        }

    def do(self, command: CrmCommand) -> CommandDecision:
        self._order += 1
        decision = BY_COMMAND[type(command)].decide(self, command)
        for event in decision.events:
            if isinstance(event, SetupEvent):
                self._put(event)
                continue
            assert isinstance(event, ContactEvent)
            known = self.last_sequence(event.contact_id)
            assert event.sequence == known + 1
            placed = msgspec.structs.replace(event, order=self._order)
            self.events.append(placed)
            self._apply(placed)
        return decision

    def _apply(self, event: ContactEvent) -> None:
        after = evolve(self.contacts.get(event.contact_id), event)
        document = fold_contact(self.documents.get(event.contact_id), event)
        assert after is not None
        self.contacts[event.contact_id] = after
        if document is None:
            self.documents.pop(event.contact_id, None)
        else:
            self.documents[event.contact_id] = document

    def define(self, **types: FieldType) -> None:
        """The administrator defines these custom fields."""
        for field_id, type_ in types.items():
            self.entities["contact_fields", field_id] = ContactFieldChanged(
                organization=SHOP,
                id=field_id,
                by=AGENT,
                at=MOMENT,
                sequence=1,
                caused_by="cmd_fields",
                definition=FieldDefinition(name=field_id.capitalize(), type=type_),
            )

    def _put(self, event: SetupEvent) -> None:
        assert event.sequence == self._setup_sequence + 1
        self._setup_sequence = event.sequence
        key = BY_EVENT[type(event)].name, event.id
        if event.removes:
            del self.entities[key]
        else:
            self.entities[key] = event

    def add(self, contact: ContactId, *phones: str, **fields: Any) -> CommandDecision:
        return self.do(
            AddContact(
                **self._common(contact),
                phones=phones,
                **{"by": AGENT, "administrator": True, **fields},
            )
        )

    def patch(self, contact: ContactId, **fields: Any) -> CommandDecision:
        """By an administrator, if the fields do not say otherwise."""
        by = {"by": AGENT, "administrator": True, **fields}
        return self.do(PatchContact(**self._common(contact), **by))

    def merge(self, contact: ContactId, other: ContactId, **fields: Any) -> CommandDecision:
        by = {"by": AGENT, "administrator": True, **fields}
        return self.do(MergeContacts(**self._common(contact), other=other, **by))

    def undo(self, contact: ContactId, number: int = 0, **fields: Any) -> CommandDecision:
        """Undoes one of the contact's merges; the first of those that there are."""
        merges = list(self.contacts[contact].merges) or ["mrg_none"]
        merge = merges[number % len(merges)]
        by = {"by": AGENT, "administrator": True, **fields}
        return self.do(UndoMerge(**self._common(contact), merge_id=merge, **by))

    def write(self, contact: ContactId, *written: str, **fields: Any) -> CommandDecision:
        """The contact's customer writes something in which these facts are."""
        return self.do(
            ObserveCustomer(
                **self._common(contact),
                customer_id=CustomerId(f"cus_{contact}"),
                page_id=PageId("trang"),
                channel=Channel.LIVECHAT,
                external_id=contact,
                written=written,
                conversation_id=ConversationId(f"msg_{contact}"),
                caused_by=f"evt_{self._order + 1}",
                **fields,
            )
        )

    def answer(
        self, contact: ContactId, value: str, *, accept: bool, **fields: Any
    ) -> CommandDecision:
        sid = suggestion_id(SHOP, value)
        common = self._common(contact)
        return self.do(
            AnswerSuggestion(
                **common,
                suggestion_id=sid,
                accept=accept,
                **{"by": AGENT, "administrator": True, **fields},
            )
        )

    def _common(self, contact: ContactId) -> dict[str, Any]:
        return {
            "command_id": f"cmd_{self._order + 1}",
            "organization": SHOP,
            "contact_id": contact,
            "at": MOMENT,
        }
