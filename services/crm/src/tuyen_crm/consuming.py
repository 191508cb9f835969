"""The loop and the error handling of the CRM's two consumers."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from tuyen_events.codec import UnknownTypeError, UnreadableEventError, decode
from tuyen_events.event import Envelope
from tuyen_platform.blame import is_the_records
from tuyen_platform.dead_letters import put_aside, send_to_dead_letters, skip
from tuyen_platform.kafka.ports import Log, LogUnavailableError, Record
from tuyen_platform.projection import ProjectionStatus

SERVICE = "crm"
SOURCE = "tuyen/crm"

_RETRY_S = 1.0

_log = structlog.get_logger()


async def follow_for_ever(
    follow: Callable[[], Awaitable[None]], status: ProjectionStatus, name: str
) -> None:
    """Calls `follow` until cancelled. While Kafka is unavailable it waits, and then calls it
    again."""
    while True:
        try:
            await follow()
        except LogUnavailableError as error:
            status.waiting(str(error))
            _log.warning("crm_waits", consumer=name, error=str(error), wait_s=_RETRY_S)
            await asyncio.sleep(_RETRY_S)


async def read(log: Log, record: Record) -> Envelope | None:
    """The event in a record. Returns None for a record without one: a removal, a type that this
    version does not know, or a record that cannot be decoded and goes to the dead letters (P4)."""
    if record.value is None:
        return None
    try:
        return decode(record.headers, record.value)
    except UnknownTypeError as error:
        skip(record, SERVICE, error.reason)
    except UnreadableEventError as error:
        await send_to_dead_letters(log, record, SERVICE, error.reason)
    return None


async def reject_or_raise(log: Log, record: Record, error: Exception) -> None:
    """Sends a record to the dead letters if the record itself caused `error` (R9.5). Raises an
    error that the environment caused: the record is then redelivered."""
    if not is_the_records(error):
        raise error
    await put_aside(log, record, SERVICE, error)
