"""One Kafka and one MongoDB for a whole test run, whatever the number of its processes.

Started when the first test wants them. The process that began the run (under pytest-xdist the
controller, which outlives its workers) owns a directory; the workers find it in the environment.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DIRECTORY = "TUYEN_TEST_SERVERS"
_KEEPER = Path(__file__).with_name("keeper.py")
_POLL_S = 0.05


@contextmanager
def run() -> Iterator[Path]:
    """A test run: servers that are started within it have ended after it, their files too."""
    directory = Path(tempfile.mkdtemp(prefix="tuyen-tests-"))
    os.environ[_DIRECTORY] = str(directory)
    try:
        with _lock(directory / "users", fcntl.LOCK_SH):
            yield directory
    finally:
        with _lock(directory / "keepers", fcntl.LOCK_EX):  # granted when the last keeper ended
            shutil.rmtree(directory, ignore_errors=True)


def address(name: str) -> str:
    """The address of this run's `kafka` or `mongodb`, started now if need be."""
    directory = Path(os.environ[_DIRECTORY])
    published = directory / f"{name}.json"
    with _lock(directory / f"{name}.lock", fcntl.LOCK_EX):
        if not published.exists():
            _start_keeper(name, directory, published)
    return str(json.loads(published.read_text())["address"])


def read_said(directory: Path) -> list[str]:
    """One readable line for each server of the run."""
    return [json.loads(file.read_text())["said"] for file in sorted(directory.glob("*.json"))]


def _start_keeper(name: str, directory: Path, published: Path) -> None:
    log = directory / f"{name}-keeper.log"
    with log.open("wb") as output:
        keeper = subprocess.Popen(
            [sys.executable, str(_KEEPER), name, str(directory)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the run, whose end the keeper sees
        )
    while not published.exists():
        if keeper.poll() is not None:
            raise RuntimeError(f"no {name} for the tests: {log.read_text().strip()}")
        time.sleep(_POLL_S)


@contextmanager
def _lock(path: Path, kind: int) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, kind)
        yield
