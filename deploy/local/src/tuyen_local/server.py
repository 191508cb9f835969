"""A server that the stack stands on, and the three ways to come by one."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from tuyen_local.addresses import until
from tuyen_local.child import Child
from tuyen_local.containers import engine_answers

GRACE_S = 3.5
"""How long a server may take to close its files before it is killed."""
_DEADLINE_S = 180.0
"""For a machine that has much else to do: one that ends is noticed at once."""


class ServerOrigin(StrEnum):
    """Where a server comes from, in the order of preference."""

    NAMED = "named"
    CONTAINER = "container"
    PROCESS = "process"


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers. `stop` ends it if it was started here, soon after `GRACE_S`."""

    address: str
    """What clients are given: bootstrap servers, or a connection string."""
    origin: ServerOrigin
    said: str
    """One readable line: what it is and where it comes from."""
    stop: Callable[[], Awaitable[None]]
    pid: int | None = None
    """Of the process that was started here; None for a container, or one that was named."""


class ServerKind(Protocol):
    """How one kind of server comes about; the modules `kafka` and `mongodb` are the two kinds.

    Each function returns once the server takes writes. What is started has its data below
    `directory` and listens on a free port of 127.0.0.1; a later start in the same directory goes
    on with the same data. All raise CannotStart.
    """

    async def find_server(self, address: str) -> Server: ...

    async def container(self, directory: Path) -> Server: ...

    async def process(self, directory: Path, logs: Path) -> Server: ...


async def start(
    kind: ServerKind,
    directory: Path,
    logs: Path,
    named: str | None = None,
    engine: Callable[[], bool] = engine_answers,
) -> Server:
    """A server that is named is used as it is; else a container, where an engine answers."""
    if named:
        return await kind.find_server(named)
    place = _made(directory)
    if await asyncio.to_thread(engine):
        return await kind.container(place)
    return await kind.process(place, logs)


def _made(directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    return directory.resolve()


async def once_it_answers(
    server: Server, answers: Callable[[], Awaitable[bool]], child: Child | None = None
) -> Server:
    """`server` when `answers` says so; stopped again when it ends before, or when cancelled."""

    def find_end() -> str | None:
        return None if child is None or child.returncode is None else child.last_words()

    try:
        await until(answers, find_end, server.said, _DEADLINE_S)
    except BaseException:
        await server.stop()
        raise
    return server


async def nothing() -> None:
    """How a server is stopped that was not started here: not at all."""
