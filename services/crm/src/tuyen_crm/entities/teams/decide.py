"""Handles commands about teams.

Decides W7.
"""

from typing import assert_never

from tuyen_crm.domain.decision import CommandDecision
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.setup import put_entity, remove_entity
from tuyen_events.crm.teams import (
    PutTeam,
    RemoveTeam,
    TeamChanged,
    TeamRemoved,
)

TEAMS = "teams"

TeamCommands = PutTeam | RemoveTeam


def decide(known: KnownState, command: TeamCommands) -> CommandDecision:
    match command:
        case PutTeam():
            return put_entity(known, TEAMS, command, TeamChanged)
        case RemoveTeam():
            return remove_entity(known, TEAMS, command, TeamRemoved)
        case _:
            assert_never(command)
