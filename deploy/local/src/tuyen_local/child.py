"""A child process: its output in a file, its end certain."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_LAUNCHER = Path(__file__).with_name("launch.py")


class Child:
    """A running command that cannot outlive this process (see `launch.py`).

    It has a session of its own, so that Ctrl-C reaches this process alone, which then ends its
    children in the right order.
    """

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self.log = log

    @classmethod
    async def start(
        cls, argv: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None
    ) -> "Child":
        """Starts `argv`, appending its output to `log`. `env` is the whole environment.

        Must be called from the thread that lives as long as the child should: the main thread.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                "-S",
                str(_LAUNCHER),
                str(os.getpid()),
                *argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                env=env,
                start_new_session=True,
            )
        return cls(process, log)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs; minus the signal's number when a signal ended it."""
        return self._process.returncode

    async def wait(self) -> int:
        return await self._process.wait()

    def send(self, number: int) -> None:
        """Sends a signal; does nothing when the child has ended."""
        if self.returncode is None:
            self._process.send_signal(number)

    async def stop(self, grace_s: float) -> None:
        """SIGTERM, and SIGKILL `grace_s` seconds later, also when the caller is cancelled."""
        self.send(signal.SIGTERM)
        try:
            async with asyncio.timeout(grace_s):
                await self.wait()
        except TimeoutError:
            pass
        finally:
            self.send(signal.SIGKILL)
        await self.wait()

    def last_words(self, lines: int = 3) -> str:
        """The end of its log on one line, for an error message."""
        text = self.log.read_text(encoding="utf-8", errors="replace").strip()
        return " | ".join(text.splitlines()[-lines:])
