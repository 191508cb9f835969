"""O3: reports by hours and days of the organization's time zone, from numbers that a replay makes
again."""

import asyncio
import csv
import random
from codecs import BOM_UTF8
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from io import StringIO
from threading import Thread, current_thread, main_thread
from typing import Any
from xml.etree import ElementTree

import pytest

from gateway.api.report_contacts import deals
from gateway.api.report_events import (
    EVENING,
    SPAN,
    asked,
    assignment,
    evening,
    fold,
    report,
    talk,
)
from gateway.rig import Rig, User
from tuyen_events.event import Event
from tuyen_gateway.adapters.reports import MongoReports
from tuyen_gateway.api import report_charts, reports
from tuyen_gateway.domain.rollups import Rollup, cut_past, cut_span
from tuyen_gateway.ports.reports import ReportSpan
from tuyen_gateway.projections.report_numbers import BY_TIME, NUMBERS
from tuyen_gateway.projections.reports import REPORT_COLLECTIONS
from tuyen_platform.mongodb import Database

EVERY_REPORT = [
    "agents",
    "deal-steps",
    "deals",
    "fairness",
    "pages",
    "pipeline",
    "queue",
    "sources",
]


@pytest.mark.parametrize("format_", ["json", "csv", "svg"])
async def test_r9_5_a_report_is_written_while_the_gateway_answers_others(
    owner: User, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    """Of 25,000 rows, each part of it takes longer than anybody should wait."""
    threads: list[Thread] = []

    def note(write: Callable[..., Any], *given: Any) -> Any:
        threads.append(current_thread())
        return write(*given)

    for module, name in (
        (reports, "_write_json"),
        (reports, "_write_csv"),
        (report_charts, "answer_line"),
    ):
        monkeypatch.setattr(module, name, partial(note, getattr(module, name)))
    answer = await owner.get(f"/v1/reports/queue?{SPAN}&by=day&format={format_}")
    assert answer.status_code == 200
    assert threads
    assert main_thread() not in threads


async def test_r9_5_reports_of_an_organization_are_written_one_after_another(
    desk: Rig, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And those of others meanwhile."""
    going, asked_by = asyncio.Event(), list[str]()

    async def find(_: object, span: ReportSpan, __: object) -> list[Rollup]:
        asked_by.append(span.organization)
        if span.organization == "shop":
            await going.wait()
        return []

    other = await desk.organization("other")
    monkeypatch.setattr(MongoReports, "rollups", find)
    path = f"/v1/reports/agents?{SPAN}"
    two = [asyncio.create_task(owner.get(path)) for _ in range(2)]
    while not asked_by:  # noqa: ASYNC110 - nobody sets an event for it
        await asyncio.sleep(0)
    assert (await other.get(path)).status_code == 200
    assert asked_by == ["shop", "other"]
    going.set()
    assert [each.status_code for each in await asyncio.gather(*two)] == [200, 200]
    assert asked_by == ["shop", "other", "shop"]


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
        "page": None,
        "entered": 3,
        "left": 1,
        "waiting": 2,
        "wait_median_s": 60,
        "wait_p90_s": 60,
        "wait_p95_s": 60,
    }
    assert (second["at"], second["left"], second["waiting"]) == ("2026-11-21T17:00:00Z", 1, 1)
    assert second["wait_p90_s"] == 2400


async def test_o3_what_was_stored_without_the_95th_percentile_is_reported_without_it(
    desk: Rig, owner: User, views: Database
) -> None:
    await fold(views, evening())
    without_p95 = {"$set": {"told.wait": {"$slice": ["$told.wait", 3]}}}
    await views[NUMBERS].update_many({"told.wait": {"$exists": True}}, [without_p95])
    _, whole_day = await report(owner, f"queue?{SPAN}&by=day")
    assert (whole_day["wait_p90_s"], whole_day["wait_p95_s"]) == (2400, None)


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
    await desk.staff(owner, "lan")
    lan, minh, later = await report(owner, f"agents?{span}")
    assert lan == {
        "at": "2026-11-21T16:00:00Z",
        "agent_id": "lan",
        "agent": "Lan",
        "assigned": 1,
        "lost": 0,
        "held": 1,
        "first_responses": 2,
        "first_response_median_s": 30,
        "first_response_p90_s": 1200,
        "first_response_p95_s": 1200,
        "responses": 2,
        "response_median_s": 30,
        "response_p90_s": 1200,
        "response_p95_s": 1200,
    }
    assert (minh["at"], minh["first_responses"], minh["responses"]) == (lan["at"], 0, 1)
    assert minh["response_median_s"] == minh["response_p90_s"] == 600
    assert (later["agent_id"], later["at"], later["assigned"]) == (
        "minh",
        "2026-11-21T17:00:00Z",
        1,
    )


async def test_o3_pages_are_reported_with_what_began_and_was_answered_there(
    desk: Rig, owner: User, views: Database
) -> None:
    await fold(views, [*talk(), asked(0, EVENING, "other")])
    assert await report(owner, f"pages?{SPAN}&by=day") == [
        {
            "at": "2026-11-20T17:00:00Z",
            "page_id": "page",
            "page": None,
            "begun": 3,
            "first_responses": 2,
            "first_response_median_s": 30,
            "first_response_p90_s": 1200,
            "first_response_p95_s": 1200,
            "responses": 3,
            "response_median_s": 600,
            "response_p90_s": 1200,
            "response_p95_s": 1200,
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


@pytest.mark.parametrize("name", EVERY_REPORT)
async def test_o3_a_report_is_a_table_and_a_chart_too_also_without_anything(
    desk: Rig, owner: User, views: Database, name: str
) -> None:
    for _ in range(2):
        items = await report(owner, f"{name}?{SPAN}")
        table = await owner.get(f"/v1/reports/{name}?{SPAN}&format=csv")
        assert table.headers["content-type"] == "text/csv; charset=utf-8"
        assert table.content.startswith(BOM_UTF8)
        rows = list(csv.DictReader(StringIO(table.content.decode("utf-8-sig"))))
        assert [one["at"] for one in rows] == [one["at"] for one in items]
        chart = await owner.get(f"/v1/reports/{name}?{SPAN}&format=svg")
        assert chart.headers["content-type"] == "image/svg+xml"
        assert ElementTree.fromstring(chart.text).tag.endswith("svg")  # noqa: S314 - our own
        await fold(views, [*evening(), *talk(), *deals()])


async def test_o3_a_replay_in_another_order_gives_the_same_numbers(views: Database) -> None:
    events: list[Event] = [
        *evening(),
        *talk(),
        *(assignment(n, 1, EVENING, "lan") for n in range(10, 60)),
        *(assignment(n, 2, EVENING + timedelta(hours=1), None) for n in range(10, 60)),
    ]
    await fold(views, events)
    before = await numbers(views)
    for name in REPORT_COLLECTIONS:
        await views[name].drop()
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
    counts: dict[str, Any] = {
        name: value for name, value in stored.items() if isinstance(value, int) and value
    }
    for kind in ("wait", "first", "response"):
        waits = {name: number for name, number in stored.get(kind, {}).items() if number}
        counts |= {kind: waits} if waits else {}
    return counts


async def test_o3_a_report_reads_only_its_time_from_the_index(views: Database) -> None:
    await fold(views, evening())
    stretches = [*cut_past(EVENING), *cut_span(EVENING, EVENING + timedelta(days=1), "UTC")]
    query = {
        "$or": [
            {
                "organization": "shop",
                "counted": "queue",
                "level": one.level.value,
                "at": {"$gte": one.since, "$lt": one.until},
            }
            for one in stretches
        ]
    }
    plan = str((await views[NUMBERS].find(query).explain())["queryPlanner"]["winningPlan"])
    assert BY_TIME in plan
    assert "COLLSCAN" not in plan


@pytest.mark.parametrize("kind", ["agents", "sources"])
@pytest.mark.parametrize(
    "span",
    [
        "from=2016-01-01T00:00:00Z&to=2026-11-23T00:00:00Z",
        "from=2016-01-01T00:00:00Z",
        "from=0001-01-01T00:00:00%2B07:00&to=0001-01-02T00:00:00Z",
        "from=9999-12-31T00:00:00Z&to=9999-12-31T23:59:00-07:00",
        "to=0001-01-01T00:00:00Z",
    ],
)
async def test_o3_r9_5_a_report_covers_so_many_years_and_no_odd_ones(
    desk: Rig, owner: User, views: Database, kind: str, span: str
) -> None:
    answer = await owner.get(f"/v1/reports/{kind}?{span}")
    assert answer.status_code == 422, answer.text


async def test_o3_a_manager_of_some_pages_gets_the_numbers_of_these(
    desk: Rig, owner: User, views: Database
) -> None:
    await fold(views, [*evening(), *talk()])
    await owner.done("PUT", "/v1/settings", {"page_permissions": True})
    manager = await desk.staff(owner, "chief", role="store_manager")
    for name in ("pages", "queue"):
        assert await report(owner, f"{name}?{SPAN}")
        assert await report(manager, f"{name}?{SPAN}") == []


@pytest.mark.parametrize("name", ["agents", "fairness"])
async def test_r7_1_r7_2_numbers_of_all_pages_are_for_managers_who_see_all_pages(
    desk: Rig, owner: User, views: Database, name: str
) -> None:
    await fold(views, [*evening(), *talk()])
    manager = await desk.staff(owner, "chief", role="store_manager")
    assert await report(manager, f"{name}?{SPAN}")
    await owner.done("PUT", "/v1/settings", {"page_permissions": True})
    answer = await manager.get(f"/v1/reports/{name}?{SPAN}")
    assert answer.status_code == 403
    assert "you see only some" in answer.text
    assert await report(owner, f"{name}?{SPAN}")


async def test_o3_a_chart_has_its_title_in_the_language_of_the_viewer(
    desk: Rig, owner: User, views: Database
) -> None:
    await fold(views, [*evening(), *talk()])
    await desk.staff(owner, "lan")
    vietnamese = await owner.get(f"/v1/reports/agents?{SPAN}&format=svg")
    assert "Hội thoại được giao cho nhân viên, 21/11/2026–23/11/2026" in vietnamese.text
    assert ">Lan (1)<" in vietnamese.text
    await owner.done("PUT", "/v1/me/preferences", {"language": "en-GB"})
    english = await owner.get(f"/v1/reports/agents?{SPAN}&format=svg")
    assert "Conversations that agents got" in english.text


async def test_o3_a_table_defuses_what_a_spreadsheet_would_take_for_a_formula(
    desk: Rig, owner: User, views: Database
) -> None:
    await fold(views, evening())
    await owner.done(
        "PUT", "/v1/agents/lan", {"name": "=cmd()", "username": "lan", "role": "agent"}
    )
    table = (await owner.get(f"/v1/reports/agents?{SPAN}&format=csv")).text
    assert ",'=cmd()," in table
    assert ",=cmd()" not in table
