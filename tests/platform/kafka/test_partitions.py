"""Kafka's own vectors: every writer in any language must place a key in the same partition."""

import pytest
from aiokafka.partitioner import murmur2

from tuyen_platform.kafka.partitions import partition_of

# From org.apache.kafka.common.utils.UtilsTest.testMurmur2.
VECTORS = [
    (b"21", -973932308),
    (b"foobar", -790332482),
    (b"a-little-bit-long-string", -985981536),
    (b"a-little-bit-longer-string", -1486304829),
    (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
    (b"abc", 479470107),
]


@pytest.mark.parametrize(("key", "java"), VECTORS)
def test_trap_12_keys_are_placed_as_kafkas_java_client_places_them(key: bytes, java: int) -> None:
    assert murmur2(key) & 0xFFFFFFFF == java & 0xFFFFFFFF
    assert partition_of(key, 24) == (java & 0x7FFFFFFF) % 24


def test_trap_12_text_is_placed_by_its_utf_8() -> None:
    key = "hoa-sen/trang/khách"
    assert partition_of(key, 24) == partition_of(key.encode(), 24)


def test_stored_placements_stay() -> None:
    assert partition_of("hoa-sen/hoa-sen-thoi-trang/6700000000000001", 24) == 5
