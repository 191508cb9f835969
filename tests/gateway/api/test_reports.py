"""O3: reports by hours and days of the organization's time zone, from numbers that a replay makes
again."""

import csv
import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from io import StringIO
from typing import Any
from xml.etree import ElementTree

import pytest

from gateway.rig import START, Rig, User
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
from tuyen_gateway.projections.reports import (
    BY_TIME,
    COURSES,
    NUMBERS,
    OPENINGS,
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
        f"key-{number}-{agent}",
        organization=OrganizationId("shop"),
        page_id=PageId("page"),
        conversation_id=ConversationId(f"shop-{number}"),
        by=AgentId(agent),
        at=(at - at_second(0)).total_seconds(),
    )
    return [reply, settled(reply) if sent else failed(reply)]


def talk() -> list[Event]:
    """Three conversations begin. Lan answers the first after 30 s and the second after 20 minutes;
    what Minh wrote before in the second was refused. Nobody answers the third."""
    minute = timedelta(minutes=1)
    return [
        *(asked(n, EVENING + n * minute) for n in range(3)),
        asked(1, EVENING + 5 * minute),
        *answered(0, "lan", EVENING + minute / 2),
        *answered(1, "minh", EVENING + 3 * minute, sent=False),
        *answered(1, "lan", EVENING + 21 * minute),
    ]


async def fold(views: Database, events: Sequence[Event]) -> None:
    await ensure_report_indexes(views)
    batch = [
        FoldedEvent(event, f"evt_{number}", RecordPosition(ASSIGNMENT_HISTORY.name, 0, number, 0))
        for number, event in enumerate(events)
    ]
    await fold_reports(views, batch)


async def report(user: User, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await user.done("GET", f"/v1/reports/{path}"))["items"]
    return found


async def test_o3_the_queue_is_reported_by_the_days_of_the_time_zone(
    desk: Rig, owner: User, views: Database
) -> None:
    await fold(views, evening() + evening("other"))
    whole = await owner.done("GET", f"/v1/reports/queue?{SPAN}&by=day")
    assert {name: whole[name] for name in ("from", "to", "by", "time_zone")} == {
        "from": "2026-11-21T00:00:00Z",
        "to": "2026-11-23T00:00:00Z",
        "by": "day",
        "time_zone": "Asia/Ho_Chi_Minh",
    }
    first, second = whole["items"]
    assert first == {
        "at": "2026-11-20T17:00:00Z",
        "page_id": "page",
        "entered": 3,
        "left": 1,
        "waiting": 2,
        "wait_median_s": 60,
        "wait_p90_s": 60,
    }
    assert (second["at"], second["left"], second["waiting"]) == ("2026-11-21T17:00:00Z", 1, 1)
    assert second["wait_p90_s"] == 2400


async def test_o3_hours_and_days_follow_the_organizations_time_zone(
    desk: Rig, owner: User, views: Database
) -> None:
    await fold(views, evening())
    await desk.operator.done("PATCH", "/v1/organizations/shop", {"time_zone": "Asia/Kathmandu"})
    days = await report(owner, f"queue?{SPAN}&by=day")
    assert [(one["at"], one["left"]) for one in days] == [("2026-11-20T18:15:00Z", 2)]
    hours = await report(owner, f"queue?{SPAN}&by=hour")
    assert [(one["at"], one["entered"]) for one in hours] == [
        ("2026-11-21T16:15:00Z", 3),
    ]
    wrong = {"time_zone": "Hanoi"}
    assert (await desk.operator.call("PATCH", "/v1/organizations/shop", wrong)).status_code == 422


async def test_o3_what_waited_before_the_report_is_in_the_length_of_the_queue(
    desk: Rig, owner: User, views: Database
) -> None:
    await fold(views, evening())
    later = "from=2026-11-21T17:00:00Z&to=2026-11-22T17:00:00Z&by=hour"
    [row] = await report(owner, f"queue?{later}")
    assert (row["entered"], row["left"], row["waiting"]) == (0, 1, 1)


async def test_o3_the_fairness_of_a_rule_is_how_often_it_chose_each_agent(
    desk: Rig, owner: User, views: Database
) -> None:
    await fold(views, evening())
    again = [assignment(n, 1, EVENING, agent) for n, agent in enumerate(["lan", "lan"], start=7)]
    await fold(views, again)
    days = await report(owner, f"fairness?{SPAN}&by=day")
    assert [(one["agent_id"], one["chosen"], one["share"]) for one in days] == [
        ("lan", 3, 1.0),
        ("minh", 1, 1.0),
    ]


async def test_o3_agents_are_reported_with_their_load_and_first_responses(
    desk: Rig, owner: User, views: Database
) -> None:
    await fold(views, [*evening(), *talk(), asked(0, EVENING, "other")])
    span = "from=2026-11-21T16:00:00Z&to=2026-11-21T18:00:00Z&by=hour"
    lan, minh = await report(owner, f"agents?{span}")
    assert lan == {
        "at": "2026-11-21T16:00:00Z",
        "agent_id": "lan",
        "assigned": 1,
        "lost": 0,
        "held": 1,
        "first_responses": 2,
        "first_response_median_s": 30,
        "first_response_p90_s": 1200,
    }
    assert (minh["at"], minh["assigned"], minh["first_responses"]) == ("2026-11-21T17:00:00Z", 1, 0)


async def test_o3_pages_are_reported_with_what_began_and_was_answered_there(
    desk: Rig, owner: User, views: Database
) -> None:
    await fold(views, [*talk(), asked(0, EVENING, "other")])
    assert await report(owner, f"pages?{SPAN}&by=day") == [
        {
            "at": "2026-11-20T17:00:00Z",
            "page_id": "page",
            "begun": 3,
            "first_responses": 2,
            "first_response_median_s": 30,
            "first_response_p90_s": 1200,
        }
    ]


async def test_o3_days_are_as_long_as_the_clock_was_put_forward_or_back(
    desk: Rig, owner: User, views: Database
) -> None:
    await desk.operator.done("PATCH", "/v1/organizations/shop", {"time_zone": "Europe/Berlin"})
    sunday = datetime(2026, 10, 24, 22, 30, tzinfo=EVENING.tzinfo)
    begun = [asked(n, sunday + timedelta(hours=n)) for n in (0, 24, 25)]
    await fold(views, begun)
    days = await report(owner, "pages?from=2026-10-24T00:00:00Z&to=2026-10-27T00:00:00Z&by=day")
    assert [(one["at"], one["begun"]) for one in days] == [
        ("2026-10-24T22:00:00Z", 2),
        ("2026-10-25T23:00:00Z", 1),
    ]


@pytest.mark.parametrize("name", ["agents", "fairness", "pages", "queue"])
async def test_o3_a_report_is_a_table_and_a_chart_too_also_without_anything(
    desk: Rig, owner: User, views: Database, name: str
) -> None:
    for _ in range(2):
        items = await report(owner, f"{name}?{SPAN}")
        table = await owner.get(f"/v1/reports/{name}?{SPAN}&format=csv")
        assert table.headers["content-type"] == "text/csv; charset=utf-8"
        rows = list(csv.DictReader(StringIO(table.text)))
        assert [one["at"] for one in rows] == [one["at"] for one in items]
        chart = await owner.get(f"/v1/reports/{name}?{SPAN}&format=svg")
        assert chart.headers["content-type"] == "image/svg+xml"
        assert ElementTree.fromstring(chart.text).tag.endswith("svg")  # noqa: S314 - our own
        await fold(views, [*evening(), *talk()])


async def test_o3_a_replay_in_another_order_gives_the_same_numbers(views: Database) -> None:
    events: list[Event] = [
        *evening(),
        *talk(),
        *(assignment(n, 1, EVENING, "lan") for n in range(10, 60)),
        *(assignment(n, 2, EVENING + timedelta(hours=1), None) for n in range(10, 60)),
    ]
    await fold(views, events)
    before = await numbers(views)
    await views[COURSES].drop()
    await views[OPENINGS].drop()
    await views[NUMBERS].drop()
    shuffled = random.Random(7).sample(events, len(events))  # noqa: S311 - not a secret
    for begin in range(0, len(shuffled), 20):
        await fold(views, shuffled[begin : begin + 20])
        await fold(views, shuffled[: begin + 10])
    assert await numbers(views) == before


async def numbers(views: Database) -> list[dict[str, Any]]:
    """Without what is zero: it was counted and taken back."""
    found = await views[NUMBERS].find({}).sort("_id", 1).to_list(None)
    return [{"_id": one["_id"], **counts} for one in found if (counts := _without_zeros(one))]


def _without_zeros(stored: Mapping[str, Any]) -> dict[str, Any]:
    counts = {name: value for name, value in stored.items() if isinstance(value, int) and value}
    waits = {name: number for name, number in stored.get("wait", {}).items() if number}
    return {**counts, "wait": waits} if waits else counts


async def test_o3_a_report_reads_only_the_quarters_of_its_time(views: Database) -> None:
    await fold(views, evening())
    query = {"organization": "shop", "counted": "queue", "quarter": {"$gte": EVENING}}
    plan = await views[NUMBERS].find(query).explain()
    assert BY_TIME in str(plan["queryPlanner"]["winningPlan"])
