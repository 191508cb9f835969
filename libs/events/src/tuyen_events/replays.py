"""Requests to read again what ingest has stored, and how far each has come (P3, P4).

Compacted. All records of a replay are in the partition of its id: its request, which the gateway
writes, has the key `organization/replay`, its progress, which ingest writes,
`organization/replay/progress`.
"""

from enum import StrEnum
from typing import ClassVar

import msgspec

from tuyen_events.event import Event
from tuyen_events.ids import AgentId, OrganizationId, PageId
from tuyen_events.vocabulary import Moment


class ReplayState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """It cannot continue; the events that were written by then stay."""


class LetterPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter: the id of its event, and where in the topic it is."""

    letter_id: str
    partition: int
    offset: int


class ReplayEvent(Event, frozen=True, kw_only=True):
    replay_id: str
    organization: OrganizationId
    at: Moment


class ReplayRequested(ReplayEvent, frozen=True, kw_only=True):
    """Ingest is to read `letter` again or, if it is null, the bodies that were accepted from
    `since` on, before `until`. Only what belongs to the organization's pages is read, or, with
    `page_id`, to that page."""

    type: ClassVar[str] = "replay.requested.v1"
    by: AgentId
    since: Moment | None = None
    until: Moment | None = None
    page_id: PageId | None = None
    letter: LetterPlace | None = None


class ReplayProgressed(ReplayEvent, frozen=True, kw_only=True):
    """How far a replay has come. The counts are totals. After a crash, ingest begins a replay from
    the beginning; the ids of what it writes again are the same."""

    type: ClassVar[str] = "replay.progressed.v1"
    state: ReplayState
    bodies: int = 0
    """Bodies, or parts of them, that were read."""
    events: int = 0
    """Events that were written, those among them that were in the log already."""
    failures: int = 0
    """Parts that still cannot be read."""
    withheld: int = 0
    """Parts that belong to another organization now, or did then."""
    overtaken: int = 0
    """Bodies that were delivered again after one of their pages had moved."""
    detail: str | None = None
    """Why it failed."""


def replay_key(event: ReplayEvent) -> str:
    """The key of the record that contains `event`."""
    key = f"{event.organization}/{event.replay_id}"
    return f"{key}/progress" if isinstance(event, ReplayProgressed) else key
