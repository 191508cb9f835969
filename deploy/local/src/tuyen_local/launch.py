"""Becomes the command that follows, as a process that dies with the one that started it.

    python -I -S launch.py PARENT_PID COMMAND [ARGUMENT ...]

The kernel sends SIGKILL the moment the starting thread ends, however it ends; no handler in the
parent could promise that for `kill -9`. SIGKILL and not SIGTERM, because the next start in the same
directory may follow at once, and must not meet a server that is still closing its files. What Kafka
and MongoDB acknowledged is in the kernel's hands by then and survives.

A program of its own and not a `preexec_fn`, which runs between fork and exec and can deadlock when
the parent has threads. It imports three modules of the standard library and costs 15 ms.

Exit status 127: there is no such command. On systems other than Linux the command runs without
the promise.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> int:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        return 1  # it died before the kernel was asked
    try:
        os.execvp(command[0], command)  # noqa: S606 - the command is the caller's own
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        return 127


if __name__ == "__main__":
    sys.exit(main())
