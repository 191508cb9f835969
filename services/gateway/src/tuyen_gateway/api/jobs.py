"""Long work on many conversations or contacts: handovers and bulk changes (R6.5, S3)."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import uuid4

import msgspec
from fastapi import APIRouter, Response, status
from pydantic import ConfigDict, Field, StringConstraints

from tuyen_events.conversation_filter import ConversationFilter, Holder, Selection
from tuyen_events.crm_limits import SKIPPED_SHOWN
from tuyen_events.ids import AgentId, ConversationId
from tuyen_events.jobs import (
    BulkRequested,
    ContactsChangeRequested,
    ExportRequested,
    HandoverRequested,
    ImportRequested,
    JobState,
)
from tuyen_events.limits import BULK_IDS, ID_CHARACTERS, NOTE_CHARACTERS, TAGS
from tuyen_events.vocabulary import Role
from tuyen_gateway.api.bodies import ChosenId, RequestBody, ResponseBody
from tuyen_gateway.api.conversation_filter import FilterIn
from tuyen_gateway.api.dependencies import (
    Assigner,
    Caller,
    CurrentCaller,
    GatewayPorts,
    PathId,
    check_right,
)
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.positions import jobs_position
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.assignment import check_chosen
from tuyen_gateway.domain.audit import audit_stop
from tuyen_gateway.domain.jobs import Job
from tuyen_gateway.domain.marks import list_distinct
from tuyen_gateway.domain.rights import Right
from tuyen_gateway.domain.visibility import Viewer
from tuyen_gateway.errors import InvalidError, NotFoundError
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.jobs.runner import stop_job
from tuyen_gateway.ports.dead_letters import Replay
from tuyen_gateway.ports.tables import WAIT_S

router = APIRouter(tags=["jobs"])

_SHORT_S = 2.0
_CONTACT_JOBS = (ContactsChangeRequested, ExportRequested, ImportRequested)


class HandoverIn(RequestBody):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"to": "lan", "note": "Minh nghỉ việc"}]}
    )

    to: ChosenId | None
    """The new assignee; null returns each conversation to its rule, for anybody else."""
    note: str | None = Field(default=None, max_length=NOTE_CHARACTERS)
    """Why; shown in each conversation's history (R6.3)."""


Tag = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=ID_CHARACTERS)
]


class SetIn(RequestBody):
    """What is omitted stays as it is."""

    assignee: ChosenId | None = None
    """Null means nobody. For managing roles."""
    done: bool | None = None
    tags: list[Tag] | None = Field(default=None, max_length=TAGS, fail_fast=True)
    """In place of those that they have; compared without regard to case."""


class BulkIn(RequestBody):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"filter": {"assignee": "none", "kind": "comment"}, "set": {"assignee": "lan"}},
                {"ids": ["msg_fa225c17f85f00afa6d32251"], "set": {"done": True, "tags": ["vip"]}},
            ]
        }
    )

    ids: list[ChosenId] | None = Field(
        default=None, min_length=1, max_length=BULK_IDS, fail_fast=True
    )
    filter: FilterIn | None = None
    set: SetIn
    note: str | None = Field(default=None, max_length=NOTE_CHARACTERS)


class SkippedView(ResponseBody):
    """A contact, or the number of a row, that the job skipped."""

    id: str
    reason: str


class JobView(ResponseBody):
    id: str
    kind: Literal["handover", "bulk", "contacts", "export", "import", "replay"]
    """`replay` reads stored webhooks again: there, `done` counts bodies, `changed` the events that
    they contain, and `refused` parts that were not read (`unreadable`, `withheld`)."""
    state: JobState | Literal["waiting"]
    """Jobs of contacts are `waiting` until they are begun."""
    total: int | None
    """How many conversations or contacts there are, as far as is known; null until it was begun."""
    done: int
    """How many of them were processed: `changed`, `unchanged` and `refused` together."""
    changed: int
    unchanged: int
    refused: int
    reasons: dict[str, int]
    """The number of refused items by reason: `not_allowed` (the agent may not work on the page),
    `not_found`, `first_comment_missing`, `assignment_off`, `too_large`."""
    skipped: list[SkippedView] = Field(default_factory=list)
    """For a change of contacts: the first thousand contacts that were refused; in lists and live
    events, only the first 20."""
    detail: str | None
    """Why it failed."""
    agent_id: str | None = None
    """The agent whose conversations are handed over."""
    to: str | None = None
    note: str | None
    by: str
    at: datetime
    changed_at: datetime


@router.post(
    "/agents/{agent_id}/handover",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Hand over all of an agent's open conversations",
    responses=problems(403, 404, 409, 429),
)
async def hand_over(
    agent_id: PathId, body: HandoverIn, caller: Assigner, gateway: GatewayPorts
) -> JobView:
    """For managing roles, on the pages that they may see (R6.5); also for an agent who was removed.

    Answers at once with a job that continues by itself, even if a gateway stops meanwhile; `GET
    /v1/jobs/{id}` shows its progress. `429` while the caller or the organization has as many jobs
    as allowed, or requested as many within an hour. Conversations that `to` may not have (R6.2) are
    counted as refused, and stay. Back to rotation, each conversation goes by the rules to somebody
    else, or waits.
    """
    gone, to = AgentId(agent_id), None if body.to is None else AgentId(body.to)
    check_chosen(caller.organization, to, "to")
    if to == gone:
        raise InvalidError("to", "These conversations are theirs already: name another.")
    if gone not in caller.organization.agents:
        await gateway.inbox.wait_until_caught_up()
        theirs = ConversationFilter(held_by=Holder(agent_id=gone), done=False)
        if not (await gateway.inbox.counts(caller.scope, theirs)).total:
            raise NotFoundError(f"There is no agent {agent_id!r}.")
    request = HandoverRequested(
        job_id=new_job_id(),
        organization=caller.organization.id,
        at=gateway.clock.now(),
        by=caller.viewer.agent_id,
        note=body.note,
        agent_id=gone,
        to=to,
    )
    await gateway.jobs.ask(request)
    return job_view(find_job(gateway, caller, request.job_id))


@router.post(
    "/conversations/bulk",
    summary="Change many conversations",
    responses={
        202: {"model": JobView, "description": "It takes longer: `GET` the job for its progress"},
        **problems(403, 409, 429),
    },
)
async def change_in_bulk(
    body: BulkIn, caller: CurrentCaller, gateway: GatewayPorts, response: Response
) -> JobView:
    """Assigns (managing roles), closes or opens, or tags the conversations in `ids`, or all that
    match `filter` by now, among those that the caller may see.

    Always a job: `200` if it ended within two seconds, `202` if it continues. A conversation that
    does not exist, or that the caller may not see, is refused as `not_found`. `429` as for a
    handover. A conversation with new events since the request is not closed.
    """
    selection = _selection(body, caller)
    assigns = "assignee" in body.set.model_fields_set
    if not assigns and body.set.done is None and body.set.tags is None:
        raise InvalidError("set", "Say what to set: `assignee`, `done` or `tags`.")
    chosen = None if body.set.assignee is None else AgentId(body.set.assignee)
    if assigns:
        check_right(caller, Right.ASSIGN)
        check_chosen(caller.organization, chosen, "set.assignee")
    request = BulkRequested(
        job_id=new_job_id(),
        organization=caller.organization.id,
        at=gateway.clock.now(),
        by=caller.viewer.agent_id,
        note=body.note,
        selection=selection,
        assign_to=Holder(agent_id=chosen) if assigns else None,
        done=body.set.done,
        tags=None if body.set.tags is None else list_distinct(body.set.tags),
    )
    await gateway.jobs.ask(request)
    if not await gateway.jobs.wait_until_ended(request.job_id, _SHORT_S):
        response.status_code = status.HTTP_202_ACCEPTED
    return job_view(find_job(gateway, caller, request.job_id))


@router.get("/jobs", summary="List the jobs")
async def list_jobs(
    caller: CurrentCaller, gateway: GatewayPorts, paging: CurrentPaging
) -> Listed[JobView]:
    """The jobs that the caller requested; for the role `system_admin` all. The newest first, of the
    last thirty days. Of what a job skipped, the first 20; `GET /v1/jobs/{id}` has a thousand."""
    organization = caller.organization.id
    jobs: list[Job | Replay] = [*gateway.jobs.of(organization), *gateway.replays.of(organization)]
    found = [job for job in jobs if sees_job(caller.viewer, job)]
    page, following = paging.cut(sorted(found, key=_key, reverse=True), _key, descending=True)
    return Listed(
        items=[show_job(job) for job in page],
        next=following,
        position=jobs_position(gateway, caller.organization),
    )


@router.get("/jobs/{job_id}", summary="How far a job is", responses=problems(404))
async def get_job(job_id: PathId, caller: CurrentCaller, gateway: GatewayPorts) -> JobView:
    """For whoever requested it, and the role `system_admin`."""
    replay = gateway.replays.find(caller.organization.id, job_id)
    if replay is not None and sees_job(caller.viewer, replay):
        return view_replay(replay)
    return await view_whole_job(gateway, await _find_recent_job(gateway, caller, job_id))


@router.post("/jobs/{job_id}/stop", summary="Stop a job", responses=problems(404))
async def stop_running_job(job_id: PathId, caller: CurrentCaller, gateway: GatewayPorts) -> JobView:
    """For whoever requested it, and the role `system_admin`; a replay cannot be stopped. What was
    changed by then stays. If it has ended already, nothing changes."""
    await stop_for(gateway, caller, await _find_recent_job(gateway, caller, job_id))
    return await view_whole_job(gateway, find_job(gateway, caller, job_id))


async def stop_for(gateway: Gateway, caller: Caller, job: Job) -> None:
    """Stops the job, unless it has ended; the audit has who did it."""
    if not job.ended:
        by, now = caller.viewer.agent_id, gateway.clock.now()
        await gateway.audit.record(audit_stop(job.request, by=by, at=now))
    await stop_job(gateway, job.id)


async def _find_recent_job(gateway: Gateway, caller: Caller, job_id: str) -> Job:
    if gateway.jobs.job(job_id) is None:  # another gateway may have accepted it a moment ago
        await gateway.jobs.table.refresh(WAIT_S)
    return find_job(gateway, caller, job_id)


def _selection(body: BulkIn, caller: Caller) -> Selection:
    if (body.ids is None) == (body.filter is None):
        raise InvalidError("", "Name the conversations either by `ids` or by `filter`.")
    if body.filter is None:
        return Selection(ids=tuple(ConversationId(one) for one in body.ids or ()))
    return Selection(**msgspec.structs.asdict(body.filter.to_filter(caller)))


def new_job_id() -> str:
    """The id of a job that a request makes."""
    return f"job_{uuid4().hex}"


def sees_job(viewer: Viewer, job: Job | Replay) -> bool:
    """A job's counts reveal conversations that others may not see (R7.2), and a replay's reveal
    what every page received."""
    if viewer.role is Role.SYSTEM_ADMIN:
        return True
    return isinstance(job, Job) and job.request.by == viewer.agent_id


def find_job(gateway: Gateway, caller: Caller, job_id: str) -> Job:
    """The job. Raises NotFoundError if there is none that the caller may see."""
    job = gateway.jobs.job(job_id)
    own = job is not None and job.request.organization == caller.organization.id
    if job is None or not own or not sees_job(caller.viewer, job):
        raise NotFoundError(f"There is no job {job_id!r}.")
    return job


def _key(job: Job | Replay) -> str:
    job_id = job.request.replay_id if isinstance(job, Replay) else job.id
    return f"{job.request.at.timestamp():017.6f} {job_id}"


def show_job(job: Job | Replay) -> JobView:
    return view_replay(job) if isinstance(job, Replay) else job_view(job)


async def view_whole_job(gateway: Gateway, job: Job) -> JobView:
    """The job with all skipped items that are kept."""
    view = job_view(job)
    if len(view.skipped) < SKIPPED_SHOWN:
        return view
    others = await gateway.skipped_items.of(job.request.organization, job.id)
    skipped = [*view.skipped, *(SkippedView(id=one.id, reason=one.reason) for one in others)]
    return view.model_copy(update={"skipped": skipped})


def job_view(job: Job) -> JobView:
    request, progress = job.request, job.progress
    handover = request if isinstance(request, HandoverRequested) else None
    refused = {} if progress is None else progress.refused
    return JobView(
        id=job.id,
        kind=_kind_of(job),
        state=_state_of(job),
        total=None if progress is None else progress.total,
        done=0 if progress is None else progress.done,
        changed=0 if progress is None else progress.changed,
        unchanged=0 if progress is None else progress.unchanged,
        refused=sum(refused.values()),
        reasons=dict(refused),
        skipped=[
            SkippedView(id=each.id, reason=each.reason)
            for each in (() if progress is None else progress.skipped)
        ],
        detail=None if progress is None else progress.detail,
        agent_id=None if handover is None else handover.agent_id,
        to=None if handover is None else handover.to,
        note=request.note,
        by=request.by,
        at=request.at,
        changed_at=request.at if progress is None else progress.at,
    )


def _kind_of(job: Job) -> Literal["handover", "bulk", "contacts", "export", "import"]:
    match job.request:
        case HandoverRequested():
            return "handover"
        case ContactsChangeRequested():
            return "contacts"
        case ExportRequested():
            return "export"
        case ImportRequested():
            return "import"
        case _:
            return "bulk"


def _state_of(job: Job) -> JobState | Literal["waiting"]:
    if job.progress is not None:
        return job.progress.state
    waits = isinstance(job.request, _CONTACT_JOBS)
    return "waiting" if waits else JobState.RUNNING


def view_replay(replay: Replay) -> JobView:
    """A replay as a job."""
    request, progress = replay.request, replay.progress
    reasons: dict[str, int] = {}
    if progress is not None:
        counted = {"unreadable": progress.failures, "withheld": progress.withheld}
        reasons = {reason: count for reason, count in counted.items() if count}
    return JobView(
        id=request.replay_id,
        kind="replay",
        state=JobState.RUNNING if progress is None else JobState(progress.state.value),
        total=None,
        done=0 if progress is None else progress.bodies,
        changed=0 if progress is None else progress.events,
        unchanged=0,
        refused=sum(reasons.values()),
        reasons=reasons,
        detail=None if progress is None else progress.detail,
        note=None,
        by=request.by,
        at=request.at,
        changed_at=request.at if progress is None else progress.at,
    )
