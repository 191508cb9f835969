"""Calls with contacts. The CRM writes them; the gateway reads them."""

from datetime import datetime

from tuyen_events.crm.calls import CallDirection, CallResult
from tuyen_events.ids import AgentId, IntegrationId
from tuyen_views.view import BY_CONTACT, ChildDocument, View


class CallDocument(ChildDocument, frozen=True, kw_only=True):
    """A call (C7)."""

    integration_id: IntegrationId
    external_id: str
    direction: CallDirection
    phone: str
    agent_id: AgentId | None = None
    started_at: datetime
    duration_s: int
    result: CallResult
    recording_url: str | None = None


CALLS_VIEW = View("crm_calls_2", CallDocument, (BY_CONTACT,))
