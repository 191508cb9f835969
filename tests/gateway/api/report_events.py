"""What happens in the tests of reports, and how they are read."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from gateway.rig import START, User
from support.outbound import at_second, failed, requested, settled
from tuyen_events.assignments import AssignmentEvent, AssignmentMade, AssignmentQueued
from tuyen_events.event import Event
from tuyen_events.ids import (
    AgentId,
    ConversationId,
    CustomerId,
    OrganizationId,
    PageId,
    RuleId,
    message_id,
)
from tuyen_events.inbound import Customer, MessageReceived
from tuyen_events.topics import ASSIGNMENT_HISTORY
from tuyen_events.vocabulary import Channel, ConversationKind, Reason, Strategy
from tuyen_gateway.projections.report_numbers import OrganizationZone
from tuyen_gateway.projections.reports import (
    ensure_report_indexes,
    fold_reports,
)
from tuyen_platform.kafka.ports import RecordPosition
from tuyen_platform.mongodb import Database
from tuyen_platform.projection import FoldedEvent

EVENING = START.replace(hour=16, minute=30)
"""23:30 in Vietnam."""
SPAN = "from=2026-11-21T00:00:00Z&to=2026-11-23T00:00:00Z"


def assignment(
    number: int, version: int, at: datetime, agent: str | None, organization: str = "shop"
) -> AssignmentEvent:
    kind = AssignmentQueued if agent is None else AssignmentMade
    return kind(
        organization=OrganizationId(organization),
        page_id=PageId("page"),
        conversation_id=ConversationId(f"{organization}-{number}"),
        customer_id=CustomerId("cus"),
        kind=ConversationKind.MESSAGE,
        version=version,
        agent_id=None if agent is None else AgentId(agent),
        previous_agent_id=None,
        reason=Reason.QUEUED if agent is None else Reason.QUEUE_DRAINED,
        rule_id=RuleId("r"),
        mode=Strategy.SEQUENTIAL,
        by=None,
        caused_by="evt",
        at=at,
    )


def evening(organization: str = "shop") -> list[AssignmentEvent]:
    """Three conversations wait from 23:30, 23:31 and 23:32. Two get an agent, after 60 s and after
    40 minutes, on the next day."""
    minute = timedelta(minutes=1)
    return [
        *(assignment(n, 1, EVENING + n * minute, None, organization) for n in range(3)),
        assignment(0, 2, EVENING + minute, "lan", organization),
        assignment(1, 2, EVENING + 41 * minute, "minh", organization),
    ]


def asked(number: int, at: datetime, organization: str = "shop") -> Event:
    page, external = PageId("page"), f"c{number}"
    return MessageReceived(
        organization=OrganizationId(organization),
        page_id=page,
        channel=Channel.FACEBOOK,
        occurred_at=at,
        accepted_at=at,
        customer=Customer(id=CustomerId(external), external_id=external),
        conversation_id=ConversationId(f"{organization}-{number}"),
        message_id=message_id(OrganizationId(organization), page, f"mid-{number}-{at}"),
        external_id=f"mid-{number}-{at}",
    )


def answered(number: int, agent: str, at: datetime, *, sent: bool = True) -> list[Event]:
    reply = requested(
        f"key-{number}-{agent}-{at}",
        organization=OrganizationId("shop"),
        page_id=PageId("page"),
        conversation_id=ConversationId(f"shop-{number}"),
        by=AgentId(agent),
        at=(at - at_second(0)).total_seconds(),
    )
    return [reply, settled(reply) if sent else failed(reply)]


def talk() -> list[Event]:
    """Three conversations begin. Lan answers the first after 30 s, and the second after 20 minutes;
    what Minh wrote before in the second was refused, and his word after Lan's in the first ends no
    wait. The first customer asks again, and gets Minh's answer after 10 minutes. Nobody answers the
    third."""
    minute = timedelta(minutes=1)
    return [
        *(asked(n, EVENING + n * minute) for n in range(3)),
        asked(1, EVENING + 5 * minute),
        *answered(0, "minh", EVENING + 2 * minute),
        *answered(0, "lan", EVENING + minute / 2),
        *answered(1, "minh", EVENING + 3 * minute, sent=False),
        *answered(1, "lan", EVENING + 21 * minute),
        asked(0, EVENING + 15 * minute),
        *answered(0, "minh", EVENING + 25 * minute),
    ]


async def fold(
    views: Database, events: Sequence[Event], zone: OrganizationZone | None = None
) -> None:
    await ensure_report_indexes(views)
    batch = [
        FoldedEvent(event, f"evt_{number}", RecordPosition(ASSIGNMENT_HISTORY.name, 0, number, 0))
        for number, event in enumerate(events)
    ]
    await fold_reports(views, batch, lambda _organization: zone or OrganizationZone())


async def report(user: User, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await user.done("GET", f"/v1/reports/{path}"))["items"]
    return found
