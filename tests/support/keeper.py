"""Keeps one server for a test run: `python keeper.py kafka|mongodb DIRECTORY`.

The run holds a shared lock on `DIRECTORY/users`. This process waits for the exclusive one, which
the kernel grants once the run has ended, however it ended; then it stops the server.
"""

import asyncio
import fcntl
import json
import shutil
import sys
from pathlib import Path

from tuyen_local import kafka, mongodb, server
from tuyen_local.settings import Settings

KINDS: dict[str, server.ServerKind] = {"kafka": kafka, "mongodb": mongodb}


def _wait_for_the_end_of_the_run(directory: Path) -> None:
    with (directory / "users").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_EX)


def _publish(directory: Path, name: str, started: server.Server) -> None:
    unfinished = directory / f"{name}.new"
    unfinished.write_text(json.dumps({"address": started.address, "said": started.said}))
    unfinished.rename(directory / f"{name}.json")


async def main(name: str, directory: Path) -> None:
    settings = Settings(_env_file=None)
    named = {"kafka": settings.kafka, "mongodb": settings.mongodb}[name]
    started = await server.start(KINDS[name], directory / name, directory, named)
    try:
        _publish(directory, name, started)
        await asyncio.to_thread(_wait_for_the_end_of_the_run, directory)
    finally:
        await started.stop()
        shutil.rmtree(directory / name, ignore_errors=True)


if __name__ == "__main__":
    with (Path(sys.argv[2]) / "keepers").open("w") as alive:
        fcntl.flock(alive, fcntl.LOCK_SH)
        asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
