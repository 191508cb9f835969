"""Keeps the threads that visitors see up to date. Ingest processes share the work."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from tuyen_events.event import Event
from tuyen_events.outbound import OutboundSettled
from tuyen_events.outbound_topics import OUTBOUND, OUTBOUND_RESULTS
from tuyen_events.topics import ASSIGNMENTS, INBOUND
from tuyen_ingest.domain.organizations import KnownOrganizations
from tuyen_ingest.domain.threads import changes_of
from tuyen_ingest.identity import SERVICE
from tuyen_ingest.ports import FollowedTopic, VisitorThreads
from tuyen_platform.kafka.consumer import ConsumerStatus
from tuyen_platform.kafka.ports import Log, Record
from tuyen_platform.projection import FoldedEvent, Positions, run_projection

THREADS_VIEW = "visitor_threads"
GROUP = "ingest-visitor-threads"

_MIN_INTERVAL_S = 0.02
"""The least time between two batches while there is always something new: a visitor waits for a
reply."""
_SAVE_EVERY_S = 1.0

_POLL_S = 0.1

_LIVECHAT = b'"channel":"livechat"'
"""How an event says that it is of a site. In a text, the quotation marks would be escaped."""


def is_of_a_site(record: Record) -> bool:
    """Whether a record may change what a visitor sees. Most events are of other channels: they are
    not even decoded. Assignments do not name their channel."""
    return record.topic == ASSIGNMENTS.name or _LIVECHAT in (record.value or b"")


async def run_visitor_threads(
    log: Log,
    *,
    threads: VisitorThreads,
    positions: Positions,
    organizations: KnownOrganizations,
    directory: FollowedTopic,
    status: ConsumerStatus,
) -> None:
    """Runs until cancelled. Waits while Kafka or MongoDB is unavailable, and sends what cannot be
    folded to the dead letters (R9.5)."""
    while not directory.is_caught_up:  # which page is a site's
        status.note_waiting("the directory")
        await asyncio.sleep(_POLL_S)

    async def fold(batch: Sequence[FoldedEvent]) -> None:
        changes = [
            change
            for folded in batch
            for change in changes_of(_by_broker_time(folded), organizations.has_widget)
        ]
        if changes:
            await threads.apply(changes)

    await run_projection(
        log,
        INBOUND,
        OUTBOUND,
        OUTBOUND_RESULTS,
        ASSIGNMENTS,
        service=SERVICE,
        view=THREADS_VIEW,
        group=GROUP,
        positions=positions,
        fold=fold,
        min_interval_s=_MIN_INTERVAL_S,
        status=status,
        wanted=is_of_a_site,
        save_every_s=_SAVE_EVERY_S,
    )


def _by_broker_time(folded: FoldedEvent) -> Event:
    """A result with the time at which the broker got it. The inbox counts from then, too, so a
    reply is `seen` there that a visitor saw."""
    event, position = folded.event, folded.position
    if not isinstance(event, OutboundSettled):
        return event
    return msgspec.structs.replace(event, at=datetime.fromtimestamp(position.timestamp / 1000, UTC))
