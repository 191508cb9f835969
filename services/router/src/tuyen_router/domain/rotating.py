"""R4: every root comment on a feed post is assigned for itself."""

from tuyen_events.ids import comment_thread_id
from tuyen_events.inbound import CommentAdded
from tuyen_events.routing import Purpose
from tuyen_router.domain.decisions import Decision
from tuyen_router.domain.organization import Organization
from tuyen_router.domain.seen import Seen, arrival_of
from tuyen_router.domain.state import Partition
from tuyen_router.domain.sticky import Arrival, heard_again, noted, reopened, requested


def on_root_comment(
    partition: Partition, organization: Organization, arrival: Arrival
) -> list[Decision]:
    """A new root comment always asks, whoever wrote it and whoever has its author (R4.1, R4.4).

    Once the conversation has a record, nothing about the comment asks again: it is not reassigned
    when its agent logs out (R4.2). A replay after a crash asks the same again.
    """
    decisions = _handled(partition, arrival)
    if decisions is None:
        return []
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
    return _handled(partition, arrival) or []


def _handled(partition: Partition, arrival: Arrival) -> list[Decision] | None:
    """The customer with the event in the ring, and what was done open again; None for a repeated
    webhook. One that may be repeated opens nothing."""
    customer = partition.customer(arrival.conversation.customer_id)
    match arrival_of(customer.seen, arrival.event_id, arrival.position.offset, arrival.time):
        case Seen.NEVER:
            noticed = noted(customer, arrival, customer.open_request)
            return [noticed, *reopened(partition, arrival)]
        case Seen.PERHAPS:
            return [heard_again(customer, arrival)]
        case Seen.AS_ANOTHER:
            return None
        case Seen.BEFORE:
            return [*reopened(partition, arrival)]
