"""The limits on the size of a record."""

from tuyen_events.codec import Headers
from tuyen_events.topic import Topic
from tuyen_platform.kafka.ports import RecordTooLargeError

_HEADER_OVERHEAD_BYTES = 10


def refuse_too_large(topic: Topic, key: bytes, value: bytes | None, headers: Headers) -> None:
    """Raises RecordTooLargeError for a record that the topic would not accept.

    Such a record must never reach the broker: after the broker has refused it, an idempotent
    producer of aiokafka 0.14 uses wrong sequence numbers, and every later append to the partition
    fails.
    """
    size = len(key) + len(value or b"")
    size += sum(len(name) + len(held) + _HEADER_OVERHEAD_BYTES for name, held in headers)
    if size > topic.max_record_bytes:
        raise RecordTooLargeError(
            f"{topic.name}: a record of {size} bytes; the limit is {topic.max_record_bytes}"
        )
