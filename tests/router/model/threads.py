"""The threads of a history, and the events of which they consist."""

from dataclasses import dataclass

from router.model.world import PARTITIONS, PEOPLE
from tuyen_events.event import Event
from tuyen_events.ids import MessageId
from tuyen_events.inbound import CommentAdded, MessageReceived


@dataclass(frozen=True)
class Thread:
    """A conversation that somebody began; of a comment's, `customer` is the author of the root,
    which may never come."""

    id: str
    kind: str
    customer: str

    @property
    def page(self) -> str:
        return PEOPLE[self.customer]

    @property
    def partition(self) -> int:
        return partition_of(self.customer)


def partition_of(customer: str) -> int:
    return PARTITIONS[sum(map(ord, customer)) % len(PARTITIONS)]


def word_of(body: Event) -> MessageId:
    """The message or comment that an inbound event is."""
    assert isinstance(body, MessageReceived | CommentAdded)
    return body.message_id


def author(body: Event) -> str:
    assert isinstance(body, MessageReceived | CommentAdded)
    assert body.customer is not None
    return body.customer.id


def is_root(body: Event) -> bool:
    return isinstance(body, CommentAdded) and not (body.livestream or body.parent_external_id)


def is_reply(body: Event) -> bool:
    return isinstance(body, CommentAdded) and body.parent_external_id is not None
