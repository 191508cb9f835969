"""Encrypts all that is stored encrypted again, with the first of the keys:
`python -m tuyen_gateway.rotate_keys`.

Give every service the new key in front of the old one first (`TUYEN_SECRETS_KEY=new,old`); they may
run, and write, meanwhile. When the command has ended with status 0, the old key is needed no more.
It may be repeated, and has to be after an interruption.
"""

import asyncio
import sys
from typing import NamedTuple

import structlog

from tuyen_events.topic import Topic
from tuyen_events.topics import PAGE_CONNECTIONS, PAGE_CREDENTIALS, PAGE_TOKENS
from tuyen_gateway.identity import SERVICE
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.ports import Log, Record
from tuyen_platform.logging import configure_logging
from tuyen_platform.sealed_records import Sealer, plan_copies
from tuyen_platform.settings import SealingSettings

ENCRYPTED = (PAGE_TOKENS, PAGE_CREDENTIALS, PAGE_CONNECTIONS)
"""The topics with encrypted content."""

_log = structlog.get_logger()


class Rotated(NamedTuple):
    """How many records were written, and how many keys of records can be decrypted by no key."""

    written: int
    unreadable: int


async def rotate_keys(log: Log, sealer: Sealer) -> Rotated:
    """Returns once nothing that is in the log needs another than the first key, except what is
    unreadable."""
    written = unreadable = 0
    for topic in ENCRYPTED:
        # Until nothing is left to do: whoever wrote meanwhile may have been faster than a copy.
        while True:
            planned = plan_copies(topic, await _read_all(log, topic), sealer)
            if not planned.records:
                break
            await log.append_all(planned.records)
            written += len(planned.records)
        for key in planned.unreadable:
            _log.warning("record_without_key", topic=topic.name, key=key)
        unreadable += len(planned.unreadable)
    _log.info("keys_rotated", written=written, unreadable=unreadable)
    return Rotated(written, unreadable)


async def _read_all(log: Log, topic: Topic) -> list[Record]:
    found: list[Record] = []
    async with log.tail(topic) as tail:
        async for batch in tail.batches():
            found.extend(record for records in batch.values() for record in records)
            if tail.caught_up:
                break
    return found


async def main(settings: SealingSettings) -> Rotated:
    async with KafkaLog(settings.kafka, settings.topic_prefix) as log:
        return await rotate_keys(log, Sealer(settings.secrets_key))


if __name__ == "__main__":
    _settings = SealingSettings()
    configure_logging(SERVICE, _settings.log_format)
    if asyncio.run(main(_settings)).unreadable:
        sys.exit(
            "Some records can be decrypted by none of the keys: `record_without_key` names them"
        )
