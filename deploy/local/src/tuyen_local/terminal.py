"""Ctrl-C, when this program runs below `make`."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def alone_in_the_foreground() -> Iterator[None]:
    """Ctrl-C reaches this process and not the `make` and `uv` that started it.

    The terminal interrupts the whole foreground process group, and GNU make, once interrupted,
    ends with an error whatever its command answers. So this process takes the foreground for a
    group of its own, and gives it back at the end. Ctrl-Z, which would stop this process while
    make and the shell go on waiting, is ignored meanwhile. Without a terminal nothing changes.
    """
    if not sys.stdin.isatty() or os.getpgrp() == os.getpid():
        yield
        return
    terminal = sys.stdin.fileno()
    former = os.getpgrp()
    if os.tcgetpgrp(terminal) != former:
        yield  # in the background: the foreground is not ours to take
        return
    for number in (signal.SIGTTOU, signal.SIGTSTP):
        signal.signal(number, signal.SIG_IGN)
    os.setpgid(0, 0)
    os.tcsetpgrp(terminal, os.getpgrp())
    try:
        yield
    finally:
        os.tcsetpgrp(terminal, former)
