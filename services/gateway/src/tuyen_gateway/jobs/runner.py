"""Runs one job: a chunk of conversations at a time, each remembered in the log before it is begun
and counted after the router answered for all of it.

Whoever takes a job over begins with the chunk that was under way. Commands have ids of the job and
the conversation, so what the first one brought about is seen in the history and not asked again;
what was asked and not yet handled is asked twice, and the router finds the second time nothing to
change. Two gateways that both think that a job is theirs do the same harmless thing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog
from pymongo.errors import ExecutionTimeout

from tuyen_events.commands import CommandSettled, Outcome
from tuyen_events.ids import ConversationId
from tuyen_events.jobs import (
    BulkRequested,
    HandoverRequested,
    Holder,
    JobProgressed,
    JobState,
    Selection,
)
from tuyen_events.limits import JOB_RESULTS_KEPT_S
from tuyen_gateway.adapters.commands import Placed
from tuyen_gateway.adapters.copies import WAIT_S
from tuyen_gateway.domain.directory import viewer_of
from tuyen_gateway.domain.jobs import (
    CHANGED,
    TOO_LARGE,
    UNCHANGED,
    Fate,
    Job,
    Verdict,
    begun,
    command_id,
    counted,
    ended,
    rest_not_found,
    taken_up,
)
from tuyen_gateway.domain.rights import RIGHTS, Right
from tuyen_gateway.domain.visibility import Scope, scope_of
from tuyen_gateway.errors import UnavailableError
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.jobs.patience import patiently
from tuyen_gateway.jobs.plan import ASSIGN, DONE, Plan, Planner, merged
from tuyen_gateway.jobs.turns import Turn, Turns
from tuyen_gateway.ports import Assigned, ConversationFilter
from tuyen_platform.kafka.ports import RecordTooLargeError
from tuyen_platform.metrics import JOB_CONVERSATIONS

CHUNK = 100
"""How many conversations of a job are under way at once."""

_LISTED = 10_000
_ASKED = 1_000
"""How many ids are looked up at once."""
_LOOKS = 3
"""How often the database is asked for what it did not find within its time."""

_SILENCE_S = 30.0
_REMEMBERED = timedelta(seconds=JOB_RESULTS_KEPT_S)

T = TypeVar("T")

_log = structlog.get_logger()


_UNEXPECTED = (
    "Something in this job could not be handled, and it was stopped. What was changed by then "
    "stays so. The cause stands in the gateway's log, under the job's id."
)


class StoppedError(Exception):
    """The job cannot go on; `detail` says why, for people."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


async def run_job(gateway: Gateway, job_id: str, turns: Turns) -> None:
    """Goes on with a job until it ended, or until cancelled: a slice of it at each turn of its
    organization. Waits while a server is away; whatever else goes wrong is raised, and the job then
    stands as it was."""
    job = gateway.jobs.job(job_id)
    if job is not None and not job.ended:
        await _Run(gateway, job, turns).run()


async def fail_job(gateway: Gateway, job_id: str) -> None:
    """Ends a job that raised what nobody expected. Waits while a server is away."""
    job = gateway.jobs.job(job_id)
    if job is not None and not job.ended:
        await _Run(gateway, job, Turns(1)).stop(_UNEXPECTED)


class _Run:
    def __init__(self, gateway: Gateway, job: Job, turns: Turns) -> None:
        self._gateway = gateway
        self._job = job
        self._turns = turns
        self._listed: list[ConversationId] = []
        """The next conversations, as far as they were looked up."""

    async def run(self) -> None:
        progress = self._job.progress
        again = progress is not None
        await self._patiently(self._directory_is_current)
        await self._patiently(lambda: self._gateway.jobs.keep_request(self._job))
        try:
            if progress is None:
                async with self._turn():
                    progress = await self._begin()
            while progress.under_way:
                async with self._turn() as turn:
                    verdicts = await self._work(progress.under_way, turn, again=again)
                    progress = await self._next(counted(progress, verdicts, self._now()))
                again = False
                if self._ended_elsewhere():
                    return
            if self._selection().ids is not None:
                progress = rest_not_found(progress)
            await self._end(progress, JobState.DONE, None)
        except StoppedError as stopped:
            await self.stop(stopped.detail)

    async def stop(self, detail: str) -> None:
        """Ends the job where it stands, as failed."""
        stands = self._gateway.jobs.job(self._job.id) or self._job
        reached = stands.progress or begun(self._job.request, 0, self._now())
        await self._end(reached, JobState.FAILED, detail)

    def _turn(self) -> AbstractAsyncContextManager[Turn]:
        return self._turns.turn(self._job.request.organization)

    async def _begin(self) -> JobProgressed:
        await self._patiently(self._gateway.inbox.caught_up)
        scope, selection = self._scope(), self._selection()
        if selection.ids is not None:
            total = len(set(selection.ids))
        else:
            wanted = _filter(selection)
            total = await self._patiently(lambda: self._gateway.walks.count(scope, wanted))
        return await self._next(begun(self._job.request, total, self._now()))

    async def _next(self, progress: JobProgressed) -> JobProgressed:
        """The progress with the next chunk under way, as it is in the log by then; as it was given,
        when there is none left."""
        if not self._listed:
            self._listed = await self._look_up(progress.cursor)
        chunk, self._listed = self._listed[:CHUNK], self._listed[CHUNK:]
        if not chunk:
            return progress
        taken = taken_up(progress, tuple(chunk))
        await self._patiently(lambda: self._gateway.jobs.report(taken))
        return taken

    async def _look_up(self, cursor: ConversationId | None) -> list[ConversationId]:
        selection = self._selection()
        if selection.ids is not None:
            return await self._found(
                sorted(one for one in {*selection.ids} if cursor is None or one > cursor)
            )
        scope, wanted = self._scope(), _filter(selection)
        return list(
            await self._patiently(lambda: self._gateway.walks.ids(scope, wanted, _LISTED, cursor))
        )

    async def _found(self, ids: Sequence[ConversationId]) -> list[ConversationId]:
        """Those that exist and may be seen; what is made up costs nothing but this look."""
        scope, found = self._scope(), list[ConversationId]()
        for start in range(0, len(ids), _ASKED):
            some = ids[start : start + _ASKED]
            seen = frozenset(await self._patiently(partial(self._gateway.walks.seen, scope, some)))
            found += [one for one in some if one in seen]
        return found

    async def _work(
        self, ids: Sequence[ConversationId], turn: Turn, *, again: bool
    ) -> Mapping[ConversationId, Verdict]:
        """What became of each. `again`: somebody may have begun with them before."""
        scope = self._scope()
        named = {one: [command_id(self._job, one, part) for part in (ASSIGN, DONE)] for one in ids}
        await self._patiently(self._gateway.commands.copy.following)
        with self._gateway.commands.hearing(
            [one for two in named.values() for one in two]
        ) as heard:
            carried_out = frozenset[str]()
            if again:
                await self._patiently(self._gateway.inbox.caught_up)
                carried_out = frozenset(
                    await self._patiently(lambda: self._gateway.walks.carried_out(named))
                )
            rows = await self._patiently(lambda: self._gateway.walks.rows(scope, ids))
            planner = Planner(self._job, self._now(), carried_out)
            plans = {one: planner.plan(one, rows.get(one)) for one in ids}
            commands = [command for plan in plans.values() for command in plan.commands]
            asked = [placed.command.command_id for placed in commands]
            unsent = await self._patiently(lambda: self._send(commands))
            settled = await self._settled([heard[one] for one in asked if one not in unsent], turn)
        verdicts = {one: _verdict(plan, settled) for one, plan in plans.items()}
        for verdict in verdicts.values():
            JOB_CONVERSATIONS.labels(self._job.request.type, verdict.fate).inc()
        return verdicts

    async def _send(self, commands: Sequence[Placed]) -> Collection[str]:
        """Sends what the topic takes; the ids of the others, which their conversations are refused
        for."""
        try:
            await self._gateway.commands.send(commands)
        except RecordTooLargeError as error:
            if len(commands) == 1:
                _log.error("command_too_large", job_id=self._job.id, error=str(error))
                return (commands[0].command.command_id,)
            half = len(commands) // 2
            return [*await self._send(commands[:half]), *await self._send(commands[half:])]
        return ()

    async def _settled(
        self, awaited: Sequence[asyncio.Future[CommandSettled]], turn: Turn
    ) -> Mapping[str, Outcome]:
        """What the router said. A command that stands in the log is answered, however long the
        router is away; others have their turn meanwhile."""
        pending: set[asyncio.Future[CommandSettled]] = set(awaited)
        while pending:
            _, pending = await asyncio.wait(pending, timeout=_SILENCE_S)
            if pending:
                turn.give_back()
                _log.warning(
                    "job_waits_for_the_router", job_id=self._job.id, unanswered=len(pending)
                )
        return {one.result().command_id: one.result().outcome for one in awaited}

    async def _end(self, progress: JobProgressed, state: JobState, detail: str | None) -> None:
        last = ended(progress, state, self._now(), detail)
        forgotten = self._now() - _REMEMBERED
        with self._gateway.jobs.ending(self._job.id):
            await self._patiently(lambda: self._gateway.jobs.report(last))
            await self._patiently(lambda: self._gateway.jobs.tidy(self._job, forgotten))
        _log.info(
            "job_ended",
            job_id=self._job.id,
            organization=last.organization,
            state=state,
            changed=last.changed,
            unchanged=last.unchanged,
            refused=sum(last.refused.values()),
            detail=detail,
        )

    async def _directory_is_current(self) -> None:
        """Who asked may have come into the directory a moment ago, at another gateway."""
        if not await self._gateway.directory.copy.refresh(WAIT_S):
            raise UnavailableError("This gateway has not folded the directory yet.")

    def _ended_elsewhere(self) -> bool:
        job = self._gateway.jobs.job(self._job.id)
        return job is not None and job.ended

    def _scope(self) -> Scope:
        """What the one who asked may see and do by now (R7.4). Raises StoppedError."""
        request = self._job.request
        organization = self._gateway.directory.organization(request.organization)
        agent = None if organization is None else organization.active_agent(request.by)
        if organization is None or agent is None:
            raise StoppedError(f"{request.by} asked for it, and was disabled or removed since.")
        if organization.profile is None or organization.profile.value.suspended:
            raise StoppedError("The organization was suspended.")
        if _takes_right(self._job) and Right.ASSIGN not in RIGHTS[agent.role]:
            raise StoppedError(f"{request.by} asked for it, and may not assign any more.")
        return scope_of(viewer_of(organization, agent), organization.settings)

    def _selection(self) -> Selection:
        match self._job.request:
            case HandoverRequested(agent_id=agent_id):
                return Selection(held_by=Holder(agent_id=agent_id), done=False)
            case BulkRequested(selection=selection):
                return selection
            case other:
                raise StoppedError(f"This version does not know jobs of the type {other.type}.")

    async def _patiently(self, step: Callable[[], Awaitable[T]]) -> T:
        for _ in range(_LOOKS):
            try:
                return await patiently(step, job_id=self._job.id)
            except ExecutionTimeout as error:
                _log.warning("job_asks_too_much", job_id=self._job.id, error=str(error))
        raise StoppedError(
            "The database took too long to look these conversations up: select fewer at a time."
        )

    def _now(self) -> datetime:
        return self._gateway.clock.now()


def _takes_right(job: Job) -> bool:
    request = job.request
    return not isinstance(request, BulkRequested) or request.assign_to is not None


def _filter(selection: Selection) -> ConversationFilter:
    held_by = selection.held_by
    return ConversationFilter(
        kind=selection.kind,
        channel=selection.channel,
        page=selection.page_id,
        unread=selection.unread,
        assigned=None if held_by is None else Assigned(agent_id=held_by.agent_id),
        tag=selection.tag,
        name=selection.name,
        external_id=selection.external_id,
        done=selection.done,
    )


def _verdict(plan: Plan, settled: Mapping[str, Outcome]) -> Verdict:
    told = [
        _told(settled[command.command_id]) if command.command_id in settled else TOO_LARGE
        for command, _ in plan.commands
    ]
    return merged([*plan.known, *told])


def _told(outcome: Outcome) -> Verdict:
    match outcome:
        case Outcome.APPLIED:
            return CHANGED
        case Outcome.UNCHANGED:
            return UNCHANGED
        case _:
            return Verdict(Fate.REFUSED, outcome.value)
