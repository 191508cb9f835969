"""The history of assignments does not depend on the order in which partitions are read."""

from datetime import UTC, datetime
from itertools import permutations

from tuyen_events.assignments import AssignmentEvent, AssignmentMade
from tuyen_events.ids import AgentId, ConversationId, CustomerId, OrganizationId, PageId
from tuyen_events.vocabulary import ConversationKind, Reason
from tuyen_gateway.projections.collections import HISTORY
from tuyen_gateway.projections.history import record
from tuyen_platform.mongodb import Database


def made(customer: str, agent: str, version: int = 1) -> AssignmentEvent:
    return AssignmentMade(
        organization=OrganizationId("an"),
        page_id=PageId("an-1"),
        conversation_id=ConversationId("cmt_1"),
        customer_id=CustomerId(customer),
        kind=ConversationKind.COMMENT,
        version=version,
        agent_id=AgentId(agent),
        previous_agent_id=None,
        reason=Reason.ROTATION,
        rule_id=None,
        mode=None,
        by=None,
        caused_by=f"evt_{customer}_{agent}",
        at=datetime(2026, 11, 21, 8, tzinfo=UTC),
        request_id=None,
    )


async def agents_after(views: Database, events: tuple[AssignmentEvent, ...]) -> list[str]:
    await views[HISTORY].delete_many({})
    for event in events:
        await views[HISTORY].bulk_write([record(event)])
    return [one["agent_id"] for one in await views[HISTORY].find().sort("_id", 1).to_list(None)]


async def test_r4_1_inv6_of_two_partitions_the_same_record_is_shown_in_any_order(
    views: Database,
) -> None:
    events = (made("cus_a", "lan"), made("cus_b", "minh"), made("cus_b", "hoa", 2))
    for order in permutations(events):
        assert await agents_after(views, order) == ["lan", "hoa"]


async def test_r9_2_of_one_partition_the_first_record_of_a_version_counts(views: Database) -> None:
    events = (made("cus_a", "lan"), made("cus_a", "minh"))
    assert await agents_after(views, events) == ["lan"]
