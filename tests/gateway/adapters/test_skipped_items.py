"""What jobs skipped, held by MongoDB and by the twin in memory."""

from datetime import UTC, datetime

import pytest

from tuyen_events.crm_limits import SKIPPED_LISTED, SKIPPED_SHOWN
from tuyen_events.ids import OrganizationId
from tuyen_events.jobs import JobProgressed, JobState, SkippedItem
from tuyen_gateway.adapters.skipped_items import InMemorySkippedItems, MongoSkippedItems
from tuyen_gateway.ports.skipped_items import SkippedItems

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
SHOP, OTHER = OrganizationId("shop"), OrganizationId("other")


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.mongodb)])
def skipped(request: pytest.FixtureRequest) -> SkippedItems:
    if request.param == "memory":
        return InMemorySkippedItems()
    return MongoSkippedItems(request.getfixturevalue("views"))


def after(done: int, job_id: str = "job_1") -> JobProgressed:
    return JobProgressed(
        job_id=job_id,
        organization=SHOP,
        revision=2,
        state=JobState.RUNNING,
        total=2_000,
        done=done,
        at=NOW,
    )


def items(start: int, end: int) -> list[SkippedItem]:
    return [SkippedItem(f"con_{number}", "not_found") for number in range(start, end)]


async def test_s3_what_was_skipped_is_kept_once_however_often_a_batch_is_repeated(
    skipped: SkippedItems,
) -> None:
    await skipped.keep(after(100), items(0, 3))
    await skipped.keep(after(200), items(3, 5))
    for done in (100, 200):
        await skipped.keep(after(done), items(7, 9))
    await skipped.keep(after(100, "job_2"), items(5, 6))
    assert list(await skipped.of(SHOP, "job_1")) == items(0, 5)
    assert list(await skipped.of(SHOP, "job_2")) == items(5, 6)
    assert list(await skipped.of(OTHER, "job_1")) == []


async def test_r9_5_only_the_first_are_kept(skipped: SkippedItems) -> None:
    for done in range(100, 2_000, 100):
        await skipped.keep(after(done), items(done, done + 100))
    kept = list(await skipped.of(SHOP, "job_1"))
    assert kept == items(100, 100 + SKIPPED_LISTED - SKIPPED_SHOWN)
