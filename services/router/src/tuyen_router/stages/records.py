"""Encodes decisions as records."""

import traceback
from datetime import datetime
from functools import lru_cache

import structlog

from tuyen_events.assignments import AssignmentEvent
from tuyen_events.codec import UnreadableEventError, encode, encode_data
from tuyen_events.dead_letters import DeadLettered
from tuyen_events.event import Envelope, Event
from tuyen_events.ids import OrganizationId, derive_event_id
from tuyen_events.pools import PoolRecorded
from tuyen_events.topics import DEAD_LETTERS, REQUESTS
from tuyen_platform.clock import Clock
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.metrics import DEAD_LETTERS_TOTAL
from tuyen_router.identity import SERVICE, SOURCE
from tuyen_router.stages.phases import Phase
from tuyen_stream import BatchTooLargeError, ConsumedRecord, Outbox, OutRecord

LETTER_PAYLOAD_BYTES = 64 * 1024
"""How many bytes of a record its dead letter contains, from the beginning. The whole record is at
the position that the letter names."""
LETTER_ERROR_CHARACTERS = 4_000
"""A longer error is cut to its end, which says what was wrong. As JSON, payload and error together
take at most six times their size, and so fit into a record batch."""

_log = structlog.get_logger()


@lru_cache(maxsize=100_000)
def organization_partition(organization: OrganizationId) -> int:
    """The partition of stage 2 that has an organization. The hash is cached because every event
    needs it."""
    return partition_of(organization, REQUESTS.partitions)


def assignment_record(event: AssignmentEvent) -> OutRecord:
    """A public record. Its id is derived from its cause, so that a duplicate can be recognized
    (R9.2)."""
    version = str(event.version)
    value, headers = encode(
        Envelope(
            id=derive_event_id(event.caused_by, event.conversation_id, version),
            source=SOURCE,
            subject=event.conversation_id,
            time=event.at,
            data=event,
        )
    )
    return OutRecord(event.conversation_id.encode(), value, headers)


def pool_record(pool: PoolRecorded, at: datetime) -> OutRecord:
    """A public record of a pool; the same pool makes the same record."""
    value, headers = encode(
        Envelope(
            id=derive_event_id(pool.id, SERVICE),
            source=SOURCE,
            subject=pool.rule_id,
            time=at,
            data=pool,
        )
    )
    return OutRecord(pool.id.encode(), value, headers)


def private_record(key: str, event: Event) -> OutRecord:
    """A record between the router's stages or for a command's caller; its only header is the
    type."""
    return OutRecord(key.encode(), encode_data(event), [("ce_type", event.type.encode())])


class DeadLetterWriter:
    """Sends records that cannot be handled to the dead letters: nothing is skipped silently (P4),
    and no record blocks those after it (R9.5).

    Such a record cannot be read, or leads to a record that is too large for its topic, or makes the
    decision raise an unexpected exception. Deciding is pure, so it would raise again for this
    record, and only for this record, however often it were retried.
    """

    def __init__(self, topic_prefix: str, clock: Clock) -> None:
        self._topic = topic_prefix + DEAD_LETTERS.name
        self._clock = clock

    def add(
        self, outbox: Outbox, topic: str, partition: int, record: ConsumedRecord, error: Exception
    ) -> None:
        """Adds a dead letter for the record with its error; for the same record, its id is always
        the same."""
        DEAD_LETTERS_TOTAL.labels(SERVICE).inc()
        place = f"{topic}/{partition}/{record.offset}"
        reason = error_text_of(error)
        _log.error("record_dead_lettered", record=place, error=reason)
        now = self._clock.now()
        value = record.value or b""
        letter = DeadLettered(
            service=SERVICE,
            origin=topic,
            delivery_id=place,
            error=reason,
            payload=value[:LETTER_PAYLOAD_BYTES].decode("utf-8", "replace"),
            at=now,
        )
        value, headers = encode(
            Envelope(
                id=derive_event_id(place, SERVICE),
                source=SOURCE,
                subject=place,
                time=now,
                data=letter,
            )
        )
        outbox.add(
            Phase.PUBLIC,
            self._topic,
            partition % DEAD_LETTERS.partitions,
            place.encode(),
            value,
            headers=headers,
        )


def error_text_of(error: Exception) -> str:
    """The error text of a dead letter; with the traceback if the error is unexpected."""
    if isinstance(error, UnreadableEventError | BatchTooLargeError):
        text = str(error)
    else:
        text = "".join(traceback.format_exception(error))
    return text[-LETTER_ERROR_CHARACTERS:].encode("utf-8", "replace").decode()
