"""Campaigns. The CRM writes them; the gateway reads them."""

from tuyen_views.view import BY_ID, SetupDocument, View


class CampaignDocument(SetupDocument, frozen=True, kw_only=True):
    """A campaign."""

    name: str


CAMPAIGNS_VIEW = View("crm_campaigns", CampaignDocument, (BY_ID,))
