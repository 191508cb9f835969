"""The decision about a command."""

from dataclasses import dataclass

from tuyen_events.crm.records import ContactEvent, CrmOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandDecision:
    """The events that follow from a command, and its result.

    The events have consecutive sequences, in this order. `version` is as in `CrmCommandSettled`.
    """

    outcome: CrmOutcome
    version: int
    events: tuple[ContactEvent, ...] = ()


def decide_applied(*events: ContactEvent) -> CommandDecision:
    return CommandDecision(outcome=CrmOutcome.APPLIED, version=events[-1].sequence, events=events)


def decide_unchanged(version: int) -> CommandDecision:
    return CommandDecision(outcome=CrmOutcome.UNCHANGED, version=version)


NOT_FOUND = CommandDecision(outcome=CrmOutcome.NOT_FOUND, version=0)
