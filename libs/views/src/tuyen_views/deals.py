"""Deals with contacts. The CRM writes them; the gateway reads them."""

from datetime import date

from tuyen_events.crm.deals import DealStage, Money
from tuyen_events.ids import AgentId
from tuyen_views.view import BY_ASSIGNEE, BY_CONTACT, BY_ORGANIZATION, ChildDocument, View


class DealDocument(ChildDocument, frozen=True, kw_only=True, omit_defaults=True):
    """A deal."""

    name: str
    value: Money | None = None
    stage: DealStage
    expected_close: date | None = None
    assignee: AgentId | None = None


DEALS_VIEW = View("crm_deals_2", DealDocument, (BY_CONTACT, BY_ASSIGNEE, BY_ORGANIZATION))
