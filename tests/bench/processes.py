"""Processes that a benchmark starts, and ends again."""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from tuyen_local.addresses import free_ports

_TESTS = Path(__file__).parent.parent
_SHOWN = 2000
_POLL_S = 0.05
_READY_S = 180.0


@asynccontextmanager
async def running(
    module: str, env: Mapping[str, str], *arguments: str, log: Path | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m module`; ended on leaving. A failure is told with its last words.

    What it says goes to `log`, or nowhere else.
    """
    with tempfile.TemporaryFile("w+b") if log is None else log.open("w+b") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            *arguments,
            env={**os.environ, **env, "PYTHONPATH": str(_TESTS)},
            stdout=output,
            stderr=output,
        )
        try:
            yield process
        except (RuntimeError, TimeoutError, OSError) as error:
            output.seek(0)
            error.add_note(output.read()[-_SHOWN:].decode("utf-8", "replace"))
            raise
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()


def service_env(kafka: str, prefix: str, port: int = 0) -> dict[str, str]:
    """The environment of a service on its own."""
    return {
        "TUYEN_KAFKA": kafka,
        "TUYEN_TOPIC_PREFIX": prefix,
        "TUYEN_PORT": str(port),
        "TUYEN_LOCAL": "1",
    }


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    (port,) = free_ports(1)
    return port


async def ready(port: int, process: asyncio.subprocess.Process) -> float:
    """Waits until the service on `port` says that it is; how long (s) it said that it was not."""
    refused = None
    async with (
        asyncio.timeout(_READY_S),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        while True:
            if process.returncode is not None:
                raise RuntimeError(f"the service ended with {process.returncode}")
            try:
                answer = await client.get("/readyz")
            except httpx.TransportError:
                pass
            else:
                if answer.is_success:
                    return 0.0 if refused is None else time.monotonic() - refused
                refused = refused or time.monotonic()
            await asyncio.sleep(_POLL_S)


def cpu_seconds(pid: int) -> float:
    """What a process, and all its threads, have cost so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    user, system = fields[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def peak_memory(pid: int) -> int:
    """The largest resident set (bytes) that a process has had."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"the system does not tell the memory of {pid}")
