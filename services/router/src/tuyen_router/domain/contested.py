"""What two workers wrote of one conversation: the record that counts is made the last one as well.

A worker that was cut off goes on writing until it hears that it lost the partition. Of two records
with one version the first counts, and one with a lower version does not; compaction keeps the last
in the log, whichever that is. The worker that reads both therefore says once more, with a further
version, what counts: whoever reads the topic later finds that, and needs no rule for it.

Decides INV3.
"""

from collections.abc import Iterator

from tuyen_events.assignments import AssignmentEvent
from tuyen_router.domain.decisions import ConversationIdentity, Provenance, make_assignment
from tuyen_router.domain.state import CustomerState


def restate_contested(state: CustomerState) -> Iterator[AssignmentEvent]:
    """What counts of each conversation behind whose last record another stands in the log.

    The caller folds each record before it takes the next. A thread that its customer has left
    behind goes to whom they have now, as it would at its next event (R3.2): the customer's last
    record is their stickiness. With nobody to go to, it stays as it is.
    """
    for lost in list(state.contested.values()):
        current = state.conversations.get(lost.conversation_id)
        if current is None:
            continue
        agent, reason, rule = current.agent_id, current.reason, None
        request = current.request_id
        if lost.kind.sticky:
            customer = state.customer(lost.customer_id)
            if customer.agent_id is None and agent is not None:
                continue
            if not current.waiting and customer.agent_id is not None:
                agent, reason, rule = customer.agent_id, customer.reason or reason, customer.rule_id
            if current.waiting and customer.open_request is not None:
                request = customer.open_request.id
        why = Provenance(
            reason=reason,
            caused_by=lost.caused_by,
            at=lost.at,
            settings_version=lost.settings_version,
            rule_id=rule,
            request_id=request,
        )
        conversation = ConversationIdentity(
            id=lost.conversation_id,
            kind=lost.kind,
            organization=lost.organization,
            page_id=lost.page_id,
            customer_id=lost.customer_id,
        )
        yield make_assignment(state, conversation, agent, why)
