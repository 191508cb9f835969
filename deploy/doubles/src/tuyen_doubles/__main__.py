"""Runs the channel doubles: `python -m tuyen_doubles`."""

import asyncio

from tuyen_doubles.bootstrap import build
from tuyen_doubles.serving import serve_doubles
from tuyen_doubles.settings import DoublesSettings
from tuyen_platform.clock import SystemClock
from tuyen_platform.logging import configure_logging
from tuyen_platform.process import run


def main() -> None:
    settings = DoublesSettings()
    configure_logging("doubles", settings.log_format)

    async def serve(stopping: asyncio.Event) -> None:
        await serve_doubles(build(settings, SystemClock()), settings, stopping)

    run(serve)


if __name__ == "__main__":
    main()
