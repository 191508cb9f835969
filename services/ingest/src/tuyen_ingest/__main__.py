"""Runs ingest: `python -m tuyen_ingest`."""

import asyncio
import gc

from tuyen_ingest.bootstrap import compose
from tuyen_ingest.settings import IngestSettings
from tuyen_platform.clock import SystemClock
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.logging import configure_logging
from tuyen_platform.process import run, serve_service

_GC_THRESHOLDS = (20_000, 20, 100)
"""A request leaves no reference cycles: collecting as often as Python does by default costs a tenth
of the CPU time."""


async def main(settings: IngestSettings, stopping: asyncio.Event) -> None:
    """Serves until `stopping` is set."""
    async with KafkaLog(settings.kafka, settings.topic_prefix, linger_ms=5) as log:
        ingest = compose(settings, log, SystemClock())
        async with asyncio.TaskGroup() as tasks:
            copies = [tasks.create_task(copy.run()) for copy in ingest.copies]
            await serve_service(ingest.app, ingest.health, settings, stopping)
            for copy in copies:
                copy.cancel()


if __name__ == "__main__":
    _settings = IngestSettings()
    configure_logging("ingest", _settings.log_format)
    gc.set_threshold(*_GC_THRESHOLDS)
    run(lambda stopping: main(_settings, stopping))
