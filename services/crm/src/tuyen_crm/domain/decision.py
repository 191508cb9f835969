"""The decision about a command."""

from dataclasses import dataclass, replace
from typing import Any, TypeVar

from tuyen_events.crm.records import CrmCommand, CrmEvent, CrmOutcome, CrmRefusal
from tuyen_events.custom_fields import FieldDefinition
from tuyen_events.ids import AgentId, ContactId


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandDecision:
    """The events that follow from a command, and its result.

    The events of one contact, and those of the setup, have consecutive sequences, in this order.
    All other fields are as in `CrmCommandSettled`.
    """

    outcome: CrmOutcome
    version: int
    events: tuple[CrmEvent, ...] = ()
    refusal: CrmRefusal | None = None
    holder: AgentId | None = None
    survivor: ContactId | None = None
    known_elsewhere: tuple[str, ...] = ()
    field_id: str | None = None
    definition: FieldDefinition | None = None
    follow_ups: tuple[CrmCommand, ...] = ()
    """Commands that the CRM sends itself: what the command leaves for them."""


def decide_applied(*events: CrmEvent) -> CommandDecision:
    return CommandDecision(outcome=CrmOutcome.APPLIED, version=events[-1].sequence, events=events)


def append_event(decision: CommandDecision, event: CrmEvent) -> CommandDecision:
    """The same decision with one more event of the same contact."""
    events = (*decision.events, event)
    return replace(decision, version=event.sequence, events=events)


def decide_unchanged(version: int) -> CommandDecision:
    return CommandDecision(outcome=CrmOutcome.UNCHANGED, version=version)


def decide_conflict(version: int) -> CommandDecision:
    """Another change came first. `version` is the present version."""
    return CommandDecision(outcome=CrmOutcome.VERSION_PASSED, version=version)


def decide_refused(
    refusal: CrmRefusal, version: int = 0, holder: AgentId | None = None
) -> CommandDecision:
    return CommandDecision(
        outcome=CrmOutcome.REFUSED, version=version, refusal=refusal, holder=holder
    )


NOT_FOUND = CommandDecision(outcome=CrmOutcome.NOT_FOUND, version=0)

EventT = TypeVar("EventT", bound=CrmEvent)


def build_event(command: CrmCommand, kind: type[EventT], sequence: int, /, **more: Any) -> EventT:
    """The event of this kind that follows from the command: fields with the same name have the same
    value. `more` are the fields that the command does not have."""
    given: dict[str, Any] = {name: getattr(command, name) for name in command.__struct_fields__}
    fields = {name: given[name] for name in kind.__struct_fields__ if name in given}
    return kind(**fields, sequence=sequence, caused_by=command.command_id, **more)
