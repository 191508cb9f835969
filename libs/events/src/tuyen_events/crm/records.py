"""The base classes of the CRM's commands and events, and the result of a command.

Commands are imperative and keyed by organization, so that there is one order of everything that is
requested for an organization's contacts. Every command that a caller waits for gets one result,
`crm_command.settled` with the command's id.
"""

from typing import ClassVar

from tuyen_events.event import Event
from tuyen_events.ids import ContactId, OrganizationId
from tuyen_events.vocabulary import Moment, Word


class CrmCommand(Event, frozen=True, kw_only=True):
    """A request to the CRM about one contact.

    The same id twice is one command. `at` is the time of the request: nothing that follows from a
    command depends on the time at which it is handled.
    """

    answered: ClassVar[bool] = True
    """Whether the command gets a result."""
    command_id: str
    organization: OrganizationId
    contact_id: ContactId
    at: Moment


class ContactEvent(Event, frozen=True, kw_only=True):
    """Something that happened to a contact, or to something that belongs to one.

    `sequence` numbers the events of one contact from 1, without a gap. After a crash of the CRM an
    event may be in the log twice: readers drop a sequence that they have seen. `caused_by` is the
    id of the command or the inbound event that it follows from.
    """

    organization: OrganizationId
    contact_id: ContactId
    sequence: int
    caused_by: str
    at: Moment


class CrmOutcome(Word):
    APPLIED = "applied"
    UNCHANGED = "unchanged"
    """The state was already as requested: no event follows."""
    NOT_FOUND = "not_found"
    VERSION_PASSED = "version_passed"
    """Another change came first."""


class CrmCommandSettled(Event, frozen=True, kw_only=True):
    """The result of a command. `version` is the version, after the command, of what the command was
    about: the sequence of the last event that changed it; 0 if there is none."""

    type: ClassVar[str] = "crm_command.settled.v1"
    command_id: str
    organization: OrganizationId
    contact_id: ContactId
    outcome: CrmOutcome
    version: int
