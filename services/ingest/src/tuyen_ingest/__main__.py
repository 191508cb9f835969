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
"""A request leaves no cycles behind: looking for them as often as Python does by default costs a
tenth of the processor time."""


async def main(settings: IngestSettings, stopping: asyncio.Event) -> None:
    """Serves until told to stop."""
    async with KafkaLog(settings.kafka, settings.topic_prefix, linger_ms=5) as log:
        ingest = compose(settings, log, SystemClock())
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(copy.run()) for copy in ingest.copies]
            running.append(tasks.create_task(ingest.forgetting.run()))
            await serve_service(ingest.app, ingest.health, settings, stopping)
            for task in running:
                task.cancel()


if __name__ == "__main__":
    _settings = IngestSettings()
    configure_logging("ingest", _settings.log_format)
    gc.set_threshold(*_GC_THRESHOLDS)
    run(lambda stopping: main(_settings, stopping))
