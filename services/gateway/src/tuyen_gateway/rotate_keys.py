"""Encrypts all that is stored encrypted again, with the first of the keys:
`python -m tuyen_gateway.rotate_keys`.

Give every service the new key in front of the old one first (`TUYEN_SECRETS_KEY=new,old`); they may
run, and write, meanwhile. When the command has ended with status 0, the old key is needed no more.
It may be interrupted at any time, and repeated.
"""

import asyncio
import sys
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import structlog

from tuyen_events.topic import Topic
from tuyen_events.topics import PAGE_CONNECTIONS, PAGE_CREDENTIALS, PAGE_TOKENS
from tuyen_gateway.identity import SERVICE
from tuyen_platform.encrypted_records import RecordCipher, plan_reencryption
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.ports import Log, Offsets, ProducerRecord, Record
from tuyen_platform.logging import configure_logging
from tuyen_platform.settings import EncryptionSettings

_TOGETHER = 100
"""How many records are replaced at once: readers wait for them."""

ENCRYPTED = (PAGE_TOKENS, PAGE_CREDENTIALS, PAGE_CONNECTIONS)
"""The topics with encrypted content."""

_log = structlog.get_logger()


class KeyRotationResult(NamedTuple):
    """How many records were written, and how many keys of records can be decrypted by no key."""

    written: int
    unreadable: int


async def rotate_keys(log: Log, cipher: RecordCipher) -> KeyRotationResult:
    """Returns once nothing that is in the log needs another than the first key, except what is
    unreadable."""
    written = unreadable = 0
    for topic in ENCRYPTED:
        # Until nothing is left to do: whoever wrote meanwhile was faster than a copy.
        while True:
            records, read_to = await _read_all(log, topic)
            planned = plan_reencryption(topic, records, cipher)
            if not planned.records:
                break
            written += await _replace(log, planned.records, read_to)
        for key in planned.unreadable:
            _log.warning("record_without_key", topic=topic.name, key=key)
        unreadable += len(planned.unreadable)
    _log.info("keys_rotated", written=written, unreadable=unreadable)
    return KeyRotationResult(written, unreadable)


async def _replace(log: Log, copies: Sequence[ProducerRecord], read_to: Offsets) -> int:
    """Writes those copies whose keys nobody wrote since; returns how many."""
    by_place: dict[tuple[str, int], list[ProducerRecord]] = {}
    for copy in copies:
        by_place.setdefault((copy.topic.name, copy.partition or 0), []).append(copy)
    written = 0
    for several in by_place.values():
        for begin in range(0, len(several), _TOGETHER):
            some = several[begin : begin + _TOGETHER]
            if await log.append_if(some, partial(_is_untouched, log, some, read_to)):
                written += len(some)
    return written


async def _is_untouched(
    log: Log, copies: Sequence[ProducerRecord], read_to: Offsets, offset: int
) -> bool:
    """Whether nobody wrote one of the keys between what was read and an offset."""
    topic = copies[0].topic
    place = (topic.name, copies[0].partition or 0)
    if read_to[place] >= offset:
        return True
    keys = {copy.key.encode() for copy in copies}
    async with log.tail(topic, starts=read_to) as tail:
        async for batch in tail.batches():
            if not keys.isdisjoint(record.key for record in batch.get(place, ()) if record.key):
                return False
            if (await tail.positions())[place] >= offset:
                break
    return True


async def _read_all(log: Log, topic: Topic) -> tuple[list[Record], Offsets]:
    """What is in a topic, and up to where that is."""
    found: list[Record] = []
    read_to: Offsets = {}
    async with log.tail(topic) as tail:
        async for batch in tail.batches():
            found.extend(record for records in batch.values() for record in records)
            read_to = await tail.positions()
            if tail.is_caught_up:
                break
    return found, read_to


async def main(settings: EncryptionSettings) -> KeyRotationResult:
    async with KafkaLog(settings.kafka, settings.topic_prefix) as log:
        return await rotate_keys(log, RecordCipher(settings.secrets_key))


if __name__ == "__main__":
    _settings = EncryptionSettings()
    configure_logging(SERVICE, _settings.log_format)
    if asyncio.run(main(_settings)).unreadable:
        sys.exit(
            "Some records can be decrypted by none of the keys: `record_without_key` names them"
        )
