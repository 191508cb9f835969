"""O2: what the audit says of a change."""

import msgspec

from gateway.rig import START
from tuyen_events.directory import RegionChanged, SettingsChanged
from tuyen_events.ids import AgentId, DepartmentId, OrganizationId, RegionId
from tuyen_gateway.domain.audit import audit_change

SHOP, BOSS = OrganizationId("shop"), AgentId("admin")


def test_o2_only_the_fields_that_differ_are_listed_and_never_who_wrote_it() -> None:
    before = SettingsChanged(organization=SHOP, at=START, by=AgentId("lan"), version=3)
    after = msgspec.structs.replace(before, assignment=True, by=BOSS, version=4)
    entry = audit_change(before, after, by=BOSS, at=START)
    assert (entry.action, entry.entity, entry.id, entry.by) == ("changed", "settings", "", BOSS)
    assert [(one.field, one.before, one.after) for one in entry.changes] == [
        ("assignment", "false", "true")
    ]


def test_o2_of_an_entity_that_is_new_or_removed_one_side_is_empty() -> None:
    region = RegionChanged(
        organization=SHOP,
        at=START,
        department_id=DepartmentId("sales"),
        id=RegionId("north"),
        name="Bắc",
    )
    made = audit_change(None, region, by=BOSS, at=START)
    gone = audit_change(region, None, by=BOSS, at=START)
    assert (made.action, made.id, gone.action) == ("created", "sales/north", "removed")
    assert [(one.field, one.before, one.after) for one in made.changes] == [("name", None, '"Bắc"')]
    assert [(one.field, one.before, one.after) for one in gone.changes] == [("name", '"Bắc"', None)]
