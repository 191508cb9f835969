"""One stack per data directory."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tuyen_local.errors import CannotStart


@contextmanager
def held(directory: Path) -> Iterator[None]:
    """Holds the directory for this process; CannotStart when another one has it.

    The kernel releases it when the process ends, however it ends.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise CannotStart(
                f"the stack runs already in {directory} (process {file.read().strip()}): "
                "end it, or choose another TUYEN_DATA_DIR"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
