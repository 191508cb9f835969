"""Teams. The CRM writes them; the gateway reads them."""

from pymongo import ASCENDING, IndexModel

from tuyen_events.ids import AgentId
from tuyen_views.view import BY_ID, SetupDocument, View


class TeamDocument(SetupDocument, frozen=True, kw_only=True):
    """A team (W7)."""

    name: str
    leaders: tuple[AgentId, ...] = ()
    members: tuple[AgentId, ...] = ()


TEAMS_VIEW = View(
    "crm_teams",
    TeamDocument,
    (
        BY_ID,
        IndexModel([("organization", ASCENDING), ("leaders", ASCENDING)], name="by_leader"),
    ),
)
