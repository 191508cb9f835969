"""What a job does with one conversation: the commands to the router, and the tags."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from tuyen_events.commands import AssignConversation, ReturnToRotation
from tuyen_events.ids import AgentId, ConversationId
from tuyen_events.inbound import Visit
from tuyen_events.jobs import BulkRequested, HandoverRequested
from tuyen_events.marks import ConversationTagged
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.jobs import (
    CHANGED,
    CONVERSATION_NOT_FOUND,
    NOT_ARRIVED,
    UNCHANGED,
    ItemResult,
    ItemStatus,
    Job,
    closes,
    command_id,
    hands_over,
)
from tuyen_gateway.done_command import build_done_command
from tuyen_gateway.ports.commands import AddressedCommand

ASSIGN = "assign"
DONE = "done"


@dataclass(frozen=True, slots=True)
class Plan:
    """The commands that are still to be sent for a conversation, and the results that are known
    without them."""

    commands: tuple[AddressedCommand, ...] = ()
    known: tuple[ItemResult, ...] = ()
    tagged: tuple[ConversationTagged, ...] = ()
    """The changes of its tags that are written; they are counted in `known` already."""


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans for one job. `carried_out` are those of its commands that already made a record."""

    job: Job
    now: datetime
    carried_out: Collection[str] = field(default_factory=frozenset)

    def plan(self, conversation: ConversationId, row: InboxRow | None) -> Plan:
        """`row` is the conversation as the requester may see it."""
        if row is None:
            return Plan(known=(CONVERSATION_NOT_FOUND,))
        match self.job.request:
            case HandoverRequested() as request:
                return self._handover(request, row)
            case BulkRequested() as request:
                assigned = self._bulk_assign(request, row)
                done = self._bulk_done(request, row)
                tagged = self._bulk_tag(request, row)
                known = assigned.known + done.known + tagged.known
                return Plan(assigned.commands + done.commands, known, tagged.tagged)
            case other:
                raise TypeError(f"{other.type} of {conversation} is no job that is known here")

    def _handover(self, request: HandoverRequested, row: InboxRow) -> Plan:
        id_ = command_id(self.job, row.id, ASSIGN)
        if id_ in self.carried_out:
            return Plan(known=(CHANGED,))
        if not hands_over(request, row):
            return Plan(known=(UNCHANGED,))
        if request.to is None:
            return self._plan_for(self._return(id_, request, row))
        return self._plan_for(self._assign(id_, row, request.to, only_from=request.agent_id))

    def _bulk_assign(self, request: BulkRequested, row: InboxRow) -> Plan:
        if request.assign_to is None:
            return Plan()
        id_ = command_id(self.job, row.id, ASSIGN)
        if id_ in self.carried_out:
            return Plan(known=(CHANGED,))
        if request.assign_to.agent_id == row.assignee and not row.queued:
            return Plan(known=(UNCHANGED,))
        return self._plan_for(self._assign(id_, row, request.assign_to.agent_id))

    def _bulk_done(self, request: BulkRequested, row: InboxRow) -> Plan:
        if request.done is None:
            return Plan()
        id_ = command_id(self.job, row.id, DONE)
        if row.done_command == id_:
            return Plan(known=(CHANGED,))
        if not closes(request, row):
            return Plan(known=(UNCHANGED,))
        return self._plan_for(
            build_done_command(row, id_, done=request.done, by=request.by, at=request.at)
        )

    def _bulk_tag(self, request: BulkRequested, row: InboxRow) -> Plan:
        if request.tags is None:
            return Plan()
        if request.tags == row.tags:
            return Plan(known=(UNCHANGED,))
        tagged = ConversationTagged(
            organization=request.organization,
            conversation_id=row.id,
            tags=request.tags,
            by=request.by,
            at=self.now,
        )
        return Plan(known=(CHANGED,), tagged=(tagged,))

    def _plan_for(self, command: AddressedCommand | None) -> Plan:
        return Plan(known=(NOT_ARRIVED,)) if command is None else Plan(commands=(command,))

    def _assign(
        self,
        id_: str,
        row: InboxRow,
        agent_id: AgentId | None,
        only_from: AgentId | None = None,
    ) -> AddressedCommand | None:
        target = row.command_target
        if row.page_id is None or row.kind is None or target is None:
            return None
        command = AssignConversation(
            command_id=id_,
            organization=self.job.request.organization,
            page_id=row.page_id,
            conversation_id=row.id,
            customer_id=target.customer_id,
            customer_external_id=target.external_id,
            kind=row.kind,
            agent_id=agent_id,
            by=self.job.request.by,
            note=self.job.request.note,
            bulk=True,
            only_from=only_from,
            known_version=row.version,
            known_agent_id=row.assignee,
            at=self.now,
        )
        return AddressedCommand(command, target.partition)

    def _return(
        self, id_: str, request: HandoverRequested, row: InboxRow
    ) -> AddressedCommand | None:
        target = row.command_target
        if row.page_id is None or row.kind is None or target is None:
            return None
        if row.channel is None:
            return None
        visit = row.visit or Visit()
        command = ReturnToRotation(
            command_id=id_,
            organization=request.organization,
            page_id=row.page_id,
            conversation_id=row.id,
            customer_id=target.customer_id,
            customer_external_id=target.external_id,
            kind=row.kind,
            channel=row.channel,
            only_from=request.agent_id,
            by=request.by,
            note=request.note,
            department=visit.department,
            region=visit.region,
            page_url=visit.page_url,
            known_version=row.version,
            known_agent_id=row.assignee,
            at=self.now,
        )
        return AddressedCommand(command, target.partition)


def merge(results: Collection[ItemResult]) -> ItemResult:
    """One result for a conversation or contact with several commands: a refusal wins, then a
    change, however much else was unchanged."""
    for status in (ItemStatus.REFUSED, ItemStatus.CHANGED):
        for result in results:
            if result.status is status:
                return result
    return UNCHANGED
