"""Reads stored bodies again and writes their events: `python -m tuyen_ingest.replay`.

`raw` reads every accepted body, `dead-letters` the parts that could not be read (P3, P4). Ids are
derived from the bodies, so events that are in the log already are recognized as duplicates, and
`accepted_at` stays that of the first time. What was written to a page that belongs to another
organization now is not written, and counted. If a body was delivered again after one of its pages
had moved, its last copy counts: the earlier ones were not answered, and may be in no topic.
`--list` shows what would be read and writes nothing.

Decides P3.
"""

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from tuyen_events.codec import UnreadableEventError, decode_data
from tuyen_events.dead_letters import DeadLettered
from tuyen_events.topic import Topic
from tuyen_events.topics import DEAD_LETTERS, RAW
from tuyen_ingest import records
from tuyen_ingest.bootstrap import Ingest, compose
from tuyen_ingest.identity import SERVICE
from tuyen_ingest.records import WebhookDelivery
from tuyen_ingest.settings import IngestSettings
from tuyen_platform.clock import SystemClock
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.ports import Log, Record
from tuyen_platform.logging import configure_logging

_POLL_S = 0.05


class Kept(NamedTuple):
    """A stored body, or the smallest body that contains one part; `error` is why it is a dead
    letter."""

    channel: str
    delivery_id: str
    accepted_at: datetime
    body: bytes
    account: str = ""
    error: str | None = None
    owners: records.Owners = MappingProxyType({})
    """To whom its pages belonged, if that was stored."""


class ReplayResult(NamedTuple):
    """The result of a replay: bodies read; events written; parts that still cannot be read; parts
    of pages that belong to another organization now, which are not written; and bodies that were
    delivered again after one of their pages had moved, of which a later copy was read."""

    bodies: int
    events: int
    failures: int
    withheld: int = 0
    overtaken: int = 0


def read_raw(record: Record) -> Kept | None:
    """A record of `raw`; None if it is not valid."""
    headers = dict(record.headers)
    try:
        return Kept(
            headers[records.CHANNEL].decode(),
            headers[records.DELIVERY_ID].decode(),
            datetime.fromisoformat(headers[records.ACCEPTED_AT].decode()),
            record.value or b"",
            headers.get(records.ACCOUNT, b"").decode(),
            owners=_owners_of(headers.get(records.OWNERS, b"{}")),
        )
    except (KeyError, ValueError, msgspec.DecodeError):
        return None


_owners_of = msgspec.json.Decoder(dict[str, str]).decode


def read_dead_letter(record: Record) -> Kept | None:
    """A record of `dead-letters`; None when another service wrote it."""
    try:
        letter = decode_data(record.headers, record.value or b"")
    except UnreadableEventError:
        return None
    if not isinstance(letter, DeadLettered) or letter.service != SERVICE:
        return None
    return Kept(
        letter.origin,
        letter.delivery_id,
        letter.at,
        letter.payload.encode(),
        letter.account,
        letter.error,
        letter.owners,
    )


_READERS = {"raw": (RAW, read_raw), "dead-letters": (DEAD_LETTERS, read_dead_letter)}


async def read_stored(
    log: Log, what: str, since: datetime | None, ends: Mapping[int, int] | None = None
) -> AsyncIterator[Kept]:
    """Everything that is stored by now, or was when the log ended at `ends`, each page's bodies in
    the order of acceptance."""
    topic, read = _READERS[what]
    async for record in _up_to(log, topic, ends or await log.end_offsets(topic)):
        found = read(record)
        if found is not None and (since is None or found.accepted_at >= since):
            yield found


async def _up_to(log: Log, topic: Topic, ends: Mapping[int, int]) -> AsyncIterator[Record]:
    async with log.tail(topic) as tail:
        async for batch in tail.batches():
            for (_, partition), found in batch.items():
                for record in found:
                    if record.offset < ends[partition]:
                        yield record
            if tail.caught_up:
                return


async def replay(ingest: Ingest, log: Log, what: str, since: datetime | None) -> ReplayResult:
    """Reads everything again and writes the events, one body after the other."""
    bodies = events = failures = withheld = overtaken = 0
    ends = await log.end_offsets(_READERS[what][0])
    left = await _copies(log, what, since, ends)
    async for found in read_stored(log, what, since, ends):
        digest = _digest(found)
        if digest in left:
            left[digest] -= 1
            if left[digest] > 0:
                overtaken += 1
                continue
        channel = ingest.channels.get(found.channel)
        if channel is None:
            continue
        delivery = WebhookDelivery(
            found.delivery_id, channel, found.body, found.accepted_at, found.account
        )
        parsed, others = await ingest.acceptance.accept_again(delivery, found.owners)
        bodies += 1
        events += len(parsed.events)
        failures += len(parsed.failures)
        withheld += others
    return ReplayResult(bodies, events, failures, withheld, overtaken)


async def _copies(
    log: Log, what: str, since: datetime | None, ends: Mapping[int, int]
) -> Counter[bytes]:
    """How many copies there are of each body that names a page which moved meanwhile. Reads
    everything once to find the pages, which are few, and once more if there are any."""
    owners: dict[str, set[str]] = {}
    async for found in read_stored(log, what, since, ends):
        for page, owner in found.owners.items():
            owners.setdefault(page, set()).add(owner)
    moved = {page for page, known in owners.items() if len(known) > 1}
    copies: Counter[bytes] = Counter()
    if moved:
        async for found in read_stored(log, what, since, ends):
            if not moved.isdisjoint(found.owners):
                copies[_digest(found)] += 1
    return copies


def _digest(found: Kept) -> bytes:
    return blake2b(
        f"{found.channel}/{found.account}/".encode() + found.body, digest_size=16
    ).digest()


async def _main(what: str, since: datetime | None, only_list: bool) -> None:
    settings = IngestSettings()
    async with KafkaLog(settings.kafka, settings.topic_prefix) as log:
        if only_list:
            async for found in read_stored(log, what, since):
                shown = {
                    "body": found.body.decode("utf-8", "replace"),
                    "owners": dict(found.owners),
                }
                _say(found._asdict() | shown)
            return
        ingest = compose(settings, log, SystemClock())
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(table.run()) for table in ingest.tables]
            while ingest.health.problems():  # noqa: ASYNC110 - health checks can only be polled
                await asyncio.sleep(_POLL_S)
            _say((await replay(ingest, log, what, since))._asdict())
            for task in running:
                task.cancel()


def _say(line: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tuyen_ingest.replay", description=__doc__)
    parser.add_argument("what", choices=sorted(_READERS))
    parser.add_argument("--list", action="store_true", help="show what is kept, write nothing")
    parser.add_argument(
        "--since", type=_moment, help="accepted at or after this RFC 3339 time (UTC if it has none)"
    )
    given = parser.parse_args(arguments)
    configure_logging("ingest-replay", "json")
    asyncio.run(_main(given.what, given.since, given.list))


if __name__ == "__main__":
    main()
