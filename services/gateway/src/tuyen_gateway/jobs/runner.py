"""Runs jobs. A batch of a job on conversations is counted once the router has answered all of its
commands.

The ids of commands are derived from the job and the conversation, so what another gateway achieved
is found in the history and not sent again; a command that was sent and not yet handled is sent
twice, and the router finds nothing to change the second time.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from functools import partial

import structlog

from tuyen_events.commands import CommandSettled, Outcome
from tuyen_events.conversation_filter import Holder, Selection
from tuyen_events.ids import ConversationId
from tuyen_events.jobs import (
    BulkRequested,
    ContactsChangeRequested,
    ExportRequested,
    HandoverRequested,
    ImportRequested,
    JobProgressed,
    JobState,
)
from tuyen_gateway.domain.jobs import (
    CHANGED,
    TOO_LARGE,
    UNCHANGED,
    ItemResult,
    ItemStatus,
    Job,
    command_id,
    refuse_unfound,
)
from tuyen_gateway.domain.rights import RIGHTS, Right
from tuyen_gateway.domain.visibility import Scope, scope_of, viewer_of
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.jobs.contact_changes import ContactsRun
from tuyen_gateway.jobs.exports import ExportRun
from tuyen_gateway.jobs.imports import ImportRun
from tuyen_gateway.jobs.job_run import JobRun, StoppedError
from tuyen_gateway.jobs.plan import ASSIGN, DONE, Plan, Planner, merge
from tuyen_gateway.jobs.turns import Turn, Turns
from tuyen_gateway.mark_writer import write_tags
from tuyen_gateway.ports.commands import AddressedCommand
from tuyen_platform.kafka.ports import RecordTooLargeError
from tuyen_platform.metrics import JOB_CONVERSATIONS

_FETCHED = 10_000
_LOOKED_UP = 1_000
"""How many ids are looked up at once."""

_WARN_EVERY_S = 30.0

_log = structlog.get_logger()


_UNEXPECTED = (
    "The job was stopped by an error that it could not handle. What was changed by then "
    "stays changed. The cause is in the gateway's log, under the job's id."
)


async def run_job(gateway: Gateway, job_id: str, turns: Turns) -> None:
    """Continues a job until it has ended, or until cancelled: one slice at each turn of its
    organization. Waits while a server is unavailable; any other error is raised, and the job stays
    as it was."""
    job = gateway.jobs.job(job_id)
    if job is not None and not job.ended:
        await _find_run(gateway, job, turns).run()


async def fail_job(gateway: Gateway, job_id: str) -> None:
    """Ends a job that raised an unexpected exception. Waits while a server is unavailable."""
    job = gateway.jobs.job(job_id)
    if job is not None and not job.ended:
        await _find_run(gateway, job, Turns(1)).stop(_UNEXPECTED)


async def stop_job(gateway: Gateway, job_id: str) -> None:
    """Ends a job because somebody wants that. What is under way may still be carried out."""
    while (job := gateway.jobs.job(job_id)) is not None and not job.ended:
        await _find_run(gateway, job, Turns(1)).stop(None, JobState.STOPPED)


def _find_run(gateway: Gateway, job: Job, turns: Turns) -> JobRun:
    match job.request:
        case ContactsChangeRequested():
            return ContactsRun(gateway, job, turns)
        case ExportRequested():
            return ExportRun(gateway, job, turns)
        case ImportRequested():
            return ImportRun(gateway, job, turns)
        case _:
            return ConversationsRun(gateway, job, turns)


class ConversationsRun(JobRun):
    async def count(self) -> int:
        await self.retry(self.gateway.inbox.wait_until_caught_up)
        scope, selection = self._scope(), self._selection()
        if selection.ids is not None:
            return len(set(selection.ids))
        return await self.retry(lambda: self.gateway.scans.count(scope, selection))

    def complete(self, progress: JobProgressed) -> JobProgressed:
        return progress if self._selection().ids is None else refuse_unfound(progress)

    async def look_up(self, after: str | None) -> Sequence[str]:
        cursor = None if after is None else ConversationId(after)
        selection = self._selection()
        if selection.ids is not None:
            return await self._find_existing(
                sorted(one for one in {*selection.ids} if cursor is None or one > cursor)
            )
        scope, scans = self._scope(), self.gateway.scans
        return await self.retry(lambda: scans.ids(scope, selection, _FETCHED, cursor))

    async def _find_existing(self, ids: Sequence[ConversationId]) -> list[ConversationId]:
        """The ids that exist and may be seen; an id that does not exist costs only this look-up."""
        scope, found = self._scope(), list[ConversationId]()
        for start in range(0, len(ids), _LOOKED_UP):
            some = ids[start : start + _LOOKED_UP]
            seen = frozenset(
                await self.retry(partial(self.gateway.scans.find_covered, scope, some))
            )
            found += [one for one in some if one in seen]
        return found

    async def run_batch(
        self, ids: Sequence[str], turn: Turn, *, again: bool
    ) -> Mapping[str, ItemResult]:
        conversations = [ConversationId(one) for one in ids]
        results = await self._run_conversations(conversations, turn, again)
        return {str(one): result for one, result in results.items()}

    async def _run_conversations(
        self, ids: Sequence[ConversationId], turn: Turn, again: bool
    ) -> Mapping[ConversationId, ItemResult]:
        """Sends the batch's commands; returns the result of each conversation."""
        scope = self._scope()
        command_ids = {
            one: [command_id(self.job, one, part) for part in (ASSIGN, DONE)] for one in ids
        }
        await self.retry(self.gateway.commands.table.require_following)
        with self.gateway.commands.receiving(
            [one for two in command_ids.values() for one in two]
        ) as results_by_id:
            carried_out = frozenset[str]()
            if again:
                await self.retry(self.gateway.inbox.wait_until_caught_up)
                carried_out = frozenset(
                    await self.retry(lambda: self.gateway.scans.find_carried_out(command_ids))
                )
            rows = await self.retry(lambda: self.gateway.scans.rows(scope, ids))
            planner = Planner(self.job, self.now(), carried_out)
            plans = {one: planner.plan(one, rows.get(one)) for one in ids}
            commands = [command for plan in plans.values() for command in plan.commands]
            sent = [placed.command.command_id for placed in commands]
            unsent = await self.retry(lambda: self._send(commands))
            tagged = [one for plan in plans.values() for one in plan.tagged]
            await self.retry(lambda: write_tags(self.gateway, tagged))
            outcomes = await self._await_outcomes(
                [results_by_id[one] for one in sent if one not in unsent], turn
            )
        results = {one: _combine(plan, outcomes) for one, plan in plans.items()}
        for result in results.values():
            JOB_CONVERSATIONS.labels(self.job.request.type, result.status).inc()
        return results

    async def _send(self, commands: Sequence[AddressedCommand]) -> Collection[str]:
        """Sends the commands that the topic accepts; returns the ids of the others, whose
        conversations are refused."""
        try:
            await self.gateway.commands.send(commands)
        except RecordTooLargeError as error:
            if len(commands) == 1:
                _log.error("command_too_large", job_id=self.job.id, error=str(error))
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
                    "job_waits_for_the_router", job_id=self.job.id, unanswered=len(pending)
                )
        return {one.result().command_id: one.result().outcome for one in awaited}

    def _scope(self) -> Scope:
        """The present scope of the requester (R7.4). Raises StoppedError."""
        organization, agent = self.find_requester()
        if _needs_right(self.job) and Right.ASSIGN not in RIGHTS[agent.role]:
            raise StoppedError(f"{agent.id} requested it, and may not assign any more.")
        return scope_of(viewer_of(organization, agent), organization.settings)

    def _selection(self) -> Selection:
        match self.job.request:
            case HandoverRequested(agent_id=agent_id):
                return Selection(held_by=Holder(agent_id=agent_id), done=False)
            case BulkRequested(selection=selection):
                return selection
            case other:
                raise StoppedError(f"This version does not know jobs of the type {other.type}.")


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
