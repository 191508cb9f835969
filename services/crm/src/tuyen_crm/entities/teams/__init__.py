"""Teams, whose leaders see and reassign what the members have (W7)."""

from tuyen_crm.entities.entity import Entity
from tuyen_crm.entities.teams import decide, view
from tuyen_events.crm.teams import (
    PutTeam,
    RemoveTeam,
    TeamChanged,
    TeamRemoved,
)
from tuyen_views.teams import TEAMS_VIEW, TeamDocument
from tuyen_views.view import setup_key

ENTITY: Entity[decide.TeamCommands, view.TeamEvents, TeamDocument] = Entity(
    name=decide.TEAMS,
    commands=(PutTeam, RemoveTeam),
    decide=decide.decide,
    events=(TeamChanged, TeamRemoved),
    view=TEAMS_VIEW,
    key=setup_key,
    fold=view.fold,
    describe=view.describe,
)
