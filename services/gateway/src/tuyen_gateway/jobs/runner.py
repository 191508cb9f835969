"""Runs one job in batches of conversations, each stored in the log before it is begun and counted
after the router answered for all of it.

A gateway that takes a job over begins with the batch that was under way. The ids of commands are
derived from the job and the conversation, so what the first gateway achieved is found in the
history and not sent again; a command that was sent and not yet handled is sent twice, and the
router finds nothing to change the second time. Two gateways that both believe they own a job do the
same, which is harmless.
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
from tuyen_events.conversation_filter import Holder, Selection
from tuyen_events.ids import ConversationId
from tuyen_events.jobs import BulkRequested, HandoverRequested, JobProgressed, JobState
from tuyen_events.limits import JOB_RESULTS_KEPT_S
from tuyen_gateway.domain.jobs import (
    CHANGED,
    TOO_LARGE,
    UNCHANGED,
    ItemResult,
    ItemStatus,
    Job,
    begin,
    command_id,
    count_results,
    finish,
    rest_not_found,
    take_up,
)
from tuyen_gateway.domain.rights import RIGHTS, Right
from tuyen_gateway.domain.visibility import Scope, scope_of, viewer_of
from tuyen_gateway.errors import UnavailableError
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.jobs.plan import ASSIGN, DONE, Plan, Planner, merge
from tuyen_gateway.jobs.retry import retry_while_unavailable
from tuyen_gateway.jobs.turns import Turn, Turns
from tuyen_gateway.marking import write_tags
from tuyen_gateway.ports.commands import Placed
from tuyen_gateway.ports.tables import WAIT_S
from tuyen_platform.kafka.ports import RecordTooLargeError
from tuyen_platform.metrics import JOB_CONVERSATIONS

SLICE = 100
"""How many conversations of a job are under way at once."""

_FETCHED = 10_000
_LOOKED_UP = 1_000
"""How many ids are looked up at once."""
_ATTEMPTS = 3
"""How often a query that times out is tried."""

_WARN_EVERY_S = 30.0
_REMEMBERED = timedelta(seconds=JOB_RESULTS_KEPT_S)

T = TypeVar("T")

_log = structlog.get_logger()


_UNEXPECTED = (
    "The job was stopped by an error that it could not handle. What was changed by then "
    "stays changed. The cause is in the gateway's log, under the job's id."
)


class StoppedError(Exception):
    """The job cannot continue; `detail` says why, for users."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


async def run_job(gateway: Gateway, job_id: str, turns: Turns) -> None:
    """Continues a job until it has ended, or until cancelled: one slice at each turn of its
    organization. Waits while a server is unavailable; any other error is raised, and the job stays
    as it was."""
    job = gateway.jobs.job(job_id)
    if job is not None and not job.ended:
        await _Run(gateway, job, turns).run()


async def fail_job(gateway: Gateway, job_id: str) -> None:
    """Ends a job that raised an unexpected exception. Waits while a server is unavailable."""
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
        await self._retry(self._directory_is_current)
        await self._retry(lambda: self._gateway.jobs.keep_request(self._job))
        try:
            if progress is None:
                async with self._turn():
                    progress = await self._begin()
            while progress.under_way:
                if self._has_ended():
                    return
                async with self._turn() as turn:
                    results = await self._run_batch(progress.under_way, turn, again=again)
                    progress = await self._take_batch(count_results(progress, results, self._now()))
                again = False
            if self._has_ended():
                return
            if self._selection().ids is not None:
                progress = rest_not_found(progress)
            await self._end(progress, JobState.DONE, None)
        except StoppedError as stopped:
            await self.stop(stopped.detail)

    async def stop(self, detail: str) -> None:
        """Ends the job as failed, with what it has achieved."""
        latest = self._gateway.jobs.job(self._job.id) or self._job
        reached = latest.progress or begin(self._job.request, 0, self._now())
        await self._end(reached, JobState.FAILED, detail)

    def _turn(self) -> AbstractAsyncContextManager[Turn]:
        return self._turns.turn(self._job.request.organization)

    async def _begin(self) -> JobProgressed:
        await self._retry(self._gateway.inbox.caught_up)
        scope, selection = self._scope(), self._selection()
        if selection.ids is not None:
            total = len(set(selection.ids))
        else:
            total = await self._retry(lambda: self._gateway.scans.count(scope, selection))
        return await self._take_batch(begin(self._job.request, total, self._now()))

    async def _take_batch(self, progress: JobProgressed) -> JobProgressed:
        """Puts the next batch under way, and returns the new progress once it is in the log;
        returns `progress` if no conversations are left."""
        if not self._listed:
            self._listed = await self._look_up(progress.cursor)
        batch, self._listed = self._listed[:SLICE], self._listed[SLICE:]
        if not batch:
            return progress
        taken = take_up(progress, tuple(batch))
        await self._retry(lambda: self._gateway.jobs.report(taken))
        return taken

    async def _look_up(self, cursor: ConversationId | None) -> list[ConversationId]:
        selection = self._selection()
        if selection.ids is not None:
            return await self._find_existing(
                sorted(one for one in {*selection.ids} if cursor is None or one > cursor)
            )
        scope, scans = self._scope(), self._gateway.scans
        return list(await self._retry(lambda: scans.ids(scope, selection, _FETCHED, cursor)))

    async def _find_existing(self, ids: Sequence[ConversationId]) -> list[ConversationId]:
        """The ids that exist and may be seen; an id that does not exist costs only this look-up."""
        scope, found = self._scope(), list[ConversationId]()
        for start in range(0, len(ids), _LOOKED_UP):
            some = ids[start : start + _LOOKED_UP]
            seen = frozenset(
                await self._retry(partial(self._gateway.scans.find_covered, scope, some))
            )
            found += [one for one in some if one in seen]
        return found

    async def _run_batch(
        self, ids: Sequence[ConversationId], turn: Turn, *, again: bool
    ) -> Mapping[ConversationId, ItemResult]:
        """Sends the batch's commands; returns the result of each conversation. With `again`,
        another gateway may have sent some of them already."""
        scope = self._scope()
        command_ids = {
            one: [command_id(self._job, one, part) for part in (ASSIGN, DONE)] for one in ids
        }
        await self._retry(self._gateway.commands.table.following)
        with self._gateway.commands.receiving(
            [one for two in command_ids.values() for one in two]
        ) as results_by_id:
            carried_out = frozenset[str]()
            if again:
                await self._retry(self._gateway.inbox.caught_up)
                carried_out = frozenset(
                    await self._retry(lambda: self._gateway.scans.find_carried_out(command_ids))
                )
            rows = await self._retry(lambda: self._gateway.scans.rows(scope, ids))
            planner = Planner(self._job, self._now(), carried_out)
            plans = {one: planner.plan(one, rows.get(one)) for one in ids}
            commands = [command for plan in plans.values() for command in plan.commands]
            sent = [placed.command.command_id for placed in commands]
            unsent = await self._retry(lambda: self._send(commands))
            tagged = [one for plan in plans.values() for one in plan.tagged]
            await self._retry(lambda: write_tags(self._gateway, tagged))
            outcomes = await self._await_outcomes(
                [results_by_id[one] for one in sent if one not in unsent], turn
            )
        results = {one: _combine(plan, outcomes) for one, plan in plans.items()}
        for result in results.values():
            JOB_CONVERSATIONS.labels(self._job.request.type, result.status).inc()
        return results

    async def _send(self, commands: Sequence[Placed]) -> Collection[str]:
        """Sends the commands that the topic accepts; returns the ids of the others, whose
        conversations are refused."""
        try:
            await self._gateway.commands.send(commands)
        except RecordTooLargeError as error:
            if len(commands) == 1:
                _log.error("command_too_large", job_id=self._job.id, error=str(error))
                return (commands[0].command.command_id,)
            half = len(commands) // 2
            return [*await self._send(commands[:half]), *await self._send(commands[half:])]
        return ()

    async def _await_outcomes(
        self, awaited: Sequence[asyncio.Future[CommandSettled]], turn: Turn
    ) -> Mapping[str, Outcome]:
        """Waits for the router's results. Each command that is in the log gets one, however long
        the router is unavailable; other jobs get their turn meanwhile."""
        pending: set[asyncio.Future[CommandSettled]] = set(awaited)
        while pending:
            _, pending = await asyncio.wait(pending, timeout=_WARN_EVERY_S)
            if pending:
                turn.give_back()
                _log.warning(
                    "job_waits_for_the_router", job_id=self._job.id, unanswered=len(pending)
                )
        return {one.result().command_id: one.result().outcome for one in awaited}

    async def _end(self, progress: JobProgressed, state: JobState, detail: str | None) -> None:
        last = finish(progress, state, self._now(), detail)
        forgotten = self._now() - _REMEMBERED
        with self._gateway.jobs.ending(self._job.id):
            await self._retry(lambda: self._gateway.jobs.report(last))
            if not self._has_ended():
                return  # another gateway has come further: it still needs the request
            await self._retry(lambda: self._gateway.jobs.tidy(self._job, forgotten))
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
        """Waits until this gateway knows all that is in the directory: another gateway may have
        added the requester a moment ago."""
        if not await self._gateway.directory.table.refresh(WAIT_S):
            raise UnavailableError("This gateway has not folded the directory yet.")

    def _has_ended(self) -> bool:
        """Whether the job has ended, here or at another gateway."""
        job = self._gateway.jobs.job(self._job.id)
        return job is not None and job.ended

    def _scope(self) -> Scope:
        """What the requester may see and do by now (R7.4). Raises StoppedError."""
        request = self._job.request
        organization = self._gateway.directory.organization(request.organization)
        agent = None if organization is None else organization.active_agent(request.by)
        if organization is None or agent is None:
            raise StoppedError(f"{request.by} requested it, and was disabled or removed since.")
        if organization.profile is None or organization.profile.value.suspended:
            raise StoppedError("The organization was suspended.")
        if _needs_right(self._job) and Right.ASSIGN not in RIGHTS[agent.role]:
            raise StoppedError(f"{request.by} requested it, and may not assign any more.")
        return scope_of(viewer_of(organization, agent), organization.settings)

    def _selection(self) -> Selection:
        match self._job.request:
            case HandoverRequested(agent_id=agent_id):
                return Selection(held_by=Holder(agent_id=agent_id), done=False)
            case BulkRequested(selection=selection):
                return selection
            case other:
                raise StoppedError(f"This version does not know jobs of the type {other.type}.")

    async def _retry(self, step: Callable[[], Awaitable[T]]) -> T:
        for _ in range(_ATTEMPTS):
            try:
                return await retry_while_unavailable(step, job_id=self._job.id)
            except ExecutionTimeout as error:
                _log.warning("job_asks_too_much", job_id=self._job.id, error=str(error))
        raise StoppedError(
            "The database took too long to look these conversations up: select fewer at a time."
        )

    def _now(self) -> datetime:
        return self._gateway.clock.now()


def _needs_right(job: Job) -> bool:
    request = job.request
    return not isinstance(request, BulkRequested) or request.assign_to is not None


def _combine(plan: Plan, outcomes: Mapping[str, Outcome]) -> ItemResult:
    results = [
        _item_result(outcomes[command.command_id]) if command.command_id in outcomes else TOO_LARGE
        for command, _ in plan.commands
    ]
    return merge([*plan.known, *results])


def _item_result(outcome: Outcome) -> ItemResult:
    match outcome:
        case Outcome.APPLIED:
            return CHANGED
        case Outcome.UNCHANGED:
            return UNCHANGED
        case _:
            return ItemResult(ItemStatus.REFUSED, outcome.value)
