"""What the router reads about one customer's conversations, each record in one call."""

from typing import Any

from support.organizations import AT, SHOP
from tuyen_events.commands import AssignConversation, MarkConversationDone, ReturnToRotation
from tuyen_events.ids import AgentId, ConversationId, CustomerId, EventId, PageId, RuleId, event_id
from tuyen_events.inbound import CommentRemoved, Customer
from tuyen_events.routing import ChoiceMade, ChoiceRequested, Position, Purpose, Verdict
from tuyen_events.vocabulary import Channel, ConversationKind, Strategy
from tuyen_router.domain.arrivals import Arrival
from tuyen_router.domain.decisions import ConversationIdentity

PAGE = PageId("page")
CUSTOMER = CustomerId("cus")
THREAD = ConversationId("msg")
LIVE = ConversationId("live")
COMMENT = ConversationId("cmt")
A, B, C = AgentId("a"), AgentId("b"), AgentId("c")
ELSEWHERE = CustomerId("unnamed")
"""An author who is not named, in partition 7."""
REMOVAL = EventId("evt_removed")
KINDS = {
    THREAD: ConversationKind.MESSAGE,
    LIVE: ConversationKind.LIVESTREAM,
    COMMENT: ConversationKind.COMMENT,
}


def arrival(
    offset: int, conversation: ConversationId = THREAD, event: str | None = None, **fields: Any
) -> Arrival:
    """An event at an offset; its id is of the offset unless another is given."""
    return Arrival(
        event_id=event_id(event or str(offset)),
        conversation=ConversationIdentity(
            id=conversation,
            kind=KINDS[conversation],
            organization=SHOP,
            page_id=PAGE,
            customer_id=CUSTOMER,
        ),
        channel=Channel.FACEBOOK,
        position=at("inbound", offset),
        at=AT,
        **fields,
    )


def at(topic: str, offset: int) -> Position:
    return Position(topic=topic, partition=3, offset=offset)


def request(offset: int = 0, conversation: ConversationId = THREAD, **fields: Any) -> Any:
    """What stage 1 asks because of the inbound record at an offset."""
    chosen: dict[str, Any] = {"purpose": Purpose.FIRST, "page_id": PAGE, "organization": SHOP}
    return ChoiceRequested(
        request_id=f"inbound/3/{offset}",
        conversation_id=conversation,
        customer_id=CUSTOMER,
        kind=KINDS[conversation],
        channel=Channel.FACEBOOK,
        seed=event_id(str(offset)),
        cause=at("inbound", offset),
        at=AT,
        **{**chosen, **fields},
    )


def answer(
    asked: ChoiceRequested, verdict: Verdict, chosen: AgentId | None = None, **fields: Any
) -> ChoiceMade:
    return ChoiceMade(
        request_id=asked.request_id,
        organization=asked.organization,
        page_id=asked.page_id,
        conversation_id=asked.conversation_id,
        customer_id=asked.customer_id,
        kind=asked.kind,
        purpose=asked.purpose,
        verdict=verdict,
        agent_id=chosen,
        rule_id=RuleId("r"),
        mode=Strategy.SEQUENTIAL,
        seed=asked.seed,
        at=AT,
        **fields,
    )


def assign(
    chosen: AgentId | None, conversation: ConversationId = THREAD, **fields: Any
) -> AssignConversation:
    chosen_by: dict[str, Any] = {"by": AgentId("manager"), **fields}
    return AssignConversation(
        command_id="command",
        organization=SHOP,
        page_id=PAGE,
        conversation_id=conversation,
        customer_id=CUSTOMER,
        customer_external_id="x",
        kind=KINDS[conversation],
        agent_id=chosen,
        at=AT,
        **chosen_by,
    )


def mark_done(
    conversation: ConversationId = THREAD,
    *,
    done: bool = True,
    seen: int = -1,
    by: AgentId | None = A,
) -> MarkConversationDone:
    """`seen` is the inbound offset up to which the caller knows the conversation."""
    return MarkConversationDone(
        command_id="command",
        organization=SHOP,
        page_id=PAGE,
        conversation_id=conversation,
        customer_id=CUSTOMER,
        customer_external_id="x",
        kind=KINDS[conversation],
        done=done,
        seen_events=1,
        seen_offset=seen,
        by=by,
        at=AT,
    )


def return_to_rotation(
    only_from: AgentId, conversation: ConversationId = THREAD, **fields: Any
) -> ReturnToRotation:
    return ReturnToRotation(
        command_id="return",
        organization=SHOP,
        page_id=PAGE,
        conversation_id=conversation,
        customer_id=CUSTOMER,
        customer_external_id="x",
        kind=KINDS[conversation],
        channel=Channel.FACEBOOK,
        only_from=only_from,
        by=AgentId("manager"),
        at=AT,
        **fields,
    )


def comment_removed(
    customer: CustomerId | None = None, *, parent: str | None = None, told: bool = True
) -> CommentRemoved:
    thread = COMMENT if told else None
    return CommentRemoved(
        organization=SHOP,
        page_id=PAGE,
        channel=Channel.FACEBOOK,
        occurred_at=AT,
        accepted_at=AT,
        message_id=request(0).conversation_id,
        external_id="x",
        post_external_id="post",
        parent_external_id=parent,
        customer=None if customer is None else Customer(id=customer, external_id="c"),
        conversation_id=thread,
    )
