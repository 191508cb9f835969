"""Servers in containers, where a Docker engine answers on this machine."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tuyen_local.addresses import HOST
from tuyen_local.errors import CannotStart

_PROBE_S = 1.0
_DIRECTORY = "/tuyen"
"""Where a server's data directory is seen inside its container."""


def engine_answers() -> bool:
    """Whether a Docker engine answers on a local socket; a client without an engine is none.

    An engine on another machine (`DOCKER_HOST=tcp://...`) is no help: it sees neither this
    machine's data directory nor its loopback addresses. At most a second for each socket; the one
    that answers is left in `DOCKER_HOST` for the client.
    """
    for path in _sockets():
        if _pings(path):
            os.environ["DOCKER_HOST"] = f"unix://{path}"
            return True
    return False


def _sockets() -> list[str]:
    named = os.environ.get("DOCKER_HOST")
    if named:
        return [named.removeprefix("unix://")] if named.startswith("unix://") else []
    return [
        "/var/run/docker.sock",
        f"{os.environ.get('XDG_RUNTIME_DIR', '/run')}/docker.sock",
        str(Path.home() / ".docker/run/docker.sock"),
    ]


def _pings(path: str) -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as engine:
        engine.settimeout(_PROBE_S)
        engine.connect(path)
        engine.sendall(b"GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n")
        return b" 200 " in engine.recv(1024).split(b"\r\n")[0]
    return False


class Container:
    """A server in a container, seen from this machine on 127.0.0.1 and the same port.

    Its files are the data directory's, owned by this user, so that data survives the container.
    Testcontainers' reaper removes the container when this process dies.
    """

    def __init__(self, handle: Any) -> None:
        self._handle = handle  # testcontainers publishes no types

    @classmethod
    async def start(
        cls,
        image: str,
        argv: Sequence[str],
        *,
        port: int,
        directory: Path,
        env: Mapping[str, str] | None = None,
    ) -> "Container":
        """`argv` is the whole command; `directory` is `Container.path()` inside."""

        # Half a second of imports that most starts can do without.
        from docker.errors import (  # type: ignore[import-untyped]  # noqa: PLC0415 - see above
            DockerException,
        )
        from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - see above

        def create() -> Any:
            container = DockerContainer(image).with_envs(**(env or {}))
            container.with_volume_mapping(str(directory), _DIRECTORY, "rw")
            container.with_command(list(argv[1:]))
            container.with_kwargs(entrypoint=list(argv[:1]), user=f"{os.getuid()}:{os.getgid()}")
            container.ports[f"{port}/tcp"] = (HOST, port)
            return container.start()

        try:
            return cls(await asyncio.to_thread(create))
        except DockerException as error:
            raise CannotStart(f"Docker answers but cannot run {image}: {error}") from error

    @staticmethod
    def path() -> Path:
        return Path(_DIRECTORY)

    async def stop(self, grace_s: float) -> None:
        def end() -> None:
            self._handle.get_wrapped_container().stop(timeout=int(grace_s))
            self._handle.stop()

        await asyncio.to_thread(end)
