"""Writes what stage 1 decided, so that a batch needs few records and none of them is too large."""

from collections import Counter
from functools import cache
from typing import assert_never

import structlog
from msgspec.structs import replace

from tuyen_events.assignments import AssignmentEvent
from tuyen_events.commands import (
    CommandSettled,
)
from tuyen_events.ids import (
    ConversationId,
    CustomerId,
)
from tuyen_events.routing import (
    ChoiceRequested,
    ChoiceWithdrawn,
    LoadsReported,
    ThreadReported,
)
from tuyen_events.topic import Topic
from tuyen_events.topics import ASSIGNMENTS, COMMAND_RESULTS, CUSTOMERS, REQUESTS
from tuyen_platform.logging import log_each
from tuyen_platform.metrics import DECISIONS
from tuyen_router.domain.customer_records import CustomerRecord, Request
from tuyen_router.domain.customer_state import CustomerState
from tuyen_router.domain.decisions import (
    CustomerSaved,
    Decision,
    DoneSaved,
)
from tuyen_router.domain.snapshot import (
    THREAD_BYTES,
    note_written,
    with_summary,
)
from tuyen_router.ports import Organizations
from tuyen_router.stages.loads import ChangedLoads, split_report
from tuyen_router.stages.phases import Phase
from tuyen_router.stages.records import (
    assignment_record,
    organization_partition,
    private_record,
)
from tuyen_router.stages.snapshot_writer import SnapshotWriter
from tuyen_router.stages.tables import customer_entry
from tuyen_stream import BatchTooLargeError, Outbox, OutRecord

_WITH_THE_BATCH = OutRecord(None, None)
"""Placeholder for a record that is written once for its whole batch."""

_FEW_THREADS = 100

_SHORT = 1_000

_OTHER = "other"
"""The label of all reasons that this version does not know, so that records create no new time
series."""
_decisions = cache(DECISIONS.labels)
_log = structlog.get_logger()


class CustomerWriter:
    """Collects what a batch decides: the records of one event go into one record batch, and a
    customer's state is written once."""

    def __init__(
        self,
        prefix: str,
        state: CustomerState,
        outbox: Outbox,
        loads: ChangedLoads,
        organization: Organizations,
    ) -> None:
        self._prefix = prefix
        self._state = state
        self._outbox = outbox
        self._loads = loads
        self._organization = organization
        self._assignments: list[AssignmentEvent] = []
        self._records: list[OutRecord] = []
        self._made: list[AssignmentEvent] = []
        self._saved: dict[CustomerId, CustomerRecord] = {}
        self._done: dict[ConversationId, int | None] = {}
        self._snapshot = SnapshotWriter(prefix, state, outbox, loads)

    def encode_decisions(self, decisions: list[Decision]) -> list[tuple[Decision, OutRecord]]:
        """Encodes the record of each decision about one event.

        Raises BatchTooLargeError when one of them cannot be written.
        """
        made: list[tuple[Decision, OutRecord]] = []
        for decision in decisions:
            record = _WITH_THE_BATCH
            match decision:
                case CustomerSaved():
                    if _may_be_large(decision.record.request):
                        self._require_customer(decision)
                case AssignmentEvent():
                    record = assignment_record(decision)
                    self._outbox.require(ASSIGNMENTS.name, record)
                case CommandSettled():
                    record = private_record(decision.conversation_id, decision)
                    self._outbox.require(COMMAND_RESULTS.name, record)
                case ChoiceRequested():
                    offset = self._organization(decision.organization).directory_offset
                    request = replace(decision, directory=offset)
                    record = private_record(decision.organization, request)
                    self._outbox.require(REQUESTS.name, record)
                case ChoiceWithdrawn() | ThreadReported():
                    record = private_record(decision.organization, decision)
                    self._outbox.require(REQUESTS.name, record)
                case DoneSaved():
                    pass
                case _:
                    assert_never(decision)
            made.append((decision, record))
        return made

    def _require_customer(self, decision: CustomerSaved) -> None:
        """Checks the size of the customer's record, including the states that the threads in its
        request have or will have."""
        request = decision.record.request
        summary = with_summary(self._state, decision.customer_id, decision.record)
        entry = OutRecord(*customer_entry(decision.customer_id, summary))
        size = self._outbox.size_of(CUSTOMERS.name, entry)
        more = 0 if request is None else THREAD_BYTES * len(request.conversations)
        if size + more > self._outbox.limit:
            raise BatchTooLargeError(CUSTOMERS.name, size + more, self._outbox.limit)

    def add(self, decision: Decision, record: OutRecord) -> None:
        """Takes a decision that was applied, with its encoded record."""
        match decision:
            case CustomerSaved():
                self._saved[decision.customer_id] = decision.record
            case AssignmentEvent():
                self._assignments.append(decision)
                self._records.append(record)
                self._loads.note_assignment(decision)
            case DoneSaved():
                self._done[decision.conversation_id] = decision.seen
                self._loads.note_done(decision.conversation_id)
            case CommandSettled():
                self._send(COMMAND_RESULTS, self._state.number, record)
            case ChoiceRequested() | ChoiceWithdrawn() | ThreadReported():
                partition = organization_partition(decision.organization)
                self._send(REQUESTS, partition, record)
            case _:
                assert_never(decision)

    def end_event(self) -> None:
        """Adds the assignments of one event to the outbox: either all or none of them will be in
        the log.

        Only if they exceed a record batch (a customer with hundreds of threads that waited for one
        answer) are they added in several parts.
        """
        if self._assignments:
            self._add_assignments()
        if self._state.restored:
            self._snapshot.save_restored()

    def _add_assignments(self) -> None:
        topic = self._prefix + ASSIGNMENTS.name
        try:
            self._outbox.add_atomically(Phase.PUBLIC, topic, self._state.number, self._records)
        except BatchTooLargeError:
            for records in self._outbox.split_to_fit(self._records):
                self._outbox.add_atomically(Phase.PUBLIC, topic, self._state.number, records)
        for each in self._assignments:
            customer = each.customer_id if each.kind.sticky else None
            note_written(self._state, each.conversation_id, customer, self._state.written)
        self._made += self._assignments
        self._assignments, self._records = [], []

    def end_batch(self) -> None:
        """Adds the customers and done marks to the outbox as they are at the end of the batch, and
        the load reports."""
        self._log_assignments()
        self._snapshot.save(self._saved, self._done)
        for report in self._loads.reports():
            add_report(self._outbox, self._prefix, report)

    def _log_assignments(self) -> None:
        """Logs and counts the assignments: one line for each, with its event and conversation."""
        for reason, count in Counter(each.reason for each in self._made).items():
            _decisions(reason if reason.is_known else _OTHER).inc(count)
        log_each(
            _log,
            "conversation_assigned",
            [
                {
                    "conversation_id": each.conversation_id,
                    "agent_id": each.agent_id,
                    "reason": each.reason,
                    "version": each.version,
                    "event_id": each.caused_by,
                }
                for each in self._made
            ],
        )

    def _send(self, topic: Topic, partition: int, record: OutRecord) -> None:
        self._outbox.add_atomically(
            Phase.FOLLOW_UPS, self._prefix + topic.name, partition, (record,)
        )


def _may_be_large(request: Request | None) -> bool:
    """Whether a customer's record may be too large, so that its size must be computed: that costs
    as much as writing it."""
    return request is not None and (
        len(request.conversations) > _FEW_THREADS or len(request.seed) > _SHORT
    )


def add_report(outbox: Outbox, prefix: str, report: LoadsReported) -> None:
    """Adds a load report to the topic of the requests, to be sent after everything that it
    counts."""
    topic, partition = prefix + REQUESTS.name, organization_partition(report.organization)
    for part in split_report(report):
        record = private_record(report.organization, part)
        outbox.add_atomically(Phase.FOLLOW_UPS, topic, partition, (record,))
