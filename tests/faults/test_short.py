"""The short run of the fault harness, on servers of its own."""

import random
from pathlib import Path

import pytest

from faults import plan
from faults.run import run

SECONDS = 50.0


@pytest.mark.xdist_group("stack")
async def test_r9_inv1_inv2_inv3_inv4_inv5_inv6_whatever_breaks() -> None:
    """R9 and INV1 to INV6; another seed each time, which a failure tells and keeps."""
    seed = random.SystemRandom().randrange(10**6)
    outcome = await run(seed, plan.draw_plan(seed, SECONDS), Path("var/faults"))
    assert not outcome.broken, f"TUYEN_FAULTS_SEED={seed}: " + "\n".join(outcome.broken)
