"""The short run of the fault harness, on servers of its own."""

import random
from pathlib import Path

import pytest

from faults import plan
from faults.run import run

SECONDS = 50.0


@pytest.mark.xdist_group("stack")
async def test_nothing_is_lost_twice_or_out_of_turn_whatever_breaks() -> None:
    """R9 and the six invariants; another seed each time, which a failure tells and keeps."""
    seed = random.SystemRandom().randrange(10**6)
    outcome = await run(seed, plan.drawn(seed, SECONDS), Path("var/faults"))
    assert not outcome.broken, f"TUYEN_FAULTS_SEED={seed}: " + "\n".join(outcome.broken)
