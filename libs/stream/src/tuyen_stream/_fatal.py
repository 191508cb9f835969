"""The one way in which this process ends itself: crash-only, exit code 70 (`EX_SOFTWARE`)."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import structlog

EXIT_CODE = 70

_log = structlog.get_logger(__name__)


def end_process(reason: str, error: BaseException | None = None) -> NoReturn:
    """Log the reason and leave at once, without a commit, a flush or a farewell to the group.

    What was not acknowledged is not committed, so its events come again: to this process after
    its restart, or to the worker that takes the partitions over.
    """
    _log.critical("router_process_ends", reason=reason, exc_info=error)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(EXIT_CODE)


@contextmanager
def fatal_on_error(doing: str) -> Iterator[None]:
    """End the process when anything escapes the block.

    Traps 4 and 5: Faust acknowledges an event whose agent raised, and loses it. State in memory
    may be half changed by then as well, so nothing but a new process is right.
    """
    try:
        yield
    except Exception as error:
        end_process(f"{doing} raised", error)
