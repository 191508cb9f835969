"""The state that decisions about a contact, and about what belongs to it, depend on."""

from datetime import UTC, datetime

import msgspec

from tuyen_events.crm.contacts import ContactContent
from tuyen_events.crm.merges import GainedContent
from tuyen_events.crm.records import ContactEvent
from tuyen_events.crm_limits import CONTACTS_APART
from tuyen_events.ids import ContactId, CustomerId
from tuyen_events.vocabulary import Moment

_UNKNOWN = datetime.fromtimestamp(0, UTC)


class Merge(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A contact that was absorbed, and what is there only because of it."""

    contact_id: ContactId
    gained: GainedContent


class Proposal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A proposal to merge the contact with another one, which is open or was declined."""

    other: ContactId
    fact: str
    """The phone number or email that both have."""
    version: int
    approved: dict[ContactId, str] = {}
    """The contacts whose managers have accepted, with the warehouses that these managed then."""
    declined: bool = False


class ContactState(ContactContent, frozen=True, kw_only=True, omit_defaults=True):
    """What decisions about a contact depend on.

    `sequence` is that of the contact's last event, and `version` that of the last event that
    changed the contact itself. `renamed` is true once an agent has given the contact a name or
    removed it. Of two contacts the older one has the lower `age`. A contact that was merged into
    another one keeps the content that it had. `applied` has the revisions of the sharing rules that
    were applied.
    """

    sequence: int
    version: int
    renamed: bool = False
    created: int = 0
    """The order of the event that created it; 0 for contacts of earlier versions."""
    created_at: Moment = _UNKNOWN
    began: int = 0
    """The sequence of that event. What belonged to an earlier contact with the same id, which was
    removed, has lower ones."""
    removed: bool = False
    merged_into: ContactId | None = None
    merged: tuple[ContactId, ...] = ()
    """The contacts that were merged into this one."""
    merges: dict[str, Merge] = msgspec.field(default_factory=dict)
    """By their ids, in their order."""
    separated_from: tuple[ContactId, ...] = msgspec.field(name="apart", default=())
    """The contacts from which an agent separated it, the last ones: only an agent merges it with
    them again."""
    lead: str = ""
    """A hash of what an integration sent of it last, if it came as a lead."""

    applied: dict[str, int] = msgspec.field(default_factory=dict)
    proposals: dict[str, Proposal] = msgspec.field(default_factory=dict)
    """By their ids. Both contacts have them."""

    @property
    def age(self) -> tuple[int, Moment]:
        return self.created, self.created_at

    @property
    def open_proposals(self) -> dict[str, Proposal]:
        return {id_: each for id_, each in self.proposals.items() if not each.declined}

    @property
    def nameless(self) -> tuple[CustomerId, ...]:
        """The customers whose names the channel has not sent yet."""
        return tuple(customer.id for customer in self.customers if customer.name is None)


class ChildState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What decisions about a child entity depend on: the contact to which it belongs, and the
    sequence of that contact's last event that changed it. What people wrote in it is not needed
    here."""

    contact_id: ContactId
    version: int
    reminded_at: datetime | None = None
    """The time of the last reminder of it."""
    fixed_content: str = ""
    """A hash of what it consists of, if that never changes."""


def note_separation(contact: ContactState, other: ContactId) -> tuple[ContactId, ...]:
    """The contacts from which this one was separated, the last one `other`: CONTACTS_APART of
    them."""
    before = (each for each in contact.separated_from if each != other)
    return (*before, other)[-CONTACTS_APART:]


def count_only(contact: ContactState | None, event: ContactEvent) -> ContactState | None:
    """The state after an event that no later decision depends on: only the sequence changes."""
    return contact and msgspec.structs.replace(contact, sequence=event.sequence)
