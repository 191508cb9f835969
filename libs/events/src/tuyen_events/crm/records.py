"""The base classes of the CRM's commands and events, and the result of a command.

Commands are imperative and keyed by organization, so that there is one order of everything that is
requested for an organization's contacts. Every command that a caller waits for gets one result,
`crm_command.settled` with the command's id.

Commands and events are about one of three things: a contact (`ContactCommand`, `ContactEvent`); a
child entity of a contact, such as a note or a deal (`ChildCommand`, `ChildEvent`); or the setup,
which is what an organization defines for all its contacts, such as campaigns (`SetupCommand`,
`SetupEvent`).
"""

from typing import ClassVar

from tuyen_events.custom_fields import FieldDefinition
from tuyen_events.event import Event
from tuyen_events.ids import AgentId, ContactId, OrganizationId
from tuyen_events.vocabulary import Merging, Moment, OpenWord, Word


class CrmCommand(Event, frozen=True, kw_only=True):
    """A request to the CRM.

    The same id twice is one command. `at` is the time of the request: nothing that follows from a
    command depends on the time at which it is handled.
    """

    answered: ClassVar[bool] = True
    """Whether the command gets a result."""
    command_id: str
    organization: OrganizationId
    at: Moment

    @property
    def subject(self) -> str:
        """The id of what the command is about."""
        raise NotImplementedError


class ContactCommand(CrmCommand, frozen=True, kw_only=True):
    """A request about one contact, or about something that belongs to it."""

    contact_id: ContactId

    @property
    def subject(self) -> str:
        return self.contact_id


class MergingCommand(ContactCommand, frozen=True, kw_only=True):
    """A request after which a contact may have a phone number or an email of another one (C2)."""

    merging: Merging = Merging.PROPOSE
    """What the organization has set for such contacts when it is sent."""


class ChildCommand(ContactCommand, frozen=True, kw_only=True):
    """A request about a child entity of a contact, made by an agent."""

    by: AgentId
    expected_version: int | None = None
    """Refuse when it has another version by then."""

    @property
    def child_id(self) -> str:
        """The id of the child, which is unique among its kind in the organization."""
        raise NotImplementedError


class SetupCommand(CrmCommand, frozen=True, kw_only=True):
    """A request about one entity of the setup, made by an agent."""

    id: str
    by: AgentId
    expected_version: int | None = None
    """Refuse when it has another version by then."""

    @property
    def subject(self) -> str:
        return self.id


class CrmEvent(Event, frozen=True, kw_only=True):
    """Something that the CRM decided.

    `sequence` numbers the events of one contact, or those of the setup of one organization, from 1
    without a gap. After a crash of the CRM an event may be in the log twice: readers drop a
    sequence that they have seen. `caused_by` is the id of the command or the inbound event that it
    follows from.

    `order` is the number of the command in the order in which the commands of the organization were
    decided: events of several contacts are compared by it. It is 0 in events of earlier versions.
    """

    organization: OrganizationId
    sequence: int
    order: int = 0
    caused_by: str
    at: Moment

    @property
    def subject(self) -> str:
        """The id of what the event is about; the key of its record."""
        raise NotImplementedError


class ContactEvent(CrmEvent, frozen=True, kw_only=True):
    """Something that happened to a contact, or to something that belongs to one."""

    contact_id: ContactId

    @property
    def subject(self) -> str:
        return self.contact_id


class ChildChange(ContactEvent, frozen=True, kw_only=True):
    """Something that happened to a child entity of a contact."""

    removes: ClassVar[bool] = False
    """Whether the child does not exist any more after the event."""

    @property
    def child_id(self) -> str:
        """The id of the child, which is unique among its kind in the organization."""
        raise NotImplementedError

    @property
    def fixed_content(self) -> str:
        """A hash of what the child consists of, if that never changes; otherwise empty."""
        return ""


class ChildEvent(ChildChange, frozen=True, kw_only=True):
    """Something that an agent did with a child entity of a contact."""

    by: AgentId


class SetupEvent(CrmEvent, frozen=True, kw_only=True):
    """Something that an agent changed in the setup. Records are keyed by organization."""

    removes: ClassVar[bool] = False
    """Whether the entity does not exist any more after the event."""
    id: str
    by: AgentId

    @property
    def subject(self) -> str:
        return self.organization


class CrmOutcome(Word):
    APPLIED = "applied"
    UNCHANGED = "unchanged"
    """The state was already as requested: no event follows."""
    NOT_FOUND = "not_found"
    VERSION_PASSED = "version_passed"
    """Another change came first."""
    REFUSED = "refused"
    """A rule forbids it: the result has the reason."""


class CrmRefusal(OpenWord):
    """The rule that forbids what a command requests. One that is not known forbids it as well."""

    ID_TAKEN = "id_taken"
    """The id belongs to something else already."""
    TOO_MANY = "too_many"
    """The organization, or the contact, has as many of these as it may have."""
    HELD = "held"
    """Another agent has the contact already: the result has the holder (W4)."""
    NOT_ALLOWED = "not_allowed"
    """The agent may see the contact, and may not do this with it."""
    NO_WAREHOUSE = "no_warehouse"
    """There is no such warehouse."""
    SOURCE_TAKEN = "source_taken"
    """A source belongs to another warehouse already (W2)."""
    NOT_EMPTY = "not_empty"
    """There are too many contacts in it to move them at once."""
    STEP_NOT_EMPTY = "step_not_empty"
    """There are contacts at a step that the pipeline would not have any more."""
    NEEDED = "needed"
    """It always exists (W1)."""
    NO_CAMPAIGN = "no_campaign"
    """There is no such campaign."""
    IN_USE = "in_use"
    """Something else depends on it."""
    OTHER_CONTENT = "other_content"
    """It was sent before with the same id, and other content."""
    UNKNOWN_REFERENCE = "unknown_reference"
    """It names something that does not exist."""
    MERGED_ALREADY = "merged_already"
    """One of the contacts was merged into another one."""
    NO_FIELD = "no_field"
    """There is no such field of contacts (C10)."""
    UNFIT_VALUE = "unfit_value"
    """The field cannot have this value (C10)."""
    VALUE_REQUIRED = "value_required"
    """The field needs a value (C10)."""
    DECIDED = "decided"
    """Somebody has decided otherwise before."""
    FAILED = "failed"
    """The CRM could not decide about the command: it is among the dead letters."""


class CrmCommandSettled(Event, frozen=True, kw_only=True):
    """The result of a command. `version` is the version, after the command, of what the command was
    about: the sequence of the last event that changed it; 0 if there is none."""

    type: ClassVar[str] = "crm_command.settled.v1"
    command_id: str
    organization: OrganizationId
    contact_id: ContactId | None = None
    """Null if the command was about the setup."""
    outcome: CrmOutcome
    version: int
    refusal: CrmRefusal | None = None
    """Why it was refused."""
    holder: AgentId | None = None
    """The agent who has already what was requested, if that is why it was refused."""
    survivor: ContactId | None = None
    """The contact into which the one that the command was about was merged (C2), or that a call was
    found to be about (C7). `version` is that of what the command changed."""
    known_elsewhere: tuple[str, ...] = ()
    """The phone numbers and emails that another contact has as well, and for which the two were not
    merged: their owners are asked first (C2)."""
    field_id: str | None = None
    """The custom field because of which it was refused (C10)."""
    definition: FieldDefinition | None = None
    """That field, as it is defined; null if there is no such field."""
