"""Rebuilds the contacts' view from the log: `python -m tuyen_crm.rebuild`.

Stop the CRM first: a running one would continue from where it was, and the view would miss what
came before. If a CRM still runs, the command notices and changes nothing; if one starts
meanwhile, the command notices as well, and must be run again.

Decides O4.
"""

import asyncio
import sys
from functools import partial

import structlog

from tuyen_crm.bootstrap import VIEW_GROUP, Crm, compose
from tuyen_crm.identity import SERVICE
from tuyen_crm.ports import RequireStopped
from tuyen_crm.settings import CrmSettings
from tuyen_events.topics import CONTACTS
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.groups import StillRunningError, require_stopped
from tuyen_platform.logging import configure_logging
from tuyen_platform.mongodb import connect
from tuyen_platform.projection import has_folded_up_to

_POLL_S = 0.1

_log = structlog.get_logger()


async def rebuild(crm: Crm, stopped: RequireStopped) -> None:
    """Drops the view, and returns once it shows again everything that was in the log at the start.
    Safe to repeat after an interruption.

    `stopped` raises StillRunningError while a CRM runs: nothing is changed before it returns, and
    the rebuild is not finished while it raises.
    """
    await stopped()
    ends = {(CONTACTS.name, p): end for p, end in (await crm.log.end_offsets(CONTACTS)).items()}
    await crm.positions.forget()
    await crm.view.drop()
    await stopped()
    async with asyncio.TaskGroup() as tasks:
        projecting = tasks.create_task(crm.project())
        while not await has_folded_up_to(crm.positions, ends):  # noqa: ASYNC110 - MongoDB cannot notify
            await asyncio.sleep(_POLL_S)
        projecting.cancel()
    await stopped()
    _log.info("view_rebuilt", events=sum(ends.values()))


async def main(settings: CrmSettings) -> None:
    group = settings.topic_prefix + VIEW_GROUP
    stopped = partial(require_stopped, settings.kafka, group, "a CRM")
    async with KafkaLog(settings.kafka, settings.topic_prefix) as log:
        await rebuild(compose(log, connect(settings.mongodb, settings.database)), stopped)


if __name__ == "__main__":
    _settings = CrmSettings()
    configure_logging(SERVICE, _settings.log_format)
    try:
        asyncio.run(main(_settings))
    except StillRunningError as error:
        sys.exit(str(error))
