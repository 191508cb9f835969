"""A root comment that was told twice, once with its author and once without: one owner (R4.1)."""

from datetime import timedelta
from itertools import permutations

import msgspec
import pytest

from gateway.feed import START
from tuyen_events.assignments import AssignmentMade
from tuyen_events.ids import (
    AgentId,
    ConversationId,
    CustomerId,
    MessageId,
    OrganizationId,
    PageId,
    build_unnamed_author,
)
from tuyen_events.inbound import CommentAdded, Customer
from tuyen_events.vocabulary import Channel, ConversationKind, Reason, Strategy
from tuyen_gateway.domain.inbox import Addition, CommandTarget, InboxRow, add_message, assign

THREAD = ConversationId("cmt_1")
DECIDED_IN = 11
NAMED = Customer(id=CustomerId("cus_lan"), external_id="670", name="Lan")
UNNAMED = Customer(id=CustomerId("cus_unnamed"), external_id=build_unnamed_author("1_1"), name=None)


def _make_comment(author: Customer, partition: int) -> Addition:
    event = CommentAdded(
        organization=OrganizationId("shop"),
        page_id=PageId("page"),
        channel=Channel.FACEBOOK,
        occurred_at=START,
        accepted_at=START,
        message_id=MessageId("m_1"),
        external_id="1_1",
        post_external_id="1",
        parent_external_id=None,
        customer=author,
        conversation_id=THREAD,
        livestream=False,
        text="Giá?",
    )
    return Addition(event, MessageId("m_1"), partition, 0)


def _make_assignment(author: Customer) -> AssignmentMade:
    return AssignmentMade(
        organization=OrganizationId("shop"),
        page_id=PageId("page"),
        conversation_id=THREAD,
        customer_id=author.id,
        kind=ConversationKind.COMMENT,
        version=1,
        agent_id=AgentId("an"),
        previous_agent_id=None,
        reason=Reason.ROTATION,
        rule_id=None,
        mode=Strategy.SEQUENTIAL,
        by=None,
        caused_by="evt_1",
        at=START,
    )


@pytest.mark.parametrize("decided_for", [NAMED, UNNAMED, None])
def test_r4_1_commands_go_where_the_router_decided_and_the_name_is_shown(
    decided_for: Customer | None,
) -> None:
    facts: list[Addition | AssignmentMade] = [
        _make_comment(NAMED, 3),
        _make_comment(UNNAMED, 5),
        *([_make_assignment(decided_for)] if decided_for else []),
    ]
    rows = []
    for order in permutations(facts):
        row = InboxRow(id=THREAD)
        for fact in order:
            if isinstance(fact, Addition):
                row = add_message(row, fact, "lan" if fact.event.customer is NAMED else None)
            else:
                row = assign(row, fact, DECIDED_IN)
        rows.append(row)

    (row,) = {repr(each): each for each in rows}.values()
    assert row.customer is not None
    assert row.customer.name == "Lan"
    assert row.command_target == {
        None: CommandTarget(NAMED.id, NAMED.external_id, None),
        NAMED: CommandTarget(NAMED.id, NAMED.external_id, DECIDED_IN),
        UNNAMED: CommandTarget(UNNAMED.id, "", DECIDED_IN),
    }.get(decided_for)


def _make_reply(name: str, second: int) -> Addition:
    author = Customer(id=CustomerId(f"cus_{name}"), external_id=name, name=name)
    event = msgspec.structs.replace(
        _make_comment(author, 0).event,
        message_id=MessageId(f"m_{name}"),
        external_id=f"1_{name}",
        parent_external_id="1_1",
        occurred_at=START + timedelta(seconds=second),
    )
    return Addition(event, event.message_id, second, 0)


@pytest.mark.parametrize("decided_for", [None, "an", "binh", "nobody seen"])
@pytest.mark.parametrize("root", [False, True])
def test_r4_5_below_a_root_that_was_not_seen_commands_go_to_who_replied_first(
    decided_for: str | None, root: bool
) -> None:
    """Unless the router decided for another; and to the root's author if the root comes first."""
    facts: list[Addition | AssignmentMade] = [_make_reply("an", 2), _make_reply("binh", 5)]
    if decided_for is not None:
        made = Customer(id=CustomerId(f"cus_{decided_for}"), external_id=decided_for)
        facts.append(_make_assignment(made))
    if root:
        facts.append(_make_comment(NAMED, 9))
    rows = []
    for order in permutations(facts):
        row = InboxRow(id=THREAD)
        for fact in order:
            if isinstance(fact, Addition):
                row = add_message(row, fact, None)
            else:
                row = assign(row, fact, DECIDED_IN)
        rows.append(row)

    (row,) = {repr(each): each for each in rows}.values()
    assert row.command_target is not None
    if decided_for is not None:
        assert row.command_target[::2] == (f"cus_{decided_for}", DECIDED_IN)
    else:
        assert row.command_target[1:] == (NAMED.external_id if root else "an", None)
