"""Teams (W7): what is decided about them, and what is shown."""

from typing import Any

from crm.known import KnownThings
from crm.lan import MOMENT, SHOP
from tuyen_crm.entities.teams.decide import decide
from tuyen_crm.entities.teams.view import describe, fold
from tuyen_events.crm.records import CrmOutcome
from tuyen_events.crm.teams import PutTeam, RemoveTeam, TeamChanged, TeamRemoved
from tuyen_events.ids import AgentId

COMMON: dict[str, Any] = {"organization": SHOP, "at": MOMENT, "by": AgentId("hoa"), "id": "one"}


def test_w7_a_team_is_put_and_removed() -> None:
    put = PutTeam(
        **COMMON,
        command_id="cmd_1",
        name="Nhóm 1",
        leaders=(AgentId("hoa"),),
        members=(AgentId("lan"), AgentId("minh")),
    )
    (made,) = decide(KnownThings(), put).events
    assert isinstance(made, TeamChanged)
    document = fold(None, made)
    assert document is not None
    assert (document.leaders, document.members) == (("hoa",), ("lan", "minh"))
    described = describe(made, None, document)
    assert (described.vi, described.en) == (
        "tạo nhóm “Nhóm 1”.",
        "created the team “Nhóm 1”.",
    )
    remove = RemoveTeam(**COMMON, command_id="cmd_2")
    things = KnownThings(entities={("teams", "one"): made}, sequence=1)
    (gone,) = decide(things, remove).events
    assert isinstance(gone, TeamRemoved)
    assert fold(document, gone) is None
    assert decide(KnownThings(), remove).outcome is CrmOutcome.UNCHANGED
