"""`python -m tuyen_gateway.sheet_work DESCRIPTOR SECONDS BYTES`: carries out the task on its
standard input with the file that is open at the descriptor, and writes the output to its standard
output.

It ends with status 0, or with REFUSED and a sentence for users on its standard error. Before it
reads anything, its time at a processor and its memory are limited.
"""

import os
import resource
import sys
from contextlib import suppress
from pathlib import Path

import msgspec

from tuyen_gateway.sheet_work.status import REFUSED, TOO_MUCH
from tuyen_gateway.sheet_work.tasks import SheetTask, work_on_sheet
from tuyen_gateway.sheets.rows import UnreadableSheetError

_BEHIND = 10
"""How much later than a gateway it gets the processor, as `nice` counts."""


def run_task(descriptor: int) -> str | None:
    """Returns why the task cannot be carried out, or None once it is."""
    task: SheetTask = msgspec.json.decode(sys.stdin.buffer.read(), type=SheetTask)
    try:
        with os.fdopen(descriptor, "rb") as file:
            work_on_sheet(task, file, sys.stdout.buffer)
            sys.stdout.buffer.flush()
    except UnreadableSheetError as error:
        return str(error)
    except MemoryError:
        return TOO_MUCH
    return None


def limit_process(cpu_s: int, memory_bytes: int) -> None:
    os.nice(_BEHIND)
    _die_first()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def _die_first() -> None:
    """If the machine's memory is used up, Linux ends this process and not the gateway."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


if __name__ == "__main__":
    opened, *limits = map(int, sys.argv[1:])
    limit_process(*limits)
    refusal = run_task(opened)
    if refusal is not None:
        sys.stderr.write(refusal)
        sys.exit(REFUSED)
