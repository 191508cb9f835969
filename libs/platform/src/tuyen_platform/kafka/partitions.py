"""The partition of a key: Kafka's own murmur2 hash, so that all producers agree.

Works around trap 12 (`libs/stream/src/tuyen_stream/TRAPS.md`).
"""

from functools import lru_cache

from aiokafka.partitioner import murmur2

_POSITIVE = 0x7FFFFFFF


@lru_cache(maxsize=2**15)  # aiokafka's murmur2 is pure Python: 11 µs for a customer's key
def partition_of(key: str | bytes, partitions: int) -> int:
    """The partition of `key` among `partitions`, as in Kafka's default partitioner."""
    raw = key.encode() if isinstance(key, str) else key
    return int(murmur2(raw) & _POSITIVE) % partitions
