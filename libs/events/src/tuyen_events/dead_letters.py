"""What could not be read, with the reason, so that it can be sent again after a fix (P4)."""

from typing import ClassVar

import msgspec

from tuyen_events.event import Event
from tuyen_events.vocabulary import Moment


class DeadLettered(Event, frozen=True, kw_only=True):
    """One part of an accepted body, or one record of a topic, that a service could not handle.

    `payload` is what could not be read, as text; `delivery_id` names the raw body that it came in.
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
    """Whose webhook it came to, where each page of a channel has an address of its own."""
    owners: dict[str, str] = msgspec.field(default_factory=dict)
    """By a page's id at its channel, whose it was then: `organization/page`, empty for nobody's."""
