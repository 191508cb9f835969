"""O3: numbers that are added up by the days of the organization's time zone, which may change."""

import random
from datetime import UTC, datetime, timedelta

from gateway.api.report_events import EVENING, evening, fold, talk
from tuyen_events.ids import OrganizationId
from tuyen_gateway.adapters.read_limits import ReadLimiter
from tuyen_gateway.adapters.reports import MongoReports
from tuyen_gateway.domain.rollups import Counted, Rollup, day_of
from tuyen_gateway.ports.reports import Interval, ReportSpan
from tuyen_gateway.projections.report_numbers import (
    DAYS_OF_REPORTS,
    NUMBERS,
    OrganizationZone,
    learn_days,
    read_days,
)
from tuyen_platform.mongodb import Database

SHOP = OrganizationId("shop")
VIETNAM, NEPAL = "Asia/Ho_Chi_Minh", "Asia/Kathmandu"


async def rollups(views: Database, zone: str, counted: Counted) -> list[Rollup]:
    """By days, of time that begins and ends within a day."""
    span = ReportSpan(
        organization=SHOP,
        since=EVENING - timedelta(days=2),
        until=EVENING + timedelta(days=2),
        by=Interval.DAY,
        time_zone=zone,
    )
    found = await MongoReports(views, ReadLimiter()).rollups(span, counted)
    return sorted(found, key=lambda one: (one.at, one.about))


async def test_o3_what_is_added_up_by_days_equals_what_is_added_up_by_hours(
    views: Database,
) -> None:
    """In a zone with other hours by quarters. Words that come later change what was told."""
    for zone in (VIETNAM, NEPAL):
        events = [*evening(), *talk()]
        random.Random(zone).shuffle(events)  # noqa: S311 - not a secret
        for event in events:
            await fold(views, [event], OrganizationZone(zone))
        for counted in (Counted.QUEUE, Counted.AGENT, Counted.PAGE, Counted.RULE):
            by_days = await rollups(views, zone, counted)
            stored = await views[DAYS_OF_REPORTS].find_one_and_delete({"_id": SHOP})
            assert stored is not None
            assert await rollups(views, zone, counted) == by_days != []
            await views[DAYS_OF_REPORTS].insert_one(stored)
        for name in await views.list_collection_names():
            await views[name].delete_many({})


async def test_o3_a_whole_day_is_one_document_for_an_agent(views: Database) -> None:
    await fold(views, [*evening(), *talk()])
    await views[NUMBERS].delete_many({"level": {"$ne": "day"}})
    found = await rollups(views, VIETNAM, Counted.AGENT)
    told = [(one.about, one.waits["response"]) for one in found]
    assert [one for one in told if one[1].number] == [
        (("lan",), (2, 30, 1200, 1200)),
        (("minh",), (1, 600, 600, 600)),
    ]


async def test_o3_days_of_another_time_zone_begin_later(views: Database) -> None:
    """What was counted by then stays in hours, and is read from there. A gateway that does not know
    of the change changes nothing back."""
    before, after = OrganizationZone(VIETNAM, 1), OrganizationZone(NEPAL, 2)
    await fold(views, evening(), before)
    for zone in (after, before):
        await learn_days(views, {SHOP: zone})
        days = (await read_days(views, [SHOP]))[SHOP]
        assert days.time_zone == NEPAL
        assert datetime.now(UTC) < days.since == day_of(days.since, NEPAL)
    stored = await views[NUMBERS].count_documents({"level": "day"})
    await fold(views, talk(), after)
    assert await views[NUMBERS].count_documents({"level": "day"}) == stored
    queue = await rollups(views, NEPAL, Counted.QUEUE)
    assert [(one.counts["came"], one.waits["wait"].number) for one in queue] == [(3, 2)]
    agents = await rollups(views, NEPAL, Counted.AGENT)
    assert sum(one.waits["response"].number for one in agents) == 3
