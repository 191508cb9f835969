"""Runs presence: `python -m tuyen_presence`."""

import asyncio

from tuyen_platform.clock import SystemClock
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.logging import configure_logging
from tuyen_platform.process import run, serve_service
from tuyen_platform.settings import ServiceSettings
from tuyen_presence.bootstrap import compose
from tuyen_presence.worker import SERVICE


async def main(settings: ServiceSettings, stopping: asyncio.Event) -> None:
    """Serves until `stopping` is set."""
    async with KafkaLog(settings.kafka, settings.topic_prefix) as log:
        service = compose(log, SystemClock())
        async with asyncio.TaskGroup() as tasks:
            worker = tasks.create_task(service.worker.run())
            await serve_service(service.app, service.health, settings, stopping)
            worker.cancel()


if __name__ == "__main__":
    _settings = ServiceSettings()
    configure_logging(SERVICE, _settings.log_format)
    run(lambda stopping: main(_settings, stopping))
