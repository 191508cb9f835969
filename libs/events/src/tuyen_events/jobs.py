"""Work on many conversations at once, which outlives the request that asked for it (R6.5).

All records of a job stand in the partition of its id: what was asked has the id as key, how far it
has come `<id>/progress`, so that compaction leaves the last of each. Gateways read them back:
whoever has the job's partition goes on from the progress of the highest revision; of two with one
revision the first in the log counts. Once a job has ended, what was asked is written again without
the conversations that it named, and later both are removed.
"""

from enum import StrEnum
from typing import ClassVar

import msgspec

from tuyen_events.event import Event
from tuyen_events.ids import AgentId, ConversationId, OrganizationId, PageId
from tuyen_events.vocabulary import Channel, ConversationKind, Moment


class JobState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """It cannot go on; what was changed by then stays so."""


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who has conversations, or is to have them; null is nobody."""

    agent_id: AgentId | None


class Selection(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which conversations: those of `ids`, or else all that fit what is named (I4). Either way only
    what the one who asked may see by then."""

    ids: tuple[ConversationId, ...] | None = None
    kind: ConversationKind | None = None
    channel: Channel | None = None
    page_id: PageId | None = None
    unread: bool = False
    """Only those with something unread for the one who asked."""
    held_by: Holder | None = None
    tag: str | None = None
    name: str | None = None
    external_id: str | None = None
    done: bool | None = None


class JobEvent(Event, frozen=True, kw_only=True):
    job_id: str
    organization: OrganizationId
    at: Moment


class JobRequested(JobEvent, frozen=True, kw_only=True):
    """Somebody wants it done. `by` is the one whose rights it is done with."""

    by: AgentId
    note: str | None = None


class HandoverRequested(JobRequested, frozen=True, kw_only=True):
    """All open conversations of `agent_id` go to another agent, or (null) back to rotation."""

    type: ClassVar[str] = "job.handover_requested.v1"
    agent_id: AgentId
    to: AgentId | None


class BulkRequested(JobRequested, frozen=True, kw_only=True):
    """Each selected conversation gets an assignee, is closed or opened, or both; null leaves it."""

    type: ClassVar[str] = "job.bulk_requested.v1"
    selection: Selection
    assign_to: Holder | None = None
    done: bool | None = None


class JobProgressed(JobEvent, frozen=True, kw_only=True):
    """How far a job has come. `revision` rises with every record; the counts are of the whole."""

    type: ClassVar[str] = "job.progressed.v1"
    revision: int
    state: JobState
    total: int
    """How many there are, as far as is known; `done` of them once the job is."""
    done: int = 0
    changed: int = 0
    unchanged: int = 0
    """Those that were as wanted, or were not to be changed any more."""
    refused: dict[str, int] = msgspec.field(default_factory=dict)
    """Reason to count."""
    under_way: tuple[ConversationId, ...] = ()
    """Begun, maybe, and not counted yet: whoever goes on begins with these."""
    cursor: ConversationId | None = None
    """Those up to this id, in their order, are counted or under way."""
    detail: str | None = None
    """Why it failed."""
