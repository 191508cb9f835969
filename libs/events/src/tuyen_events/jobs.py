"""Work on many conversations or contacts, which outlives the request that started it (R6.5, S3).

All records of a job are in the partition of its id: its request has the id as key, its progress
`<id>/progress`, so that compaction keeps the last of each. Gateways read them back: the owner of
the job's partition continues from the progress with the highest revision; of two with the same
revision the first in the log counts. Once a job has ended, its request is written again without the
conversations that it named, and later both are removed.
"""

from enum import StrEnum
from typing import ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from tuyen_events.contact_filter import ContactSelection
from tuyen_events.conversation_filter import Holder, Selection
from tuyen_events.crm.imports import Duplicates
from tuyen_events.crm.shares import CareStatus
from tuyen_events.event import Event
from tuyen_events.ids import AgentId, ContactId, OrganizationId
from tuyen_events.vocabulary import Moment


class JobState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """It cannot continue; what was changed by then stays changed."""
    STOPPED = "stopped"
    """Somebody stopped it; what was changed by then stays changed."""


class JobEvent(Event, frozen=True, kw_only=True):
    job_id: str
    organization: OrganizationId
    at: Moment


class JobRequested(JobEvent, frozen=True, kw_only=True):
    """Somebody requested the job. `by` is the agent whose rights it uses."""

    by: AgentId
    note: str | None = None


class HandoverRequested(JobRequested, frozen=True, kw_only=True):
    """All open conversations of `agent_id` go to another agent, or (null) back to rotation."""

    type: ClassVar[str] = "job.handover_requested.v1"
    agent_id: AgentId
    to: AgentId | None


class BulkRequested(JobRequested, frozen=True, kw_only=True):
    """Each selected conversation gets an assignee, is closed or reopened, gets other tags, or
    several of these; null changes nothing."""

    type: ClassVar[str] = "job.bulk_requested.v1"
    selection: Selection
    assign_to: Holder | None = None
    done: bool | None = None
    tags: tuple[str, ...] | None = None


class ContactsChangeRequested(JobRequested, frozen=True, kw_only=True):
    """Each of these contacts gets what is given (S3, W5): those that match `selection` when the job
    comes to them, or else those in `contact_ids`."""

    type: ClassVar[str] = "job.contacts_change_requested.v1"
    contact_ids: tuple[ContactId, ...] = ()
    selection: ContactSelection | None = None
    assignee: AgentId | UnsetType | None = UNSET
    warehouse_id: str | UnsetType = UNSET
    campaign_id: str | UnsetType | None = UNSET
    care_status: CareStatus | UnsetType | None = UNSET
    tags_added: tuple[str, ...] = ()
    tags_removed: tuple[str, ...] = ()
    steps: dict[str, str | None] = msgspec.field(default_factory=dict)
    """By pipeline; null takes the contacts out of it."""


class SheetFormat(StrEnum):
    XLSX = "xlsx"
    CSV = "csv"


class ExportRequested(JobRequested, frozen=True, kw_only=True):
    """The contacts that match, as far as the requester sees them, in a file (C9). The job counts
    them; the file is written whenever it is downloaded, for whoever downloads it."""

    type: ClassVar[str] = "job.export_requested.v1"
    words: str | None = None
    """A part of the name; earlier versions wrote it, instead of `selection`."""
    selection: ContactSelection = ContactSelection()
    columns: tuple[str, ...]
    """None are all."""
    format: SheetFormat


class ImportRequested(JobRequested, frozen=True, kw_only=True):
    """The rows of an uploaded file become contacts (C9). The file has the id of the job.

    `rows` is how many there are, and `mapping` is the field of each column.
    """

    type: ClassVar[str] = "job.import_requested.v1"
    warehouse_id: str
    mapping: dict[str, str]
    duplicates: Duplicates
    rows: int


class SkippedItem(msgspec.Struct, frozen=True):
    """What a job did not change, and why."""

    id: str
    reason: str


class JobProgressed(JobEvent, frozen=True, kw_only=True):
    """How far a job has come. `revision` rises with every record; the counts are totals."""

    type: ClassVar[str] = "job.progressed.v1"
    revision: int
    state: JobState
    total: int
    """How many there are, as far as is known; equal to `done` once the job has
    ended."""
    done: int = 0
    changed: int = 0
    unchanged: int = 0
    """Those that needed no change, or must not be changed any more."""
    refused: dict[str, int] = msgspec.field(default_factory=dict)
    """By reason."""
    skipped: tuple[SkippedItem, ...] = ()
    """The first contacts that were refused; MongoDB has more of them."""
    under_way: tuple[str, ...] = ()
    """Perhaps begun, and not counted yet: a gateway that takes the job over begins with these."""
    cursor: str | None = None
    """All up to this id, in the order of ids, are counted or under way."""
    detail: str | None = None
    """Why it failed."""


EVENTS = (
    HandoverRequested,
    BulkRequested,
    ContactsChangeRequested,
    ExportRequested,
    ImportRequested,
    JobProgressed,
)
