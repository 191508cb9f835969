"""Jobs on many conversations or contacts: their state, and what is still to be done for each item.

Decides R6.5.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import msgspec

from tuyen_events.conversation_filter import Selection
from tuyen_events.crm_limits import SKIPPED_SHOWN
from tuyen_events.ids import ConversationId, derive_command_id
from tuyen_events.jobs import (
    BulkRequested,
    ContactsChangeRequested,
    ExportRequested,
    HandoverRequested,
    ImportRequested,
    JobProgressed,
    JobRequested,
    JobState,
    SkippedItem,
)
from tuyen_events.vocabulary import Moment
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.threads import truncate_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job's request and its progress; no progress before it was begun."""

    request: JobRequested
    progress: JobProgressed | None = None

    @property
    def id(self) -> str:
        return self.request.job_id

    @property
    def ended(self) -> bool:
        return self.progress is not None and self.progress.state is not JobState.RUNNING


def evolve(job: Job | None, event: JobRequested | JobProgressed) -> Job | None:
    """The job after one of its records. Progress without a request is ignored."""
    if isinstance(event, JobRequested):
        return job or Job(request=event)
    if job is None:
        return None
    if not replaces(event, job.progress):
        return job
    after = replace(job, progress=event)
    return replace(after, request=put_away(job.request)) if after.ended else after


def replaces(event: JobProgressed, known: JobProgressed | None) -> bool:
    """Whether progress counts instead of what was known before.

    Two gateways that run a job at once may number their progress differently, so a revision alone
    does not decide: a job that has ended stays so, since its selection is forgotten, and one that a
    gateway has completed is done.
    """
    if known is None:
        return True
    if known.state is not JobState.RUNNING:
        return False
    return event.state is JobState.DONE or event.revision > known.revision


def put_away(request: JobRequested) -> JobRequested:
    """The part of a request that is kept once its job has ended: without its selection, which may
    be long."""
    if isinstance(request, ContactsChangeRequested):
        return msgspec.structs.replace(request, contact_ids=())
    if not isinstance(request, BulkRequested):
        return request
    count_named = request.selection.ids is not None
    return msgspec.structs.replace(request, selection=Selection(ids=() if count_named else None))


def size(job: Job) -> int:
    """How many a job is about, as far as it is known: at once if they are named by their ids,
    otherwise once the job has begun. Rows of files do not count: there are few files."""
    request = job.request
    if isinstance(request, ImportRequested | ExportRequested):
        return 0
    if isinstance(request, ContactsChangeRequested) and request.contact_ids:
        return len(request.contact_ids)
    if isinstance(request, BulkRequested) and request.selection.ids and not job.ended:
        return len(request.selection.ids)
    return 0 if job.progress is None else job.progress.total


class ItemStatus(StrEnum):
    """The status of one conversation in a job."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ItemResult:
    """The result for one conversation; `why` is the reason of a refusal, or what else must be said,
    in one word."""

    status: ItemStatus
    why: str = ""


CHANGED = ItemResult(ItemStatus.CHANGED)
UNCHANGED = ItemResult(ItemStatus.UNCHANGED)
CONVERSATION_NOT_FOUND = ItemResult(ItemStatus.REFUSED, "not_found")
"""It does not exist, or the requester may not see it: the two cannot be distinguished (R7.2)."""
NOT_ARRIVED = ItemResult(ItemStatus.REFUSED, "first_comment_missing")
"""The partition for its commands is not known yet: the root comment has not arrived."""

TOO_LARGE = ItemResult(ItemStatus.REFUSED, "too_large")
"""The command for it would be larger than a record may be."""


def begin_job(request: JobRequested, total: int, at: Moment) -> JobProgressed:
    return JobProgressed(
        job_id=request.job_id,
        organization=request.organization,
        revision=1,
        state=JobState.RUNNING,
        total=total,
        at=at,
    )


def count_results(
    progress: JobProgressed, results: Mapping[str, ItemResult], at: Moment
) -> JobProgressed:
    """The next progress, with the results of what was under way."""
    refused = dict(progress.refused)
    for result in results.values():
        if result.status is ItemStatus.REFUSED:
            refused[result.why] = refused.get(result.why, 0) + 1
    statuses = [result.status for result in results.values()]
    done = progress.done + len(statuses)
    return msgspec.structs.replace(
        progress,
        revision=progress.revision + 1,
        total=max(progress.total, done),
        done=done,
        changed=progress.changed + statuses.count(ItemStatus.CHANGED),
        unchanged=progress.unchanged + statuses.count(ItemStatus.UNCHANGED),
        refused=dict(sorted(refused.items())),
        under_way=(),
        at=at,
    )


def list_skipped(
    progress: JobProgressed, results: Mapping[str, ItemResult]
) -> tuple[JobProgressed, Sequence[SkippedItem]]:
    """The progress, with those of the results that have a reason; and those of them for which it
    has no room."""
    new = [SkippedItem(one, result.why) for one, result in results.items() if result.why]
    room = max(SKIPPED_SHOWN - len(progress.skipped), 0)
    skipped = (*progress.skipped, *new[:room])
    return msgspec.structs.replace(progress, skipped=skipped), new[room:]


def shorten_skipped(progress: JobProgressed) -> JobProgressed:
    """The progress with as many skipped items as it has room for: earlier versions wrote more."""
    if len(progress.skipped) <= SKIPPED_SHOWN:
        return progress
    return msgspec.structs.replace(progress, skipped=progress.skipped[:SKIPPED_SHOWN])


def refuse_unfound(progress: JobProgressed) -> JobProgressed:
    """Refuses the named conversations that a job did not find: they do not exist, or may not be
    seen."""
    missing = progress.total - progress.done
    if missing <= 0:
        return progress
    refused = {**progress.refused}
    refused[CONVERSATION_NOT_FOUND.why] = refused.get(CONVERSATION_NOT_FOUND.why, 0) + missing
    return msgspec.structs.replace(
        progress, done=progress.total, refused=dict(sorted(refused.items()))
    )


def take_up(progress: JobProgressed, ids: tuple[str, ...]) -> JobProgressed:
    """The same progress, with the next items under way."""
    return msgspec.structs.replace(progress, under_way=ids, cursor=ids[-1])


def complete_job(
    progress: JobProgressed, state: JobState, at: Moment, detail: str | None
) -> JobProgressed:
    """The last progress. Conversations that are still under way then may have been changed or
    not."""
    return msgspec.structs.replace(
        progress,
        revision=progress.revision + 1,
        state=state,
        total=progress.done if state is JobState.DONE else progress.total,
        under_way=(),
        cursor=None,
        detail=detail,
        at=at,
    )


def command_id(job: Job, conversation: ConversationId, part: str) -> str:
    """The id of the job's command for a conversation, the same whichever gateway runs the job."""
    return derive_command_id(job.id, conversation, part)


def hands_over(request: HandoverRequested, row: InboxRow) -> bool:
    """Whether the conversation is still to be handed over (R6.5): it is the agent's, and open."""
    return row.assignee == request.agent_id and not row.done


def closes(request: BulkRequested, row: InboxRow) -> bool:
    """Whether the conversation is still to be closed or opened. A change after the request wins,
    and no conversation is closed that has new events since."""
    if request.done is None or request.done is row.done:
        return False
    requested_at = truncate_time(request.at)
    if row.done_set is not None and row.done_set[0] > requested_at:
        return False
    has_newer = row.last_inbound is not None and row.last_inbound[1] > requested_at
    return not (request.done and has_newer)
