"""R4: every root comment on a feed post is assigned for itself."""

from tuyen_events.routing import Purpose
from tuyen_router.domain.decisions import CustomerSaved, Decision
from tuyen_router.domain.organization import Organization
from tuyen_router.domain.state import CustomerRecord, Partition, Seen, arrival_of, with_seen
from tuyen_router.domain.sticky import Arrival, requested


def on_root_comment(
    partition: Partition, organization: Organization, arrival: Arrival
) -> list[Decision]:
    """A new root comment always asks, whoever wrote it and whoever has its author (R4.1, R4.4).

    Once the conversation has a record, nothing about the comment asks again: it is not reassigned
    when its agent logs out (R4.2). A replay after a crash asks the same again.
    """
    customer = partition.customer(arrival.conversation.customer_id)
    decisions: list[Decision] = []
    match arrival_of(customer.seen, arrival.event_id, arrival.position.offset):
        case Seen.NEVER:
            seen = with_seen(customer.seen, arrival.event_id, arrival.position.offset)
            record = CustomerRecord(customer.request, customer.ended, seen, customer.refused)
            decisions.append(CustomerSaved(arrival.conversation.customer_id, record))
        case Seen.AS_ANOTHER:
            return []
        case Seen.BEFORE:
            pass
    if arrival.conversation.id not in partition.rows and organization.assigns_by_itself:
        decisions.append(requested(arrival, Purpose.FIRST))
    return decisions
