"""Processes that a benchmark starts, and ends again."""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tuyen_local.addresses import free_ports

_TESTS = Path(__file__).parent.parent
_SHOWN = 2000


@asynccontextmanager
async def running(
    module: str, env: Mapping[str, str], *arguments: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m module`; ended on leaving. A failure is told with its last words."""
    with tempfile.TemporaryFile("w+b") as output:
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


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    (port,) = free_ports(1)
    return port
