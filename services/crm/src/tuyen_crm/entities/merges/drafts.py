"""The draft of a decision about a command that may merge contacts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from tuyen_crm.domain.index_keys import list_index_keys
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.state import ContactState
from tuyen_crm.domain.suggesting import SuggestionEvents, apply_suggestions
from tuyen_crm.entities.contacts import evolve as contacts
from tuyen_crm.entities.merges import evolve as merges
from tuyen_events.crm.merge_proposals import EndProposals, LeftProposal, MergeProposalEvent
from tuyen_events.crm.merges import ContactAbsorbed, ContactReleased
from tuyen_events.crm.records import ContactEvent, CrmCommand, MergingCommand
from tuyen_events.crm_limits import COMPARED_CONTACTS, NUMBER_CONTACTS, PROPOSED_BYTES
from tuyen_events.ids import AgentId, ContactId, OrganizationId, derive_command_id
from tuyen_events.vocabulary import Merging

_NEWEST = 2**63 - 1
"""The order of what is decided now, until the decider gives it one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What all events that follow from one command have in common. `merging` is what happens to
    contacts that different people look after. `by` is the agent who sent it, if one did: nobody
    gets a contact by entering its number, so only contacts that they may change are merged at
    once."""

    organization: OrganizationId
    caused_by: str
    at: datetime
    merging: Merging = Merging.PROPOSE
    by: AgentId | None = None
    administrator: bool = False
    """Whether the agent's role makes them a manager of the default warehouse (W1)."""


_DraftedEvents = (
    contacts.OwnContactEvent | merges.MergeEvents | MergeProposalEvent | SuggestionEvents
)


class DecisionDraft:
    """The events that follow from a command, and the contacts after them."""

    def __init__(self, known: KnownState, cause: Cause) -> None:
        self.known = known
        self.cause = cause
        self.events: list[ContactEvent] = []
        self._contacts: dict[ContactId, ContactState] = {}
        self._sizes: dict[ContactId, int] = {}
        self._compared = 0
        self.deferred_proposals: list[LeftProposal] = []
        """Proposals that the command ends for one contact, and leaves to others: it would change
        too much."""

    def contact(self, contact_id: ContactId) -> ContactState | None:
        return self._contacts.get(contact_id) or self.known.contact(contact_id)

    def require(self, contact_id: ContactId) -> ContactState:
        """The contact, which must exist."""
        contact = self.contact(contact_id)
        if contact is None:
            raise ValueError(f"there is no contact {contact_id}")
        return contact

    def may_compare(self, key: str) -> bool:
        """Whether the contacts with a phone number or email, by its index key, are compared: so few
        have it, and the command has not compared too many by others. One command must not hold up
        the others of its partition."""
        count = self.known.count(key)
        if count > NUMBER_CONTACTS or self._compared + count > COMPARED_CONTACTS:
            return False
        self._compared += count
        return True

    def may_change(self, *contact_ids: ContactId) -> bool:
        """Whether the states of these contacts are so small together that one command can change
        them all."""
        return sum(map(self._size, set(contact_ids))) <= PROPOSED_BYTES

    @property
    def changed(self) -> Collection[ContactId]:
        return self._contacts.keys()

    def _size(self, contact_id: ContactId) -> int:
        if contact_id not in self._sizes:
            self._sizes[contact_id] = len(msgspec.json.encode(self.contact(contact_id)))
        return self._sizes[contact_id]

    def begin(self, contact_id: ContactId) -> dict[str, Any]:
        """The fields that the next event of a contact begins with."""
        return {
            "organization": self.cause.organization,
            "contact_id": contact_id,
            "sequence": self.require(contact_id).sequence + 1,
            "caused_by": self.cause.caused_by,
            "at": self.cause.at,
        }

    def add(self, event: _DraftedEvents) -> None:
        before = self.contact(event.contact_id)
        now = msgspec.structs.replace(event, order=_NEWEST)
        if isinstance(now, MergeProposalEvent):
            after = merges.evolve_proposal(before, now)
        elif isinstance(now, SuggestionEvents):
            after = apply_suggestions(before, now)
        elif isinstance(now, ContactAbsorbed | ContactReleased):
            after = merges.evolve(before, now)
        else:
            after = contacts.evolve(before, now)
        self.note(event, after)

    def note(self, event: ContactEvent, after: ContactState | None) -> None:
        """Adds an event whose contact is `after` it."""
        if after is not None:
            self._contacts[event.contact_id] = after
            self._sizes.pop(event.contact_id, None)
        self.events.append(event)

    def build_follow_ups(self, contact_id: ContactId) -> tuple[EndProposals, ...]:
        """The command that does what this one leaves; it is the same if this one is decided
        again."""
        if not self.deferred_proposals:
            return ()
        command = EndProposals(
            command_id=derive_command_id("end_proposals", self.cause.caused_by),
            organization=self.cause.organization,
            contact_id=contact_id,
            at=self.cause.at,
            left=tuple(self.deferred_proposals),
        )
        return (command,)

    def find(self, key: str) -> list[ContactId]:
        """The contacts with this index key, after the events, the oldest first."""
        found = set(self.known.find(key)) - self._contacts.keys()
        found |= {id_ for id_, contact in self._contacts.items() if key in list_index_keys(contact)}
        return sorted(found, key=lambda each: (self.require(each).age, each))


def cause_of(command: CrmCommand) -> Cause:
    return Cause(
        organization=command.organization,
        caused_by=command.command_id,
        at=command.at,
        merging=command.merging if isinstance(command, MergingCommand) else Merging.PROPOSE,
        by=getattr(command, "by", None),
        administrator=getattr(command, "administrator", False),
    )
