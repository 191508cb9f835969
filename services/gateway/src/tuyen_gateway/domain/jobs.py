"""Long work on many conversations: how it stands, and what is left to be done to each of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import msgspec

from tuyen_events.ids import ConversationId, caused_command_id
from tuyen_events.jobs import (
    BulkRequested,
    HandoverRequested,
    JobProgressed,
    JobRequested,
    JobState,
    Selection,
)
from tuyen_events.vocabulary import Moment
from tuyen_gateway.domain.inbox import Conversation
from tuyen_gateway.domain.threads import stored_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What was asked, and how far it has come; no progress before it was begun."""

    request: JobRequested
    progress: JobProgressed | None = None

    @property
    def id(self) -> str:
        return self.request.job_id

    @property
    def ended(self) -> bool:
        return self.progress is not None and self.progress.state is not JobState.RUNNING


def evolve(job: Job | None, event: JobRequested | JobProgressed) -> Job | None:
    """The job after one of its records. A progress of a job that nobody asked for is nothing."""
    if isinstance(event, JobRequested):
        return job or Job(request=event)
    if job is None:
        return None
    if job.progress is not None and event.revision <= job.progress.revision:
        return job
    after = replace(job, progress=event)
    return replace(after, request=put_away(job.request)) if after.ended else after


def put_away(request: JobRequested) -> JobRequested:
    """What is kept of a request once its job has ended: not what it selected, which may be long."""
    if not isinstance(request, BulkRequested):
        return request
    named = request.selection.ids is not None
    return msgspec.structs.replace(request, selection=Selection(ids=() if named else None))


def size(job: Job) -> int:
    """Of how many conversations it is, as far as that is known: of what is named by ids it is at
    once, of what a filter or an agent has once it was begun."""
    request = job.request
    if isinstance(request, BulkRequested) and request.selection.ids and not job.ended:
        return len(request.selection.ids)
    return 0 if job.progress is None else job.progress.total


class Fate(StrEnum):
    """What became of one conversation."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`why` is the reason of a refusal, in a word."""

    fate: Fate
    why: str = ""


CHANGED = Verdict(Fate.CHANGED)
UNCHANGED = Verdict(Fate.UNCHANGED)
NOT_FOUND = Verdict(Fate.REFUSED, "not_found")
"""It does not exist, or the one who asked may not see it: the two cannot be told apart (R7.2)."""
NOT_ARRIVED = Verdict(Fate.REFUSED, "first_comment_missing")
"""Nobody knows yet where its commands belong: the comment that it began with has not arrived."""

TOO_LARGE = Verdict(Fate.REFUSED, "too_large")
"""What would have to be asked of the router for it is larger than a record may be."""


def begun(request: JobRequested, total: int, at: Moment) -> JobProgressed:
    return JobProgressed(
        job_id=request.job_id,
        organization=request.organization,
        revision=1,
        state=JobState.RUNNING,
        total=total,
        at=at,
    )


def counted(
    progress: JobProgressed, verdicts: Mapping[ConversationId, Verdict], at: Moment
) -> JobProgressed:
    """The next progress, with what became of those that were under way."""
    refused = dict(progress.refused)
    for verdict in verdicts.values():
        if verdict.fate is Fate.REFUSED:
            refused[verdict.why] = refused.get(verdict.why, 0) + 1
    fates = [verdict.fate for verdict in verdicts.values()]
    done = progress.done + len(fates)
    return msgspec.structs.replace(
        progress,
        revision=progress.revision + 1,
        total=max(progress.total, done),
        done=done,
        changed=progress.changed + fates.count(Fate.CHANGED),
        unchanged=progress.unchanged + fates.count(Fate.UNCHANGED),
        refused=dict(sorted(refused.items())),
        under_way=(),
        at=at,
    )


def rest_not_found(progress: JobProgressed) -> JobProgressed:
    """Of a job on named conversations that went through all that it found: those that are left do
    not exist, or were not to be seen."""
    missing = progress.total - progress.done
    if missing <= 0:
        return progress
    refused = {**progress.refused}
    refused[NOT_FOUND.why] = refused.get(NOT_FOUND.why, 0) + missing
    return msgspec.structs.replace(
        progress, done=progress.total, refused=dict(sorted(refused.items()))
    )


def taken_up(progress: JobProgressed, ids: tuple[ConversationId, ...]) -> JobProgressed:
    """The same progress, with the next conversations under way."""
    return msgspec.structs.replace(progress, under_way=ids, cursor=ids[-1])


def ended(
    progress: JobProgressed, state: JobState, at: Moment, detail: str | None
) -> JobProgressed:
    """The last progress. What is still under way then may have been changed or not."""
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
    """The id of what the job asks of the router, the same whoever works on it."""
    return caused_command_id(job.id, conversation, part)


def hands_over(request: HandoverRequested, row: Conversation) -> bool:
    """Whether the conversation is still to be handed over (R6.5): theirs, and open."""
    return row.assignee == request.agent_id and not row.done


def closes(request: BulkRequested, row: Conversation) -> bool:
    """Whether the conversation is still to be closed or opened.

    A later word than the request stands, and nothing is closed over what came in since.
    """
    if request.done is None or request.done is row.done:
        return False
    asked_at = stored_time(request.at)
    if row.done_set is not None and row.done_set[0] > asked_at:
        return False
    news = row.last_inbound is not None and row.last_inbound[1] > asked_at
    return not (request.done and news)
