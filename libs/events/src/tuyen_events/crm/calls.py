"""Calls that a call center's integration reports."""

from typing import ClassVar

import msgspec

from tuyen_events.crm.records import ChildChange, MergingCommand
from tuyen_events.ids import AgentId, CallId, IntegrationId, content_digest
from tuyen_events.vocabulary import Moment, Word


class CallDirection(Word):
    IN = "in"
    OUT = "out"


class CallResult(Word):
    ANSWERED = "answered"
    MISSED = "missed"
    BUSY = "busy"
    FAILED = "failed"


class RecordCall(MergingCommand, frozen=True, kw_only=True):
    """Add the call to the contact that has its phone number, or to a new one, which gets the id
    `contact_id`. A call that was recorded before changes nothing."""

    type: ClassVar[str] = "call.record.v1"
    call_id: CallId
    """Derived from the integration and `external_id`."""
    integration_id: IntegrationId
    external_id: str
    direction: CallDirection
    phone: str
    """In E.164."""
    agent_id: AgentId | None = None
    started_at: Moment
    duration_s: int
    result: CallResult
    recording_url: str | None = None
    warehouse_id: str | None = None
    """Where the integration puts new contacts; null for the warehouse of the source (W2)."""
    staff: tuple[AgentId, ...] = ()
    """The agents who can work in the CRM: the warehouse of a new contact may give it to one of them
    (W5)."""


class CallRecorded(ChildChange, frozen=True, kw_only=True):
    """A call with the contact was reported (C7). Nobody changes it."""

    type: ClassVar[str] = "call.recorded.v1"
    call_id: CallId
    integration_id: IntegrationId
    external_id: str
    """Its id at the call center."""
    direction: CallDirection
    phone: str
    """The contact's, in E.164."""
    agent_id: AgentId | None = None
    started_at: Moment
    duration_s: int
    result: CallResult
    recording_url: str | None = None

    @property
    def child_id(self) -> str:
        return self.call_id

    @property
    def fixed_content(self) -> str:
        content = (
            self.direction,
            self.phone,
            self.agent_id,
            self.started_at,
            self.duration_s,
            self.result,
            self.recording_url,
        )
        return content_digest(msgspec.json.encode(content))
