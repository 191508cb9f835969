"""What ingest does not start without."""

import pytest

from ingest.rig import START, settings
from tuyen_ingest.bootstrap import build
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog


def test_l4_ingest_does_not_start_without_a_place_for_visitors_threads() -> None:
    with pytest.raises(ValueError, match="TUYEN_MONGODB"):
        build(settings(), InMemoryLog(), ManualClock(START))
