"""Keeps processes running: starts again what dies, and ends everything together."""

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tuyen_local.child import Child


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What is kept running. `env` is the whole environment; output is appended to `log`. It has
    `grace_s` seconds to end after SIGTERM."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    grace_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds before a restart: `first_s`, doubled with each death in a row, at most `longest_s`.

    A process that lived for `forgiven_after_s` starts over at `first_s`.
    """

    first_s: float = 0.5
    longest_s: float = 30.0
    forgiven_after_s: float = 60.0

    def delay_s(self, deaths: int) -> float:
        """The wait after so many deaths in a row, from 1."""
        return min(self.longest_s, self.first_s * 2.0 ** min(deaths - 1, 32))


class Supervisor:
    """Owns its processes and the tasks that watch them; all end in `stop`.

    `say` is given a line for each death, and one for each start after it.
    """

    def __init__(self, say: Callable[[str], None], *, backoff: Backoff | None = None) -> None:
        self._say = say
        self._backoff = backoff or Backoff()
        self._children: dict[str, Child] = {}
        self._grace_s: dict[str, float] = {}
        self._watchers: dict[str, asyncio.Task[None]] = {}

    async def start(self, program: Program) -> None:
        """Starts `program` and keeps it running. Names are unique."""
        if program.name in self._watchers:
            raise ValueError(f"{program.name} is kept running already")
        self._children[program.name] = await _spawn(program)
        self._grace_s[program.name] = program.grace_s
        self._watchers[program.name] = asyncio.create_task(
            self._watch(program), name=f"keep {program.name} running"
        )

    def pid(self, name: str) -> int:
        """The process's id; that of the last one, while it waits to be started again."""
        return self._children[name].pid

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Sends a signal to the process; when it dies of it, it is started again."""
        self._children[name].send(number)

    def running(self, name: str) -> bool:
        return self._children[name].returncode is None

    async def stop(self) -> None:
        """Ends all at once: SIGTERM, and SIGKILL for what is left after the grace period."""
        watchers = list(self._watchers.values())
        self._watchers.clear()
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)
        await asyncio.gather(
            *(child.stop(self._grace_s[name]) for name, child in self._children.items())
        )

    async def _watch(self, program: Program) -> None:
        loop = asyncio.get_running_loop()
        deaths = 0
        while True:
            child, started = self._children[program.name], loop.time()
            status = await child.wait()
            lived_s = loop.time() - started
            deaths = 1 if lived_s >= self._backoff.forgiven_after_s else deaths + 1
            delay_s = self._backoff.delay_s(deaths)
            self._say(
                f"{program.name} (process {child.pid}) {_ending(status)}; "
                f"starting it again in {delay_s:g} s; its log: {program.log}"
            )
            await asyncio.sleep(delay_s)
            child = self._children[program.name] = await _spawn(program)
            self._say(f"{program.name} runs again as process {child.pid}")


async def _spawn(program: Program) -> Child:
    return await Child.start(program.argv, log=program.log, env=program.env)


def _ending(status: int) -> str:
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with status {status}"
