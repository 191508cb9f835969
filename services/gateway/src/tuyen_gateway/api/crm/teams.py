"""Teams, whose leaders see and reassign what the members have (W7)."""

from typing import Any

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from tuyen_events.crm.teams import PutTeam, RemoveTeam
from tuyen_events.limits import AGENTS
from tuyen_gateway.api.bodies import ChosenId, Name
from tuyen_gateway.api.crm.entities import EntityView, meta_of
from tuyen_gateway.api.crm.setup_routes import SetupBody, SetupKind, add_setup_routes
from tuyen_gateway.api.dependencies import Caller
from tuyen_gateway.api.paging import Listed
from tuyen_views.teams import TEAMS_VIEW, TeamDocument

router = APIRouter(prefix="/teams", tags=["contacts"])


class TeamIn(SetupBody):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "Nhóm 1", "leaders": ["hoa"], "members": ["lan", "minh"]}]
        }
    )

    name: Name
    leaders: list[ChosenId] = Field(default=[], max_length=AGENTS, fail_fast=True)
    """They see what the members have, and may reassign it within the team."""
    members: list[ChosenId] = Field(default=[], max_length=AGENTS, fail_fast=True)

    def convert(self, caller: Caller, _existing: Any) -> dict[str, Any]:
        return {
            "name": self.name,
            "leaders": self.read_agents(caller, "leaders"),
            "members": self.read_agents(caller, "members"),
        }


class TeamView(EntityView):
    name: str
    leaders: list[str]
    members: list[str]


def _view(team: TeamDocument) -> TeamView:
    return TeamView(
        **meta_of(team), name=team.name, leaders=list(team.leaders), members=list(team.members)
    )


add_setup_routes(
    router,
    SetupKind(
        one="team",
        many="teams",
        view=TEAMS_VIEW,
        content=TeamIn,
        shown=TeamView,
        listed=Listed[TeamView],
        put=PutTeam,
        remove=RemoveTeam,
        render=_view,
    ),
)
