"""The one way in which this process ends itself: at once, with exit code 70 (`EX_SOFTWARE`).

Works around traps 4 and 5 (`TRAPS.md`).
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import structlog

EXIT_CODE = 70
"""Of a process that ended itself: start it again."""

_log = structlog.get_logger(__name__)


def end_process(reason: str, error: BaseException | None = None) -> NoReturn:
    """Log the reason and exit at once, without a commit, a flush or leaving the group.

    What was not acknowledged is not committed, so its input is read again: by this process after
    its restart, or by the worker that takes the partitions over.
    """
    _log.critical("process_ends", reason=reason, exc_info=error)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(EXIT_CODE)


@contextmanager
def fatal_on_error(doing: str) -> Iterator[None]:
    """End the process when an exception escapes the block.

    Traps 4 and 5: Faust acknowledges an event whose agent raised, and loses it. The state in memory
    may be half changed by then as well, so only a new process is correct.
    """
    try:
        yield
    except Exception as error:
        end_process(f"{doing} raised", error)
