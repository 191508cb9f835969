"""Runs the CRM: `python -m tuyen_crm`."""

import asyncio

from tuyen_crm.bootstrap import compose
from tuyen_crm.settings import CrmSettings
from tuyen_crm.worker import SERVICE
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.logging import configure_logging
from tuyen_platform.mongodb import connect
from tuyen_platform.process import run, serve_service


async def main(settings: CrmSettings, stopping: asyncio.Event) -> None:
    """Serves until `stopping` is set."""
    async with KafkaLog(settings.kafka, settings.topic_prefix, linger_ms=5) as log:
        crm = compose(log, connect(settings.mongodb, settings.database))
        async with asyncio.TaskGroup() as tasks:
            loops = [tasks.create_task(crm.worker.run()), tasks.create_task(crm.project())]
            await serve_service(crm.app, crm.health, settings, stopping)
            for loop in loops:
                loop.cancel()


if __name__ == "__main__":
    _settings = CrmSettings()
    configure_logging(SERVICE, _settings.log_format)
    run(lambda stopping: main(_settings, stopping))
