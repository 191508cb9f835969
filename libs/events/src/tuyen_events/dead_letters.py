"""What a service could not handle, with the reason, so that it can be replayed after a fix (P4)."""

from typing import ClassVar

import msgspec

from tuyen_events.event import Event
from tuyen_events.vocabulary import Moment


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
