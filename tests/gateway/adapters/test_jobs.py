"""R9.2, R9.6: what is kept of jobs, and what compaction leaves."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from gateway.jobs.job_rig import (
    BULK,
    ScansTwin,
    all_ended,
    closing,
    compact,
    conversation,
    finish_job,
    put,
    run_gateway,
)
from gateway.rig import records, until
from gateway.router_twin import routing
from tuyen_events.crm_limits import SKIPPED_SHOWN
from tuyen_events.jobs import JobProgressed, JobState, SkippedItem
from tuyen_events.topics import JOBS
from tuyen_gateway.adapters import jobs as kept
from tuyen_gateway.domain.jobs import Job, begin_job, take_up
from tuyen_gateway.jobs import job_scheduler
from tuyen_gateway.jobs.job_run import SLICE
from tuyen_gateway.jobs.runner import ConversationsRun
from tuyen_gateway.jobs.turns import Turns
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog

pytestmark = pytest.mark.usefixtures("jobs_answer_soon")


async def test_r9_2_a_job_continues_after_compaction_where_it_was(
    log: InMemoryLog, clock: ManualClock, scans: ScansTwin
) -> None:
    ids = scans.add(*(conversation(n) for n in range(2 * SLICE)))
    async with run_gateway(log, clock, scans) as rig, routing(log) as router:
        router.rests_after = SLICE + 10
        boss = await rig.organization()
        answer = await boss.done("POST", BULK, {"ids": ids, "set": {"done": True}})

        async def rests() -> bool:
            return not router.awake.is_set()

        await until(rests)
    small = await compact(log, clock)
    async with run_gateway(small, clock, scans) as rig, routing(small):
        await all_ended(rig, answer["id"])
        job = rig.gateway.jobs.job(answer["id"])
    assert job is not None
    assert job.progress is not None
    assert (job.progress.total, job.progress.done) == (2 * SLICE, 2 * SLICE)


async def test_r9_5_of_what_an_older_version_listed_as_skipped_the_first_are_in_memory(
    log: InMemoryLog, clock: ManualClock, scans: ScansTwin
) -> None:
    request = closing("job_1", clock.now(), ids=())
    skipped = tuple(SkippedItem(f"con_{number}", "not_found") for number in range(1_000))
    progress = msgspec.structs.replace(begin_job(request, 1_000, clock.now()), skipped=skipped)
    ended = msgspec.structs.replace(progress, state=JobState.DONE, done=1_000)
    await put(log, request)
    await put(log, ended, "job_1/progress")
    async with run_gateway(log, clock, scans) as rig:
        job = rig.gateway.jobs.job("job_1")
        assert rig.gateway.jobs.find_superseded(range(JOBS.partitions)) == []
    assert job is not None
    assert job.progress is not None
    assert job.progress.skipped == skipped[:SKIPPED_SHOWN]


async def test_what_an_older_version_wrote_is_kept_from_compaction(
    log: InMemoryLog, clock: ManualClock, scans: ScansTwin
) -> None:
    """Its progress has the key of the request, which it would take the place of."""
    (thread,) = scans.add(conversation(1))
    request = closing("job_1", clock.now(), ids=(thread,))
    async with run_gateway(log, clock, scans) as rig:
        await rig.organization()
    await put(log, request)
    await put(log, take_up(begin_job(request, 1, clock.now()), (thread,)))
    async with run_gateway(log, clock, scans), routing(log, awake=False):

        async def is_asked_again() -> bool:
            return len(await records(log, JOBS)) == 3

        await until(is_asked_again)
    small = await compact(log, clock)
    async with run_gateway(small, clock, scans) as rig, routing(small):
        await all_ended(rig, "job_1")


async def test_r9_6_the_oldest_results_are_forgotten(
    log: InMemoryLog, clock: ManualClock, scans: ScansTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "JOBS_KEPT", 3)
    async with run_gateway(log, clock, scans) as rig, routing(log):
        boss = await rig.organization()
        made = []
        for _ in range(6):
            made.append(await finish_job(rig, boss, ["msg_none"]))
            clock.advance(timedelta(seconds=1))

        async def three_are_left() -> bool:
            return len((await boss.done("GET", "/v1/jobs"))["items"]) == 3

        await until(three_are_left)
        assert (await boss.get(f"/v1/jobs/{made[0]}")).status_code == 404
        assert (await boss.get(f"/v1/jobs/{made[5]}")).status_code == 200
    assert len(await records(await compact(log, clock), JOBS)) == 6


async def test_r9_6_a_job_is_put_away_although_its_end_was_read_already(
    log: InMemoryLog, clock: ManualClock, scans: ScansTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gateway reads the job's end while it is still tidying up, and does not interrupt that."""
    append, updated = kept.JobsTable._append, asyncio.Event()
    update = job_scheduler._Scheduler._update_share

    async def append_late(self: kept.JobsTable, event: Any, key: str, *parts: str) -> Any:
        if "ended" in parts:
            updated.clear()
            await updated.wait()
        return await append(self, event, key, *parts)

    async def update_and_notify(
        self: job_scheduler._Scheduler, owned: frozenset[int], *, has_records: bool
    ) -> None:
        await update(self, owned, has_records=has_records)
        job = self.gateway.jobs.job("job_1")
        if job is not None and job.ended:
            updated.set()

    monkeypatch.setattr(kept.JobsTable, "_append", append_late)
    monkeypatch.setattr(job_scheduler._Scheduler, "_update_share", update_and_notify)
    async with run_gateway(log, clock, scans) as rig, routing(log):
        await rig.organization()
        await put(log, closing("job_1", clock.now(), ids=("msg_made_up",)))

        async def is_put_away() -> bool:
            return len(await records(log, JOBS)) == 3

        await until(is_put_away)


async def test_r9_2_a_job_of_which_a_part_is_forgotten_is_not_begun_again(
    log: InMemoryLog, clock: ManualClock, scans: ScansTwin
) -> None:
    """What stands of it selects nothing any more, so that it would be done to all there is."""
    threads = scans.add(*(conversation(n) for n in range(3)))
    async with run_gateway(log, clock, scans) as rig, routing(log):
        await rig.organization()
        await put(log, closing("job_1", clock.now(), external_id="psid-nobody"))

        async def is_put_away() -> bool:
            return len(await records(log, JOBS)) == 4

        await until(is_put_away)
    scans.asked.clear()
    rest = await compact(log, clock, without=b"job_1/progress")
    async with run_gateway(rest, clock, scans) as rig, routing(rest):
        assert rig.gateway.jobs.job("job_1") is None
        await put(rest, closing("job_2", clock.now(), ids=tuple(threads)))
        await all_ended(rig, "job_2")
        assert scans.asked == ["shop"]


async def make_ended_job(log: InMemoryLog, clock: ManualClock, scans: ScansTwin) -> JobProgressed:
    """A job of three conversations that has come to its end; returns progress of its beginning,
    as a gateway writes it that was frozen since."""
    (first, *_) = scans.add(*(conversation(n) for n in range(3)))
    request = closing("job_1", clock.now())
    async with run_gateway(log, clock, scans) as rig, routing(log):
        await rig.organization()
        await put(log, request)

        async def is_put_away() -> bool:
            return len(await records(log, JOBS)) == 4

        await until(is_put_away)
    scans.asked.clear()
    return take_up(begin_job(request, 3, clock.now()), (first,))


@pytest.mark.parametrize("revision", [1, 99])
async def test_r9_2_an_end_is_kept_although_a_frozen_gateway_writes_after_it(
    log: InMemoryLog, clock: ManualClock, scans: ScansTwin, revision: int
) -> None:
    """Two gateways that run a job at once may count differently: whatever the revision is, a job
    that has ended does not go on, since it would go on with all conversations."""
    stale = msgspec.structs.replace(await make_ended_job(log, clock, scans), revision=revision)
    await put(log, stale, "job_1/progress")
    async with run_gateway(log, clock, scans) as rig, routing(log):

        async def is_restated() -> bool:
            return len(await records(log, JOBS)) == 7

        await until(is_restated)
        shown = rig.gateway.jobs.job("job_1")
    small = await compact(log, clock)
    async with run_gateway(small, clock, scans) as rig, routing(small):
        assert rig.gateway.jobs.job("job_1") == shown
    assert len(await records(small, JOBS)) == 2
    assert scans.asked == []


async def test_r9_2_a_job_is_done_although_another_gateway_has_counted_further(
    log: InMemoryLog, clock: ManualClock, scans: ScansTwin
) -> None:
    ahead = msgspec.structs.replace(await make_ended_job(log, clock, scans), revision=99)
    request, *_, end, put_away = await records(log, JOBS)
    small = InMemoryLog(clock)
    for record in (request, end, put_away):
        if record is end:
            await put(small, ahead, "job_1/progress")
        key = (record.key or b"").decode()
        at = record.partition
        await small.append_bytes(JOBS, key, record.value, record.headers, partition=at)
    async with run_gateway(small, clock, scans) as rig, routing(small):
        await all_ended(rig, "job_1")
        job = rig.gateway.jobs.job("job_1")
    assert job is not None
    assert job.progress is not None
    assert job.progress.state is JobState.DONE


async def test_r9_2_an_end_that_does_not_count_puts_no_request_away(
    log: InMemoryLog, clock: ManualClock, scans: ScansTwin
) -> None:
    """A gateway that was frozen fails a job that another one continues."""
    (first,) = scans.add(conversation(1))
    request = closing("job_1", clock.now(), ids=(first,))
    begun = take_up(begin_job(request, 1, clock.now()), (first,))
    ahead = msgspec.structs.replace(begun, revision=9)
    async with run_gateway(log, clock, scans) as rig, routing(log, awake=False):
        await rig.organization()
        await put(log, ahead, "job_1/progress")
        await put(log, request)

        async def is_known() -> bool:
            return rig.gateway.jobs.job("job_1") is not None

        await until(is_known)
        frozen = ConversationsRun(rig.gateway, Job(request=request, progress=begun), Turns(1))
        await frozen._end(begun, JobState.FAILED, "The database took too long.")
        job = rig.gateway.jobs.job("job_1")
        assert job is not None
        assert job.progress == ahead
    assert len(await records(log, JOBS)) == 3


@pytest.mark.parametrize("last", ["progress", "request"])
async def test_r9_2_what_a_frozen_gateway_wrote_begins_no_job_again(
    log: InMemoryLog, clock: ManualClock, scans: ScansTwin, last: str
) -> None:
    """Every gateway ended before one of them could write the end again, and compaction removed the
    end. What is left of the request would select all conversations."""
    stale = await make_ended_job(log, clock, scans)
    put_away = (await records(log, JOBS))[-1]
    await put(log, stale, "job_1/progress")
    if last == "request":
        await log.append_bytes(
            JOBS,
            "job_1",
            put_away.value,
            put_away.headers,
            partition=put_away.partition,
        )
    small = await compact(log, clock)
    async with run_gateway(small, clock, scans) as rig, routing(small):
        (other,) = scans.add(conversation(4))
        await put(small, closing("job_2", clock.now(), ids=(other,)))
        await all_ended(rig, "job_2")
        assert rig.gateway.jobs.job("job_1") is None
    assert scans.asked == ["shop"]


async def test_r9_6_of_a_job_its_request_is_forgotten_first(
    log: InMemoryLog, clock: ManualClock, scans: ScansTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway that ends between the two leaves what is no job, and nothing to be begun."""
    monkeypatch.setattr(kept, "JOBS_KEPT", 1)
    async with run_gateway(log, clock, scans) as rig, routing(log):
        boss = await rig.organization()
        made = await finish_job(rig, boss, ["msg_none"])
        clock.advance(timedelta(seconds=1))
        await finish_job(rig, boss, ["msg_none"])

        async def removals() -> list[str]:
            found = await records(log, JOBS)
            return [(r.key or b"").decode() for r in found if r.value is None]

        async def are_two() -> bool:
            return len(await removals()) == 2

        await until(are_two)
        assert await removals() == [made, made + "/progress"]
