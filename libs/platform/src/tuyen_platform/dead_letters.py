"""What a reader does with a record that it cannot read: nothing is passed by in silence."""

import traceback
from datetime import UTC, datetime

import msgspec
import structlog

from tuyen_events.codec import encode_data
from tuyen_events.dead_letters import DeadLettered
from tuyen_events.event import Envelope
from tuyen_events.ids import event_id
from tuyen_events.limits import DEAD_LETTER_BYTES
from tuyen_events.topics import DEAD_LETTERS
from tuyen_platform import metrics
from tuyen_platform.kafka.ports import Log, Record

_PAYLOAD_CHARACTERS = 65_536
_KEY_CHARACTERS = 1_024
_REASON_CHARACTERS = 1_000
"""An error may show the whole document that it speaks of."""
_FRAMES = 12

_log = structlog.get_logger()


def within_bounds(letter: DeadLettered) -> DeadLettered:
    """The letter so that the log takes it: of a reason or a payload that is too long the beginning,
    measured as it is written, since writing may make six bytes of one."""
    letter = msgspec.structs.replace(letter, error=_printable(letter.error))
    while (size := len(encode_data(letter))) > DEAD_LETTER_BYTES and letter.payload:
        kept = len(letter.payload) * DEAD_LETTER_BYTES // size
        letter = msgspec.structs.replace(letter, payload=letter.payload[:kept])
    return letter


async def send_to_dead_letters(log: Log, record: Record, service: str, reason: str) -> None:
    """Writes `record` to the dead letters of `service`; of a long one the beginning, since all of
    it stands where `delivery_id` says. Doing it again writes the same event again. Whatever the
    record and the reason hold, the letter can be written."""
    reason = _printable(reason)
    place = _place(record)
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
    envelope = Envelope(
        id=identity, source=service, subject=place, time=moment, data=within_bounds(letter)
    )
    key = (record.key or b"").decode("utf-8", "replace")[:_KEY_CHARACTERS]
    await log.append(DEAD_LETTERS, key, envelope)
    metrics.DEAD_LETTERS.labels(service).inc()
    _log.error("unreadable_record_buried", record=place, error=reason)


async def put_aside(log: Log, record: Record, service: str, error: Exception) -> None:
    """Buries a record that raised what nobody expected, and logs where it was raised.

    The error as a whole is shown nowhere: MongoDB's show the document that they speak of.
    """
    told = reason_of(error)
    _log.error("record_put_aside", record=_place(record), error=told, raised_at=raised_at(error))
    await send_to_dead_letters(log, record, service, told)


def reason_of(error: Exception) -> str:
    """An unexpected error in the words of a dead letter."""
    return _printable(f"{type(error).__name__}: {error}")


def raised_at(error: Exception) -> list[str]:
    """The calls that led to an error, without what it says."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


def _printable(reason: str) -> str:
    return reason[:_REASON_CHARACTERS].encode("utf-8", "backslashreplace").decode()


def _place(record: Record) -> str:
    return f"{record.topic}/{record.partition}/{record.offset}"


def skip(record: Record, service: str, reason: str) -> None:
    """Counts a well-formed event of a type that this version does not know."""
    metrics.SKIPPED_EVENTS.labels(service, record.topic).inc()
    _log.warning("unknown_event_skipped", record=_place(record), error=reason)
