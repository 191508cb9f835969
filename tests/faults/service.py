"""Runs a service whose clock can be set: `python -P service.py tuyen_router`.

The service is the product's own, module for module; its clock port alone is replaced, by the
machine's time plus the seconds in the file that `TUYEN_FAULTS_CLOCK` names. Kafka's timeouts and
asyncio's own clock go on as they are, as they do when an operator sets a machine's time.
"""

import os
import runpy
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tuyen_platform.clock import SystemClock

_FILE = Path(os.environ["TUYEN_FAULTS_CLOCK"])


def now(_: SystemClock) -> datetime:
    """The present moment, in UTC, as the machine of this service has it."""
    return datetime.now(UTC) + timedelta(seconds=float(_FILE.read_text()))


if __name__ == "__main__":
    SystemClock.now = now  # type: ignore[assignment,method-assign]  # the one seam of this program
    runpy.run_module(sys.argv[1], run_name="__main__", alter_sys=True)
