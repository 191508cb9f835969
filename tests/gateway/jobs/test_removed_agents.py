"""R9.6: what removed agents had to themselves is removed."""

from gateway.rig import Rig, User
from tuyen_events.ids import AgentId
from tuyen_gateway.jobs.removed_agents import forget_once
from tuyen_gateway.ports.desk import Editor
from tuyen_platform.clock import ManualClock


async def test_r9_6_what_a_crash_left_of_a_removed_agent_is_removed_later(
    rig: Rig, boss: User, clock: ManualClock
) -> None:
    organization = rig.gateway.directory.organizations()[0].id
    await boss.done("PUT", "/v1/me/preferences", {"theme": "light"})
    gone = Editor(organization, AgentId("gone"), clock.now())
    await rig.gateway.desk.put_preferences(gone, {"theme": "dark"})
    await forget_once(rig.gateway)
    assert rig.gateway.desk.owners() == [(organization, "admin")]
    assert rig.gateway.desk.preferences(organization, AgentId("gone")) == {}


async def test_r9_6_what_an_unknown_organization_has_stays(rig: Rig, clock: ManualClock) -> None:
    """Its profile is written last: it may come yet."""
    stranger = Editor("elsewhere", AgentId("a"), clock.now())  # type: ignore[arg-type]  # an id
    await rig.gateway.desk.put_preferences(stranger, {"a": 1})
    await forget_once(rig.gateway)
    assert len(rig.gateway.desk.owners()) == 1
