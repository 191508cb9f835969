"""How large a record may be."""

from tuyen_events.topics import Topic
from tuyen_platform.kafka.ports import Headers, RecordTooLargeError

_HEADER_OVERHEAD_BYTES = 10


def refuse_too_large(topic: Topic, key: bytes, value: bytes | None, headers: Headers) -> None:
    """Raises RecordTooLargeError for what the topic would not take.

    The broker must never see such a record: after its refusal, an idempotent producer of aiokafka
    0.14 numbers what follows wrongly, and every later append to the partition fails.
    """
    size = len(key) + len(value or b"")
    size += sum(len(name) + len(held) + _HEADER_OVERHEAD_BYTES for name, held in headers)
    if size > topic.max_record_bytes:
        raise RecordTooLargeError(
            f"{topic.name}: a record of {size} bytes; it takes {topic.max_record_bytes}"
        )
