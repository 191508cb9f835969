"""Removes attachments that were uploaded but never sent, and the oldest ones of an organization
that has too many.
"""

import asyncio
from datetime import timedelta

import structlog

from tuyen_attachments.ports import Attachments
from tuyen_events.file_limits import UPLOADS_UNUSED_S
from tuyen_gateway.gateway import Gateway
from tuyen_platform.retry import retry

_EVERY_S = 3600.0
_UNUSED = timedelta(seconds=UPLOADS_UNUSED_S)
_GIB = 1024**3

_log = structlog.get_logger()


async def remove_outdated(gateway: Gateway, store: Attachments) -> None:
    """Looks once an hour, until cancelled. Several gateways may do it at once: what one has
    removed, the others do not find."""
    while True:
        await retry(lambda: remove_once(gateway, store), log_as="attachments_wait")
        await asyncio.sleep(_EVERY_S)


async def remove_once(gateway: Gateway, store: Attachments) -> None:
    """Removes what is outdated by now."""
    unused = await store.remove_unused(gateway.clock.now() - _UNUSED)
    oldest = await store.remove_oldest(round(gateway.settings.attachment_gb * _GIB))
    if unused or oldest:
        _log.info("attachments_removed", unused=unused, oldest=oldest)
