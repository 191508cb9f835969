"""What a reader does with a record that it cannot read: nothing is passed by in silence."""

from datetime import UTC, datetime

import structlog

from tuyen_events.dead_letters import DeadLettered
from tuyen_events.event import Envelope
from tuyen_events.ids import event_id
from tuyen_events.topics import DEAD_LETTERS
from tuyen_platform import metrics
from tuyen_platform.kafka.ports import Log, Record

_PAYLOAD_CHARACTERS = 65_536

_log = structlog.get_logger()


async def bury(log: Log, record: Record, service: str, reason: str) -> None:
    """Writes `record` to the dead letters of `service`; of a long one the beginning, since all of
    it stands where `delivery_id` says. Doing it again writes the same event again."""
    place = f"{record.topic}/{record.partition}/{record.offset}"
    moment = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    letter = DeadLettered(
        service=service,
        origin=record.topic,
        delivery_id=place,
        error=reason,
        payload=(record.value or b"").decode("utf-8", "replace")[:_PAYLOAD_CHARACTERS],
        at=moment,
    )
    identity = event_id("dead_letter", service, place)
    envelope = Envelope(id=identity, source=service, subject=place, time=moment, data=letter)
    await log.append(DEAD_LETTERS, (record.key or b"").decode("utf-8", "replace"), envelope)
    metrics.DEAD_LETTERS.labels(service).inc()
    _log.error("unreadable_record_buried", record=place, error=reason)


def skip(record: Record, service: str, reason: str) -> None:
    """Counts a well-formed event of a type that this version does not know."""
    metrics.SKIPPED_EVENTS.labels(service, record.topic).inc()
    place = f"{record.topic}/{record.partition}/{record.offset}"
    _log.warning("unknown_event_skipped", record=place, error=reason)
