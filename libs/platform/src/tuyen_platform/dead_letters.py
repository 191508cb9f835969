"""What a reader does with a record that it cannot handle: nothing is skipped silently."""

import traceback
from datetime import UTC, datetime

import msgspec
import structlog

from tuyen_events.codec import UnknownTypeError, UnreadableEventError, encode_data
from tuyen_events.dead_letters import DeadLettered, DeadLetterSettled
from tuyen_events.event import Envelope
from tuyen_events.ids import derive_event_id, event_id
from tuyen_events.limits import DEAD_LETTER_BYTES
from tuyen_events.topics import DEAD_LETTERS
from tuyen_platform import metrics
from tuyen_platform.error_causes import is_caused_by_record
from tuyen_platform.kafka.ports import Log, Record, RecordMetadata

_PAYLOAD_CHARACTERS = 65_536
_KEY_CHARACTERS = 1_024
_REASON_CHARACTERS = 1_000
"""The text of an error may contain a whole document."""
_FRAMES = 12

_log = structlog.get_logger()


def within_bounds(letter: DeadLettered) -> DeadLettered:
    """The letter cut so that its topic accepts it: a reason or payload that is too long is cut to
    its beginning. The size is that of the encoded letter, in which one byte may become six."""
    letter = msgspec.structs.replace(letter, error=_printable(letter.error))
    while (size := len(encode_data(letter))) > DEAD_LETTER_BYTES and letter.payload:
        kept = len(letter.payload) * DEAD_LETTER_BYTES // size
        letter = msgspec.structs.replace(letter, payload=letter.payload[:kept])
    return letter


async def send_to_dead_letters(log: Log, record: Record, service: str, reason: str) -> None:
    """Writes `record` to the dead letters of `service`. A long record is cut to its beginning; all
    of it is at the position in `delivery_id`. Repeating the call writes the same event again. The
    letter can be written whatever the record and the reason contain."""
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
    metrics.DEAD_LETTERS_TOTAL.labels(service).inc()
    _log.error("record_dead_lettered", record=place, error=reason)


async def settle_dead_letter(
    log: Log, settled: DeadLetterSettled, *, partition: int, source: str
) -> RecordMetadata:
    """Writes what became of a dead letter, which is in this partition. Repeating the call writes
    the same event again."""
    envelope = Envelope(
        id=derive_event_id(settled.letter_id, settled.type, settled.outcome.value),
        source=source,
        subject=settled.letter_id,
        time=settled.at,
        data=settled,
    )
    return await log.append(DEAD_LETTERS, settled.letter_id, envelope, partition=partition)


async def reject_or_raise(
    log: Log, record: Record, service: str, error: Exception, *, carries_out: bool = False
) -> None:
    """What a reader does with a record whose decoding or handling raised `error`.

    An event of an unknown type is skipped and counted, unless it is a request that this reader
    `carries_out`: that goes to the dead letters, because no other reader carries out the request.
    So does a record that cannot be read, or that caused the error itself (P4, R9.5). An error that
    the environment caused is raised: the record is then redelivered.
    """
    match error:
        case UnknownTypeError() if not carries_out:
            skip(record, service, error.reason)
        case UnreadableEventError():
            await send_to_dead_letters(log, record, service, error.reason)
        case _ if is_caused_by_record(error):
            await _send_failed(log, record, service, error)
        case _:
            raise error


async def _send_failed(log: Log, record: Record, service: str, error: Exception) -> None:
    """Sends a record that raised an unexpected error to the dead letters, and logs where it was
    raised.

    The full text of the error is written nowhere: MongoDB's errors contain the document.
    """
    reason = reason_of(error)
    _log.error("record_failed", record=_place(record), error=reason, raised_at=list_frames(error))
    await send_to_dead_letters(log, record, service, reason)


def reason_of(error: Exception) -> str:
    """An unexpected error as the text of a dead letter."""
    return _printable(f"{type(error).__name__}: {error}")


def list_frames(error: Exception) -> list[str]:
    """The calls that led to an error, without its message."""
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
