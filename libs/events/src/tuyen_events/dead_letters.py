"""What a service could not handle, with the reason, so that it can be replayed after a fix (P4);
and what became of it."""

from typing import ClassVar

import msgspec

from tuyen_events.event import Event
from tuyen_events.ids import AgentId
from tuyen_events.vocabulary import Moment, OpenWord


class DeadLettered(Event, frozen=True, kw_only=True):
    """One part of an accepted body, or one record of a topic, that a service could not handle.

    `payload` is its content as text; `delivery_id` identifies the raw body that contained it, or
    the record.
    """

    type: ClassVar[str] = "dead_letter.added.v1"
    service: str
    origin: str
    """The channel or topic that it came from."""
    delivery_id: str
    error: str
    payload: str
    at: Moment
    account: str = ""
    """The account whose webhook received it, for channels with one address per page."""
    owners: dict[str, str] = msgspec.field(default_factory=dict)
    """By a page's id at its channel, the organization and page that it belonged to at that time:
    `organization/page`, empty if it belonged to none."""


class LetterOutcome(OpenWord):
    SENT = "sent"
    """It could be read, and its events are in the log."""
    DISMISSED = "dismissed"
    """Somebody decided that it is not needed."""


class DeadLetterSettled(Event, frozen=True, kw_only=True):
    """What became of the dead letter whose event has the id `letter_id`. In the same partition as
    the letter. A letter is settled once: what comes later has no effect."""

    type: ClassVar[str] = "dead_letter.settled.v1"
    letter_id: str
    outcome: LetterOutcome
    by: AgentId | None = None
    """Null for the operator."""
    at: Moment
