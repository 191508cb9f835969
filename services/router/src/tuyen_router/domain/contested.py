"""Restates the record that counts where two workers wrote about one conversation.

A worker that was cut off from Kafka goes on writing until it learns that it lost the partition. Of
two records with the same version the first in the log counts, and a record with a lower version
does not count; but compaction keeps the last record in the log, whichever that is. The worker that
reads both during recovery therefore publishes what counts once more, with the next version. Whoever
reads the topic later finds that record last and needs no special rule.

Decides INV3.
"""

from collections.abc import Iterator

from tuyen_events.assignments import AssignmentEvent
from tuyen_router.domain.customer_state import CustomerState
from tuyen_router.domain.decisions import ConversationIdentity, Provenance, make_assignment


def restate_contested(state: CustomerState) -> Iterator[AssignmentEvent]:
    """The record that counts, of each conversation that has a later record in the log which does
    not.

    The caller must apply each record before it takes the next. The customer's last record is their
    stickiness, so an old thread of a customer who has another assignee by now goes to that
    assignee, as it would at its next event (R3.2). When the customer has nobody, the thread stays
    as it is.
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
