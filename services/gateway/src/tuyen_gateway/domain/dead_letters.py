"""The organization of a dead letter, and what that organization may read of it (R7.2, P4)."""

from collections.abc import Container
from typing import NamedTuple

import msgspec

from tuyen_events.dead_letters import DeadLettered, LetterOutcome
from tuyen_events.ids import AgentId, OrganizationId, PageId
from tuyen_events.topics import INBOUND
from tuyen_events.vocabulary import Moment

_READ_AGAIN_BY = "ingest"
"""The service whose dead letters contain what a channel sent, and can be read again as they are."""


class RecordPlace(NamedTuple):
    """The position of a record in `inbound`."""

    partition: int
    offset: int


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter, and what became of it. Without an organization it is the operator's."""

    id: str = msgspec.field(name="_id")
    organization: OrganizationId | None
    page_id: PageId | None
    service: str
    origin: str
    delivery_id: str
    error: str
    payload: str
    at: Moment
    partition: int
    offset: int
    changed: int
    """The offset of the record that changed it last."""
    outcome: LetterOutcome | None = None
    settled_by: AgentId | None = None
    settled_at: Moment | None = None

    @property
    def can_be_read_again(self) -> bool:
        return self.service == _READ_AGAIN_BY

    @property
    def event_place(self) -> RecordPlace | None:
        """Where the event of a channel is that a service could not handle; None if it is another
        record. Such an event can be published again: readers of `inbound` expect duplicates, and
        those of other topics do not."""
        topic, _, place = self.delivery_id.partition("/")
        partition, _, offset = place.partition("/")
        if self.can_be_read_again or topic != INBOUND.name:
            return None
        if not (partition.isdecimal() and offset.isdecimal()):
            return None
        return RecordPlace(int(partition), int(offset))


class _WithOrganization(msgspec.Struct):
    organization: str = ""


def find_owner(
    letter: DeadLettered, topics: Container[str]
) -> tuple[OrganizationId | None, PageId | None]:
    """The organization, and its page if there is one, that a dead letter belongs to.

    What a channel sent belongs to whom ingest noted, whatever is written in it. A record of one of
    our `topics` was written by one of our services, and names its organization itself.
    """
    if letter.service == _READ_AGAIN_BY:
        owner = next((one for one in letter.owners.values() if one), "")
        organization, _, page = owner.partition("/")
        return OrganizationId(organization) or None, PageId(page) or None
    return find_named(letter.payload) if letter.origin in topics else None, None


def find_named(payload: str) -> OrganizationId | None:
    """The organization that a record of ours names."""
    try:
        named = msgspec.json.decode(payload.encode("utf-8", "replace"), type=_WithOrganization)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return OrganizationId(named.organization) if named.organization else None


def describe_error(letter: DeadLetter) -> str:
    """Why it could not be handled, as far as its organization may know. The text of an error in a
    service may contain what belongs to others: of batches, databases name any document."""
    if letter.can_be_read_again:
        return letter.error
    return f"The service {letter.service!r} could not handle it; the operator sees why."
