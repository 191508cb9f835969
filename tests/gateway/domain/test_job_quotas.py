"""R9.5, R9.6: how many jobs anybody may have, and what is kept of them."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.jobs.job_rig import (
    BULK,
    ScansTwin,
    all_ended,
    closing,
    compact,
    conversation,
    finish_job,
    run_gateway,
)
from gateway.rig import START, records, until
from gateway.router_twin import routing
from tuyen_events.ids import AgentId, ConversationId
from tuyen_events.jobs import HandoverRequested, JobProgressed, JobState
from tuyen_events.limits import (
    BULK_IDS,
    BULK_IDS_AN_HOUR_OF_AGENT,
    JOBS_AN_HOUR_OF_AGENT,
    JOBS_AN_HOUR_OF_ORGANIZATION,
    JOBS_OF_AGENT,
    JOBS_OF_ORGANIZATION,
)
from tuyen_events.topics import JOBS
from tuyen_gateway.domain.job_quotas import refuse_too_many
from tuyen_gateway.domain.jobs import Job, begin_job, complete_job, evolve, size
from tuyen_gateway.errors import TooManyAttemptsError
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog

pytestmark = pytest.mark.usefixtures("jobs_answer_soon")

BINH = AgentId("binh")


async def test_r9_5_an_agent_and_an_organization_have_so_many_jobs_at_a_time(
    log: InMemoryLog, clock: ManualClock, scans: ScansTwin
) -> None:
    (thread,) = scans.add(conversation(1))
    body = {"ids": [thread], "set": {"done": True}}
    async with run_gateway(log, clock, scans) as rig, routing(log, awake=False) as router:
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


def make_job(
    at: timedelta, number: int, by: str = "lan", ids: int = 1, *, by_filter: bool = False
) -> Job:
    """A job that has ended."""
    names = None if by_filter else tuple(ConversationId(f"msg_{n}") for n in range(ids))
    request = closing(f"job_{number}", START + at, ids=names)
    job = Job(request=type(request)(**{**_fields(request), "by": AgentId(by)}))
    last = complete_job(begin_job(job.request, ids, START + at), JobState.DONE, START + at, None)
    last = JobProgressed(**{**_fields(last), "total": ids})
    found = evolve(job, last)
    assert found is not None
    return found


def _fields(event: Any) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__struct_fields__}


@pytest.mark.parametrize(
    ("jobs", "wants", "said"),
    [
        ([make_job(timedelta(), n) for n in range(JOBS_AN_HOUR_OF_AGENT - 1)], 1, None),
        ([make_job(timedelta(), n) for n in range(JOBS_AN_HOUR_OF_AGENT)], 1, "240 jobs within"),
        ([make_job(timedelta(hours=-1), n) for n in range(JOBS_AN_HOUR_OF_AGENT)], 1, None),
        ([make_job(timedelta(), n, "an") for n in range(JOBS_AN_HOUR_OF_AGENT)], 1, None),
        (
            [make_job(timedelta(), n, f"a{n}") for n in range(JOBS_AN_HOUR_OF_ORGANIZATION)],
            1,
            "Your organization has requested 1200 jobs",
        ),
        ([make_job(timedelta(), n, ids=BULK_IDS) for n in range(5)], 1, "changes to 50000 conv"),
        ([make_job(timedelta(), n, ids=BULK_IDS) for n in range(5)], 0, "changes to 50000 conv"),
        ([make_job(timedelta(), n, ids=BULK_IDS) for n in range(4)], BULK_IDS, None),
        (
            [make_job(timedelta(), n, f"a{n}", ids=BULK_IDS) for n in range(20)],
            1,
            "Your organization has requested changes to 200000",
        ),
        ([make_job(timedelta(), 0, ids=10**6, by_filter=True)], 0, "changes to 50000 conv"),
        ([make_job(timedelta(), 0, ids=10**6, by_filter=True)], 1, "changes to 50000 conv"),
        ([make_job(timedelta(), 0, "an", ids=10**6, by_filter=True)], 1, None),
        ([make_job(timedelta(), 0, ids=49_999, by_filter=True)], 0, None),
        (
            [make_job(timedelta(), n, f"a{n}", ids=10**6, by_filter=True) for n in range(4)],
            0,
            "Your organization has requested changes to 200000",
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
    assert size(Job(request=request, progress=begin_job(request, 70, START))) == 70
    leaving = HandoverRequested(
        job_id="job_2",
        organization=request.organization,
        at=START,
        by=request.by,
        agent_id=BINH,
        to=None,
    )
    assert size(Job(request=leaving, progress=begin_job(leaving, 60_000, START))) == 60_000
    with pytest.raises(TooManyAttemptsError, match="changes to 50000"):
        refuse_too_many([Job(request=leaving, progress=begin_job(leaving, 60_000, START))], request)


async def test_r9_6_what_a_job_named_is_given_back_when_it_ends(
    log: InMemoryLog, clock: ManualClock, scans: ScansTwin
) -> None:
    """In memory at once, and in the log once it is compacted: a start reads two small records."""
    made_up = [f"msg_made_up_{n:040}" for n in range(BULK_IDS)]
    async with run_gateway(log, clock, scans) as rig, routing(log):
        boss = await rig.organization()
        job_id = await finish_job(rig, boss, made_up)
        shown = await boss.done("GET", f"/v1/jobs/{job_id}")
        job = rig.gateway.jobs.job(job_id)
        assert job is not None
        assert len(repr(job)) < 2_000

        async def is_put_away() -> bool:
            return len(await records(log, JOBS)) == 3

        await until(is_put_away)
    small = await compact(log, clock)
    found = await records(small, JOBS)
    assert len(found) == 2
    assert sum(len(record.value or b"") for record in found) < 2_000
    assert {record.partition for record in found} == {r.partition for r in await records(log, JOBS)}
    async with run_gateway(small, clock, scans) as rig:
        boss = await rig.login("shop", "boss", "boss-password")
        assert await boss.done("GET", f"/v1/jobs/{job_id}") == shown
        assert BULK_IDS_AN_HOUR_OF_AGENT == 5 * BULK_IDS  # it still counts for the hour
        for _ in range(4):
            await finish_job(rig, boss, made_up)
        refused = await boss.post(BULK, {"ids": ["msg_1"], "set": {"done": True}})
        assert refused.status_code == 429
        filtered = {"filter": {}, "set": {"done": True}}
        assert (await boss.post(BULK, filtered)).status_code == 429
