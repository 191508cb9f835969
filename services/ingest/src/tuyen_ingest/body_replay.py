"""Reads stored bodies, and parts that could not be read, again and writes their events (P3, P4).

Decides P3.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

from tuyen_events.dead_letters import DeadLetterSettled, LetterOutcome
from tuyen_events.ids import AgentId
from tuyen_events.vocabulary import Moment
from tuyen_ingest.domain.pages import EVERYBODY, ReplayScope
from tuyen_ingest.identity import SOURCE
from tuyen_ingest.ingest import Ingest
from tuyen_ingest.records import WebhookDelivery
from tuyen_ingest.stored_bodies import EVERYTHING, StoredBody, TimeRange, read_stored, topic_of
from tuyen_platform.dead_letters import settle_dead_letter
from tuyen_platform.kafka.ports import Log


class ReplayResult(NamedTuple):
    """The result of a replay: bodies read; events written; parts that still cannot be read; parts
    of pages that belong to another organization now, which are not written; and bodies that were
    delivered again after one of their pages had moved, of which a later copy was read."""

    bodies: int = 0
    events: int = 0
    failures: int = 0
    withheld: int = 0
    overtaken: int = 0

    def plus(self, other: "ReplayResult") -> "ReplayResult":
        return ReplayResult(*(one + more for one, more in zip(self, other, strict=True)))


Report = Callable[[ReplayResult], Awaitable[None]]
"""Receives the progress of a replay after each body."""


@dataclass(frozen=True, kw_only=True)
class ReplaySelection:
    """What is read again, and for whom."""

    what: str
    time_range: TimeRange = EVERYTHING
    readers: ReplayScope = EVERYBODY
    letters: frozenset[str] = field(default_factory=frozenset)
    """The dead letters by the ids of their events; all, if it is empty."""

    def selects(self, found: StoredBody) -> bool:
        return not self.letters or found.letter_id in self.letters


async def replay(
    ingest: Ingest, log: Log, selection: ReplaySelection, report: Report | None = None
) -> ReplayResult:
    """Reads everything that is selected again and writes the events, one body after the other. Can
    be repeated, as a whole or in part."""
    result = ReplayResult()
    ends = await log.end_offsets(topic_of(selection.what))
    left = await _count_copies(log, selection, ends)
    async for found in read_stored(log, selection.what, selection.time_range, ends):
        if not selection.selects(found) or not _concerns(ingest, found, selection.readers):
            continue
        digest = _digest(found)
        if digest in left:
            left[digest] -= 1
            if left[digest] > 0:
                result = result.plus(ReplayResult(overtaken=1))
                continue
        result = result.plus(await replay_one(ingest, log, found, selection.readers))
        if report is not None:
            await report(result)
    return result


async def replay_one(
    ingest: Ingest, log: Log, found: StoredBody, readers: ReplayScope, by: AgentId | None = None
) -> ReplayResult:
    """Reads one body or dead letter again and writes its events. A dead letter of which nothing is
    left to read is settled, and not read again."""
    channel = ingest.channels.get(found.channel)
    if channel is None:
        return ReplayResult()
    delivery = WebhookDelivery(
        found.delivery_id, channel, found.body, found.accepted_at, found.account
    )
    parsed, withheld = await ingest.acceptance.accept_again(delivery, found.owners, readers)
    events, failures = len(parsed.events), len(parsed.failures)
    # A body without owners has to be parsed to find its organization. If it contains nothing for
    # the readers, it is not counted.
    theirs = readers == EVERYBODY or found.owners or events or failures or withheld
    result = ReplayResult(int(bool(theirs)), events, failures, withheld)
    if found.letter_id and result.events and not result.failures and not withheld:
        await settle_letter(log, found, LetterOutcome.SENT, by, ingest.clock.now())
    return result


def _concerns(ingest: Ingest, found: StoredBody, readers: ReplayScope) -> bool:
    """Whether a body may contain something for `readers`; the others need not be parsed."""
    if readers == EVERYBODY or not found.owners:
        return True
    channel = ingest.channels.get(found.channel)
    return channel is not None and ingest.acceptance.concerns(
        channel.name, found.accepted_at, found.owners, readers
    )


async def settle_letter(
    log: Log, letter: StoredBody, outcome: LetterOutcome, by: AgentId | None, at: Moment
) -> None:
    """Notes what became of a dead letter, in its partition."""
    settled = DeadLetterSettled(letter_id=letter.letter_id, outcome=outcome, by=by, at=at)
    await settle_dead_letter(log, settled, partition=letter.partition, source=SOURCE)


async def _count_copies(
    log: Log, selection: ReplaySelection, ends: Mapping[int, int]
) -> Counter[bytes]:
    """How many copies there are of each body that names a page which moved meanwhile. Reads
    everything once to find the pages, which are few, and once more if there are any."""
    owners: dict[str, set[str]] = {}
    async for found in read_stored(log, selection.what, selection.time_range, ends):
        for page, owner in found.owners.items():
            owners.setdefault(page, set()).add(owner)
    moved = {page for page, known in owners.items() if len(known) > 1}
    copies: Counter[bytes] = Counter()
    if moved:
        async for found in read_stored(log, selection.what, selection.time_range, ends):
            if selection.selects(found) and not moved.isdisjoint(found.owners):
                copies[_digest(found)] += 1
    return copies


def _digest(found: StoredBody) -> bytes:
    return blake2b(
        f"{found.channel}/{found.account}/".encode() + found.body, digest_size=16
    ).digest()
