"""R4: every root comment on a feed post is assigned for itself."""

from tuyen_events.ids import comment_thread_id
from tuyen_events.inbound import CommentAdded
from tuyen_events.routing import Purpose
from tuyen_router.domain.decisions import Decision
from tuyen_router.domain.organization import Organization
from tuyen_router.domain.seen import Seen, arrival_of
from tuyen_router.domain.state import Partition
from tuyen_router.domain.sticky import Arrival, noted, reopened, requested


def on_root_comment(
    partition: Partition, organization: Organization, arrival: Arrival
) -> list[Decision]:
    """A new root comment always asks, whoever wrote it and whoever has its author (R4.1, R4.4).

    Once the conversation has a record, nothing about the comment asks again: it is not reassigned
    when its agent logs out (R4.2). A replay after a crash asks the same again.
    """
    handled = _handled(partition, arrival)
    if handled is None:
        return []
    decisions = [*handled, *reopened(partition, arrival)]
    if arrival.conversation.id not in partition.rows and organization.assigns_by_itself:
        decisions.append(requested(arrival, Purpose.FIRST))
    return decisions


def was_assigned_as_root(partition: Partition, comment: CommentAdded) -> bool:
    """P5a: whether a live comment was given out as a root comment, before its post was known to be
    live. That stays, also when its webhook comes once more and now says otherwise (R9.2)."""
    thread = comment_thread_id(comment.organization, comment.page_id, comment.external_id)
    return thread in partition.rows


def on_reply(partition: Partition, arrival: Arrival) -> list[Decision]:
    """A reply assigns nothing (R4.3); by the root's author it opens what was done (I12).

    Only they are in the root's partition, and have been heard of there. A reply by anybody else is
    not counted as news here, so a root comment that was done does not take its agent's place again
    (R1.7).
    """
    if arrival.conversation.customer_id not in partition.customers:
        return []
    handled = _handled(partition, arrival)
    return [] if handled is None else [*handled, *reopened(partition, arrival)]


def _handled(partition: Partition, arrival: Arrival) -> list[Decision] | None:
    """The customer with the event in the ring, unless it is there; None for a repeated webhook."""
    customer = partition.customer(arrival.conversation.customer_id)
    match arrival_of(customer.seen, arrival.event_id, arrival.position.offset):
        case Seen.NEVER:
            return [noted(customer, arrival, customer.open_request)]
        case Seen.AS_ANOTHER:
            return None
        case Seen.BEFORE:
            return []
