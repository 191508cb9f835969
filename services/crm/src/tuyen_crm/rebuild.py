"""Rebuilds the contacts' view from the log: `python -m tuyen_crm.rebuild`.

Stop the CRM first: a running one would continue from where it was, and the view would miss what
came before. If a CRM still has partitions, the command notices and changes nothing. After a kill,
Kafka takes 10 s to notice that a member is gone.

Decides O4.
"""

import asyncio
import sys

import structlog

from tuyen_crm.bootstrap import VIEW_GROUP, Crm, compose
from tuyen_crm.settings import CrmSettings
from tuyen_crm.worker import SERVICE
from tuyen_events.topics import CONTACTS
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.ports import Log
from tuyen_platform.logging import configure_logging
from tuyen_platform.mongodb import connect
from tuyen_platform.projection import folded_up_to

_POLL_S = 0.1

_log = structlog.get_logger()


class StillRunningError(RuntimeError):
    """Another process is folding the view."""


async def rebuild(crm: Crm) -> None:
    """Drops the view and returns when it shows everything that was in the log at the start. Can be
    repeated if it was interrupted. Raises StillRunningError."""
    if not await _alone(crm.log):
        raise StillRunningError("a CRM is running and folds the contacts: stop it first")
    ends = {(CONTACTS.name, p): end for p, end in (await crm.log.end_offsets(CONTACTS)).items()}
    await crm.positions.forget()
    await crm.view.drop()
    async with asyncio.TaskGroup() as tasks:
        projecting = tasks.create_task(crm.project())
        while not await folded_up_to(crm.positions, ends):  # noqa: ASYNC110 - MongoDB cannot notify
            await asyncio.sleep(_POLL_S)
        projecting.cancel()
    _log.info("view_rebuilt", events=sum(ends.values()))


async def _alone(log: Log) -> bool:
    async with log.subscribe(CONTACTS, group=VIEW_GROUP) as member:
        async for _ in member.batches():
            if held := member.partitions():
                return len(held) == CONTACTS.partitions
    return False


async def main(settings: CrmSettings) -> None:
    async with KafkaLog(settings.kafka, settings.topic_prefix) as log:
        await rebuild(compose(log, connect(settings.mongodb, settings.database)))


if __name__ == "__main__":
    _settings = CrmSettings()
    configure_logging(SERVICE, _settings.log_format)
    try:
        asyncio.run(main(_settings))
    except StillRunningError as error:
        sys.exit(str(error))
