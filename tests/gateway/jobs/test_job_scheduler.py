"""R9.5: organizations take turns."""

from collections.abc import Sequence

import pytest

from gateway.jobs.job_rig import ScansTwin, at_work, conversation
from gateway.rig import Rig, User, until
from gateway.router_twin import routing
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.limits import JOBS_OF_AGENT
from tuyen_gateway.api import jobs as routes
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
