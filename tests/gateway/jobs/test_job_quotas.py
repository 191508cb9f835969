"""R9.5, R9.6: how many jobs anybody may have, and what is kept of them."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from gateway.jobs.job_rig import ScansTwin, at_work, closing, conversation, put
from gateway.rig import START, Rig, User, records, until
from gateway.router_twin import routing
from tuyen_events.ids import AgentId, ConversationId, OrganizationId
from tuyen_events.jobs import HandoverRequested, JobProgressed, JobState
from tuyen_events.limits import (
    BULK_IDS,
    BULK_IDS_AN_HOUR_OF_AGENT,
    JOBS_AN_HOUR_OF_AGENT,
    JOBS_AN_HOUR_OF_ORGANIZATION,
    JOBS_OF_AGENT,
    JOBS_OF_ORGANIZATION,
)
from tuyen_events.topics import JOBS, TOPICS
from tuyen_gateway.adapters import jobs as kept
from tuyen_gateway.api import jobs as routes
from tuyen_gateway.domain.job_quotas import refuse_too_many
from tuyen_gateway.domain.jobs import Job, begin, evolve, finish, size, take_up
from tuyen_gateway.errors import TooManyAttemptsError
from tuyen_gateway.jobs import job_scheduler
from tuyen_gateway.jobs.runner import SLICE
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog

BULK = "/v1/conversations/bulk"
BINH = AgentId("binh")


@pytest.fixture
def walks() -> ScansTwin:
    return ScansTwin()


@pytest.fixture(autouse=True)
def _answer_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "_SHORT_S", 0.01)


async def all_ended(rig: Rig, *job_ids: str) -> None:
    async def have_ended() -> bool:
        return all((job := rig.gateway.jobs.job(one)) and job.ended for one in job_ids)

    await until(have_ended)


async def done(rig: Rig, user: User, ids: Sequence[str]) -> str:
    """A job that has come to its end."""
    answer = await user.done("POST", BULK, {"ids": list(ids), "set": {"done": True}})
    await all_ended(rig, answer["id"])
    return str(answer["id"])


async def test_r9_5_an_agent_and_an_organization_have_so_many_jobs_at_a_time(
    log: InMemoryLog, clock: ManualClock, walks: ScansTwin
) -> None:
    (thread,) = walks.add(conversation(1))
    body = {"ids": [thread], "set": {"done": True}}
    async with at_work(log, clock, walks) as rig, routing(log, awake=False) as router:
        boss = await rig.organization()
        users = [await rig.staff(boss, name) for name in ("an", "binh", "chi")]
        taken = []
        for user in users[:2]:
            for _ in range(JOBS_OF_AGENT):
                taken.append((await user.post(BULK, body)).json()["id"])
            refused = await user.post(BULK, body)
            assert refused.status_code == 429
            assert int(refused.headers["Retry-After"]) > 0
            assert "You have 4 jobs under way" in refused.json()["detail"]
        for _ in range(JOBS_OF_ORGANIZATION - 2 * JOBS_OF_AGENT):
            taken.append((await users[2].post(BULK, body)).json()["id"])
        refused = await users[2].post(BULK, body)
        assert refused.status_code == 429
        assert "Your organization has 10 jobs under way" in refused.json()["detail"]
        other = await rig.organization("other")
        assert (await other.post(BULK, body)).is_success
        router.awake.set()
        await all_ended(rig, *taken)
        assert (await users[0].post(BULK, body)).is_success


def asked(
    at: timedelta, number: int, by: str = "lan", ids: int = 1, *, by_filter: bool = False
) -> Job:
    """A job that has ended."""
    names = None if by_filter else tuple(ConversationId(f"msg_{n}") for n in range(ids))
    request = closing(f"job_{number}", START + at, ids=names)
    job = Job(request=type(request)(**{**_fields(request), "by": AgentId(by)}))
    last = finish(begin(job.request, ids, START + at), JobState.DONE, START + at, None)
    last = JobProgressed(**{**_fields(last), "total": ids})
    found = evolve(job, last)
    assert found is not None
    return found


def _fields(event: Any) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__struct_fields__}


@pytest.mark.parametrize(
    ("jobs", "wants", "said"),
    [
        ([asked(timedelta(), n) for n in range(JOBS_AN_HOUR_OF_AGENT - 1)], 1, None),
        ([asked(timedelta(), n) for n in range(JOBS_AN_HOUR_OF_AGENT)], 1, "240 jobs within"),
        ([asked(timedelta(hours=-1), n) for n in range(JOBS_AN_HOUR_OF_AGENT)], 1, None),
        ([asked(timedelta(), n, "an") for n in range(JOBS_AN_HOUR_OF_AGENT)], 1, None),
        (
            [asked(timedelta(), n, f"a{n}") for n in range(JOBS_AN_HOUR_OF_ORGANIZATION)],
            1,
            "Your organization has asked for 1200 jobs",
        ),
        ([asked(timedelta(), n, ids=BULK_IDS) for n in range(5)], 1, "changes to 50000 conv"),
        ([asked(timedelta(), n, ids=BULK_IDS) for n in range(5)], 0, "changes to 50000 conv"),
        ([asked(timedelta(), n, ids=BULK_IDS) for n in range(4)], BULK_IDS, None),
        (
            [asked(timedelta(), n, f"a{n}", ids=BULK_IDS) for n in range(20)],
            1,
            "Your organization has asked for changes to 200000",
        ),
        ([asked(timedelta(), 0, ids=10**6, by_filter=True)], 0, "changes to 50000 conv"),
        ([asked(timedelta(), 0, ids=10**6, by_filter=True)], 1, "changes to 50000 conv"),
        ([asked(timedelta(), 0, "an", ids=10**6, by_filter=True)], 1, None),
        ([asked(timedelta(), 0, ids=49_999, by_filter=True)], 0, None),
        (
            [asked(timedelta(), n, f"a{n}", ids=10**6, by_filter=True) for n in range(4)],
            0,
            "Your organization has asked for changes to 200000",
        ),
    ],
)
def test_r9_5_within_an_hour_so_much_is_asked_for(
    jobs: list[Job], wants: int, said: str | None
) -> None:
    ids = tuple(ConversationId(f"msg_{n}") for n in range(wants)) or None
    request = closing("job_next", START + timedelta(minutes=1), ids=ids)
    request = type(request)(**{**_fields(request), "by": AgentId("lan")})
    if said is None:
        refuse_too_many(jobs, request)
        return
    with pytest.raises(TooManyAttemptsError, match=said) as refused:
        refuse_too_many(jobs, request)
    wait = timedelta(seconds=refused.value.retry_after_s)
    assert timedelta(minutes=59) <= wait <= timedelta(minutes=60)
    refuse_too_many(jobs, type(request)(**{**_fields(request), "at": request.at + wait}))


def test_r9_5_a_job_counts_as_soon_as_it_is_known_of_how_many_conversations_it_is() -> None:
    request = closing("job_1", START, done=False)
    job = Job(request=request)
    assert size(job) == 0
    assert size(Job(request=request, progress=begin(request, 70, START))) == 70
    leaving = HandoverRequested(
        job_id="job_2",
        organization=request.organization,
        at=START,
        by=request.by,
        agent_id=BINH,
        to=None,
    )
    assert size(Job(request=leaving, progress=begin(leaving, 60_000, START))) == 60_000
    with pytest.raises(TooManyAttemptsError, match="changes to 50000"):
        refuse_too_many([Job(request=leaving, progress=begin(leaving, 60_000, START))], request)


async def test_r9_6_what_a_job_named_is_given_back_when_it_ends(
    log: InMemoryLog, clock: ManualClock, walks: ScansTwin
) -> None:
    """In memory at once, and in the log once it is compacted: a start reads two small records."""
    made_up = [f"msg_made_up_{n:040}" for n in range(BULK_IDS)]
    async with at_work(log, clock, walks) as rig, routing(log):
        boss = await rig.organization()
        job_id = await done(rig, boss, made_up)
        shown = await boss.done("GET", f"/v1/jobs/{job_id}")
        job = rig.gateway.jobs.job(job_id)
        assert job is not None
        assert len(repr(job)) < 2_000

        async def is_put_away() -> bool:
            return len(await records(log, JOBS)) == 3

        await until(is_put_away)
    small = await compacted(log, clock)
    found = await records(small, JOBS)
    assert len(found) == 2
    assert sum(len(record.value or b"") for record in found) < 2_000
    assert {record.partition for record in found} == {r.partition for r in await records(log, JOBS)}
    async with at_work(small, clock, walks) as rig:
        boss = await rig.login("shop", "boss", "boss-password")
        assert await boss.done("GET", f"/v1/jobs/{job_id}") == shown
        assert BULK_IDS_AN_HOUR_OF_AGENT == 5 * BULK_IDS  # it still counts for the hour
        for _ in range(4):
            await done(rig, boss, made_up)
        refused = await boss.post(BULK, {"ids": ["msg_1"], "set": {"done": True}})
        assert refused.status_code == 429
        filtered = {"filter": {}, "set": {"done": True}}
        assert (await boss.post(BULK, filtered)).status_code == 429


async def compacted(log: InMemoryLog, clock: ManualClock, without: bytes = b"") -> InMemoryLog:
    """The log as Kafka leaves it: of the jobs, the last record of each key, and no removals. The
    record of the key `without` was too old to be kept."""
    after = InMemoryLog(clock)
    for topic in TOPICS.values():
        found = await records(log, topic)
        last = {(record.partition, record.key): record.offset for record in found}
        for record in found:
            place = record.partition, record.key
            if topic is JOBS and record.key == without:
                continue
            if topic is JOBS and (last[place] != record.offset or record.value is None):
                continue
            key = (record.key or b"").decode()
            await after.append_bytes(
                topic, key, record.value, record.headers, partition=record.partition
            )
    return after


async def test_r9_2_a_job_goes_on_after_compaction_where_it_was(
    log: InMemoryLog, clock: ManualClock, walks: ScansTwin
) -> None:
    ids = walks.add(*(conversation(n) for n in range(2 * SLICE)))
    async with at_work(log, clock, walks) as rig, routing(log) as router:
        router.rests_after = SLICE + 10
        boss = await rig.organization()
        answer = await boss.done("POST", BULK, {"ids": ids, "set": {"done": True}})

        async def rests() -> bool:
            return not router.awake.is_set()

        await until(rests)
    small = await compacted(log, clock)
    async with at_work(small, clock, walks) as rig, routing(small):
        await all_ended(rig, answer["id"])
        job = rig.gateway.jobs.job(answer["id"])
    assert job is not None
    assert job.progress is not None
    assert (job.progress.total, job.progress.done) == (2 * SLICE, 2 * SLICE)


async def test_what_an_older_version_wrote_is_kept_from_compaction(
    log: InMemoryLog, clock: ManualClock, walks: ScansTwin
) -> None:
    """Its progress has the key of the request, which it would take the place of."""
    (thread,) = walks.add(conversation(1))
    request = closing("job_1", clock.now(), ids=(thread,))
    async with at_work(log, clock, walks) as rig:
        await rig.organization()
    await put(log, request)
    await put(log, take_up(begin(request, 1, clock.now()), (thread,)))
    async with at_work(log, clock, walks), routing(log, awake=False):

        async def is_asked_again() -> bool:
            return len(await records(log, JOBS)) == 3

        await until(is_asked_again)
    small = await compacted(log, clock)
    async with at_work(small, clock, walks) as rig, routing(small):
        await all_ended(rig, "job_1")


async def test_r9_6_the_oldest_results_are_forgotten(
    log: InMemoryLog, clock: ManualClock, walks: ScansTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "JOBS_KEPT", 3)
    async with at_work(log, clock, walks) as rig, routing(log):
        boss = await rig.organization()
        made = []
        for _ in range(6):
            made.append(await done(rig, boss, ["msg_none"]))
            clock.advance(timedelta(seconds=1))

        async def three_are_left() -> bool:
            return len((await boss.done("GET", "/v1/jobs"))["items"]) == 3

        await until(three_are_left)
        assert (await boss.get(f"/v1/jobs/{made[0]}")).status_code == 404
        assert (await boss.get(f"/v1/jobs/{made[5]}")).status_code == 200
    assert len(await records(await compacted(log, clock), JOBS)) == 6


async def test_r9_6_a_job_is_put_away_although_its_end_is_news_already(
    log: InMemoryLog, clock: ManualClock, walks: ScansTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gateway reads the job's end while it is still tidying up, and does not interrupt that."""
    append, dealt = kept.Jobs._append, asyncio.Event()
    deal = job_scheduler._Scheduler._deal

    async def append_late(self: kept.Jobs, event: Any, key: str, *parts: str) -> Any:
        if "ended" in parts:
            dealt.clear()
            await dealt.wait()
        return await append(self, event, key, *parts)

    async def deal_and_tell(
        self: job_scheduler._Scheduler, has: frozenset[int], *, news: bool
    ) -> None:
        await deal(self, has, news=news)
        job = self.gateway.jobs.job("job_1")
        if job is not None and job.ended:
            dealt.set()

    monkeypatch.setattr(kept.Jobs, "_append", append_late)
    monkeypatch.setattr(job_scheduler._Scheduler, "_deal", deal_and_tell)
    async with at_work(log, clock, walks) as rig, routing(log):
        await rig.organization()
        await put(log, closing("job_1", clock.now(), ids=("msg_made_up",)))

        async def is_put_away() -> bool:
            return len(await records(log, JOBS)) == 3

        await until(is_put_away)


async def test_r9_2_a_job_of_which_a_part_is_forgotten_is_not_begun_anew(
    log: InMemoryLog, clock: ManualClock, walks: ScansTwin
) -> None:
    """What stands of it selects nothing any more, so that it would be done to all there is."""
    threads = walks.add(*(conversation(n) for n in range(3)))
    async with at_work(log, clock, walks) as rig, routing(log):
        await rig.organization()
        await put(log, closing("job_1", clock.now(), external_id="psid-nobody"))

        async def is_put_away() -> bool:
            return len(await records(log, JOBS)) == 4

        await until(is_put_away)
    walks.asked.clear()
    rest = await compacted(log, clock, without=b"job_1/progress")
    async with at_work(rest, clock, walks) as rig, routing(rest):
        assert rig.gateway.jobs.job("job_1") is None
        await put(rest, closing("job_2", clock.now(), ids=tuple(threads)))
        await all_ended(rig, "job_2")
        assert walks.asked == ["shop"]


async def ended_job(log: InMemoryLog, clock: ManualClock, walks: ScansTwin) -> JobProgressed:
    """A job of three conversations that has come to its end; returns progress of its beginning,
    as a gateway writes it that was frozen since."""
    walks.add(*(conversation(n) for n in range(3)))
    request = closing("job_1", clock.now())
    async with at_work(log, clock, walks) as rig, routing(log):
        await rig.organization()
        await put(log, request)

        async def is_put_away() -> bool:
            return len(await records(log, JOBS)) == 4

        await until(is_put_away)
    walks.asked.clear()
    return begin(request, 3, clock.now())


async def test_r9_2_an_end_is_kept_although_a_frozen_gateway_writes_after_it(
    log: InMemoryLog, clock: ManualClock, walks: ScansTwin
) -> None:
    stale = await ended_job(log, clock, walks)
    await put(log, stale, "job_1/progress")
    async with at_work(log, clock, walks) as rig, routing(log):

        async def is_restated() -> bool:
            return len(await records(log, JOBS)) == 7

        await until(is_restated)
        shown = rig.gateway.jobs.job("job_1")
    small = await compacted(log, clock)
    async with at_work(small, clock, walks) as rig, routing(small):
        assert rig.gateway.jobs.job("job_1") == shown
    assert len(await records(small, JOBS)) == 2
    assert walks.asked == []


@pytest.mark.parametrize("last", ["progress", "request"])
async def test_r9_2_what_a_frozen_gateway_wrote_begins_no_job_again(
    log: InMemoryLog, clock: ManualClock, walks: ScansTwin, last: str
) -> None:
    """Every gateway ended before one of them could write the end again, and compaction removed the
    end. What is left of the request would select all conversations."""
    stale = await ended_job(log, clock, walks)
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
    small = await compacted(log, clock)
    async with at_work(small, clock, walks) as rig, routing(small):
        (other,) = walks.add(conversation(4))
        await put(small, closing("job_2", clock.now(), ids=(other,)))
        await all_ended(rig, "job_2")
        assert rig.gateway.jobs.job("job_1") is None
    assert walks.asked == ["shop"]


async def test_r9_6_of_a_job_its_request_is_forgotten_first(
    log: InMemoryLog, clock: ManualClock, walks: ScansTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway that ends between the two leaves what is no job, and nothing to be begun."""
    monkeypatch.setattr(kept, "JOBS_KEPT", 1)
    async with at_work(log, clock, walks) as rig, routing(log):
        boss = await rig.organization()
        made = await done(rig, boss, ["msg_none"])
        clock.advance(timedelta(seconds=1))
        await done(rig, boss, ["msg_none"])

        async def removals() -> list[str]:
            found = await records(log, JOBS)
            return [(r.key or b"").decode() for r in found if r.value is None]

        async def are_two() -> bool:
            return len(await removals()) == 2

        await until(are_two)
        assert await removals() == [made, made + "/progress"]


async def test_r9_5_a_small_job_waits_for_no_more_than_a_slice_of_a_noisy_shop(
    log: InMemoryLog, clock: ManualClock, walks: ScansTwin
) -> None:
    many = walks.add(*(conversation(n, "noisy") for n in range(20 * SLICE)))
    few = walks.add(conversation(1, "quiet"))
    async with at_work(log, clock, walks) as rig, routing(log) as router:
        noisy, quiet = await rig.organization("noisy"), await rig.organization("quiet")
        router.rests_after = SLICE
        for _ in range(JOBS_OF_AGENT):
            await noisy.done("POST", BULK, {"ids": many, "set": {"done": True}})

        async def rests() -> bool:
            return not router.awake.is_set()

        await until(rests)
        started = len(walks.asked)
        job = await quiet.done("POST", BULK, {"ids": few, "set": {"done": True}})
        router.rests_after = None
        router.awake.set()
        await all_ended(rig, job["id"])
    place = walks.asked.index(OrganizationId("quiet"))
    assert place - started <= 1
    assert len(walks.asked) < 20  # long before the noisy shop is through
