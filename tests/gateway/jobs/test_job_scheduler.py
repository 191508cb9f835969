"""R9.5: organizations take turns."""

import pytest

from gateway.jobs.job_rig import BULK, ScansTwin, all_ended, conversation, run_gateway
from gateway.rig import until
from gateway.router_twin import routing
from tuyen_events.ids import OrganizationId
from tuyen_events.limits import JOBS_OF_AGENT
from tuyen_gateway.jobs.job_run import SLICE
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog

pytestmark = pytest.mark.usefixtures("jobs_answer_soon")


async def test_r9_5_a_small_job_waits_for_no_more_than_a_slice_of_a_noisy_shop(
    log: InMemoryLog, clock: ManualClock, scans: ScansTwin
) -> None:
    many = scans.add(*(conversation(n, "noisy") for n in range(20 * SLICE)))
    few = scans.add(conversation(1, "quiet"))
    async with run_gateway(log, clock, scans) as rig, routing(log) as router:
        noisy, quiet = await rig.organization("noisy"), await rig.organization("quiet")
        router.rests_after = SLICE
        for _ in range(JOBS_OF_AGENT):
            await noisy.done("POST", BULK, {"ids": many, "set": {"done": True}})

        async def rests() -> bool:
            return not router.awake.is_set()

        await until(rests)
        started = len(scans.asked)
        job = await quiet.done("POST", BULK, {"ids": few, "set": {"done": True}})
        router.rests_after = None
        router.awake.set()
        await all_ended(rig, job["id"])
    place = scans.asked.index(OrganizationId("quiet"))
    assert place - started <= 1
    assert len(scans.asked) < 20  # long before the noisy shop is through
