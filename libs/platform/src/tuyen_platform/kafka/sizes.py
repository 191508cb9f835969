"""The limits on the size of a record."""

from tuyen_platform.kafka.ports import ProducerRecord, RecordTooLargeError

_HEADER_OVERHEAD_BYTES = 10


def refuse_too_large(record: ProducerRecord) -> None:
    """Raises RecordTooLargeError for a record that its topic would not accept.

    Such a record must never reach the broker: after the broker has refused it, an idempotent
    producer of aiokafka 0.14 uses wrong sequence numbers, and every later append to the partition
    fails.
    """
    topic = record.topic
    size = len(record.key.encode()) + len(record.value or b"")
    size += sum(len(name) + len(held) + _HEADER_OVERHEAD_BYTES for name, held in record.headers)
    if size > topic.max_record_bytes:
        raise RecordTooLargeError(
            f"{topic.name}: a record of {size} bytes; the limit is {topic.max_record_bytes}"
        )
