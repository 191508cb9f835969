"""Rows of files that become contacts (C9)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crm.world import World
from tuyen_events.crm.campaigns import CampaignChanged
from tuyen_events.crm.contacts import AddContact
from tuyen_events.crm.imports import Duplicates, ImportContact
from tuyen_events.crm.pipelines import PipelineChanged, PipelineStep
from tuyen_events.crm.records import CrmOutcome
from tuyen_events.crm.shares import CareStatus
from tuyen_events.custom_fields import FieldType
from tuyen_events.ids import AgentId, ContactId, OrganizationId

SHOP, AT = OrganizationId("hoa-sen"), datetime(2026, 9, 21, 12, tzinfo=UTC)
PHONES = ("+84912345678", "+84912345679", "+84912345670")
Row = dict[str, Any]


def row(number: int, duplicates: Duplicates = Duplicates.SKIP, **fields: Any) -> ImportContact:
    return ImportContact(
        command_id=f"cmd_row{number}",
        organization=SHOP,
        contact_id=ContactId(f"con_row{number}"),
        source="imp_1",
        warehouse_id="default",
        duplicates=duplicates,
        managed=("default",),
        by=AgentId("boss"),
        at=AT,
        **fields,
    )


def own(world: World, **fields: Any) -> ContactId:
    """A contact that exists already."""
    command = AddContact(
        command_id="cmd_own",
        organization=SHOP,
        contact_id=ContactId("con_own"),
        at=AT,
        by=AgentId("boss"),
        **fields,
    )
    world.do(command)
    return command.contact_id


def test_c9_a_row_becomes_a_contact_of_its_import() -> None:
    world = World()
    world.define(size=FieldType.TEXT)
    world.do(row(2, name="Lan", phones=PHONES[:1], custom={"size": "42"}))
    (contact,) = world.unmerged().values()
    assert (contact.name, contact.phones, contact.custom) == ("Lan", PHONES[:1], {"size": "42"})
    assert (contact.source, contact.warehouse_id) == ("imp_1", "default")


def test_c9_a_row_that_is_imported_again_changes_nothing() -> None:
    world = World()
    for _ in range(2):
        world.do(row(2, name="Lan"))
    assert len(world.events) == 1


def test_c9_of_two_rows_with_one_number_one_becomes_a_contact() -> None:
    world = World()
    world.do(row(2, name="Lan", phones=PHONES[:1]))
    settled = world.do(row(3, name="Lan Anh", phones=PHONES[:1]))
    assert settled.outcome is CrmOutcome.UNCHANGED
    assert [contact.name for contact in world.unmerged().values()] == ["Lan"]


def test_c9_duplicates_are_filled_with_what_they_lack() -> None:
    world = World()
    world.define(size=FieldType.TEXT, color=FieldType.TEXT)
    own(world, name="Lan", phones=PHONES[:1], custom={"size": "40"})
    more: Row = {"phones": PHONES[:2], "custom": {"size": "42", "color": "đỏ"}}
    world.do(row(2, Duplicates.FILL, name="Lan Anh", address="Huế", **more))
    (contact,) = world.unmerged().values()
    assert (contact.name, contact.address, contact.phones) == ("Lan", "Huế", PHONES[:2])
    assert contact.custom == {"size": "40", "color": "đỏ"}


def test_c9_duplicates_are_overwritten_and_keep_their_numbers() -> None:
    world = World()
    own(world, name="Lan", emails=("lan@example.com",), phones=PHONES[:1], address="Huế")
    world.do(row(2, Duplicates.OVERWRITE, name="Lan Anh", emails=("lan@example.com",)))
    (contact,) = world.unmerged().values()
    assert (contact.name, contact.address, contact.phones) == ("Lan Anh", "Huế", PHONES[:1])


@pytest.mark.parametrize("duplicates", [Duplicates.FILL, Duplicates.OVERWRITE])
def test_c9_c3_what_an_agent_removed_comes_back_only_where_it_overwrites(
    duplicates: Duplicates,
) -> None:
    world = World()
    mine = own(world, phones=PHONES[:2], emails=("lan@x.vn",))
    world.patch(mine, phones=PHONES[:1], emails=())
    world.do(row(2, duplicates, phones=PHONES[:3], emails=("lan@x.vn",)))
    contact = world.contacts[mine]
    if duplicates is Duplicates.FILL:
        assert (contact.phones, contact.emails) == ((PHONES[0], PHONES[2]), ())
    else:
        assert (contact.phones, contact.emails) == (PHONES, ("lan@x.vn",))


def test_c9_w6_a_contact_of_another_warehouse_is_not_changed() -> None:
    world = World()
    own(world, name="Lan", phones=PHONES[:1])
    command = row(2, Duplicates.OVERWRITE, name="Hoa", phones=PHONES[:1])
    settled = world.do(_managing(command, ()))
    assert settled.outcome is CrmOutcome.UNCHANGED
    assert [contact.name for contact in world.unmerged().values()] == ["Lan"]


def test_c9_w3_a_member_completes_a_contact_of_theirs_and_adds_others_as_theirs() -> None:
    world = World()
    mine = own(world, name="Lan", phones=PHONES[:1], assignee=AgentId("hoa"))
    rows = (row(2, Duplicates.FILL, phones=PHONES[:1], address="Huế"), row(3, phones=PHONES[1:2]))
    for command in rows:
        world.do(replace(command, managed=(), by=AgentId("hoa"), assignee=AgentId("hoa")))
    assert world.contacts[mine].address == "Huế"
    assert {each.assignee for each in world.unmerged().values()} == {"hoa"}


def _set_up(world: World) -> None:
    made: Row = {"organization": SHOP, "by": AgentId("boss"), "at": AT, "sequence": 1}
    steps = (PipelineStep(id="new", name="Mới"), PipelineStep(id="quoted", name="Báo giá"))
    world.entities["pipelines", "retail"] = PipelineChanged(
        **made, caused_by="c", id="retail", name="Bán lẻ", steps=steps
    )
    world.entities["campaigns", "tet"] = CampaignChanged(
        **made, caused_by="c", id="tet", name="Tết"
    )


LABELS: Row = {
    "tags": ("VIP", "sỉ"),
    "steps": {"retail": "quoted"},
    "campaign_id": "tet",
    "care_status": CareStatus.MULTI_ASSIGN_PENDING,
    "assignee": AgentId("an"),
}


def test_c9_a_row_gives_a_new_contact_its_tags_steps_campaign_and_assignee() -> None:
    world = World()
    _set_up(world)
    world.do(row(2, name="Lan", **LABELS))
    (contact,) = world.unmerged().values()
    assert {name: getattr(contact, name) for name in LABELS} == LABELS
    (document,) = world.documents.values()
    assert {name: getattr(document, name) for name in LABELS} == LABELS


@pytest.mark.parametrize(
    "wrong", [{"steps": {"retail": "gone"}}, {"steps": {"gone": "new"}}, {"campaign_id": "gone"}]
)
def test_c9_a_row_that_names_what_was_removed_meanwhile_makes_no_contact(wrong: Row) -> None:
    world = World()
    _set_up(world)
    settled = world.do(row(2, name="Lan", **{**LABELS, **wrong}))
    assert settled.outcome is CrmOutcome.REFUSED
    assert world.unmerged() == {}


def test_c9_duplicates_get_the_tags_and_steps_that_they_lack_and_others_only_by_overwriting() -> (
    None
):
    world = World()
    _set_up(world)
    mine = own(world, name="Lan", phones=PHONES[:1], assignee=AgentId("binh"))
    world.patch(mine, tags_added=("vip", "mới"), steps={"retail": "new"})
    world.do(row(2, Duplicates.FILL, phones=PHONES[:1], **LABELS))
    contact = world.contacts[mine]
    assert (contact.tags, contact.steps) == (("vip", "mới", "sỉ"), {"retail": "new"})
    assert (contact.campaign_id, contact.assignee) == ("tet", "binh")
    world.do(row(3, Duplicates.OVERWRITE, phones=PHONES[:1], **LABELS))
    contact = world.contacts[mine]
    assert (contact.tags, contact.steps) == (("vip", "mới", "sỉ"), {"retail": "quoted"})
    assert contact.assignee == "an"
    again = world.do(row(4, Duplicates.OVERWRITE, phones=PHONES[:1], **LABELS))
    assert again.outcome is CrmOutcome.UNCHANGED


@pytest.mark.parametrize(("managed", "into"), [((), "default"), (("default",), "south")])
def test_c9_w5_the_assignee_of_a_contact_is_changed_by_its_managers_alone(
    managed: tuple[str, ...], into: str
) -> None:
    """`into` is the warehouse of the import: in one that the agent does not manage, the rows are
    theirs, which is said of new contacts only."""
    world = World()
    mine = own(world, phones=PHONES[:1], assignee=AgentId("boss"))
    fields: Row = {"phones": PHONES[:1], "address": "Huế", "assignee": AgentId("an")}
    command = row(2, Duplicates.OVERWRITE, **fields)
    world.do(replace(command, managed=managed, warehouse_id=into))
    assert (world.contacts[mine].address, world.contacts[mine].assignee) == ("Huế", "boss")


def _managing(command: ImportContact, managed: Sequence[str]) -> ImportContact:
    fields = {name: getattr(command, name) for name in command.__struct_fields__}
    return ImportContact(**{**fields, "managed": tuple(managed)})


ROWS = st.lists(
    st.tuples(st.sampled_from(Duplicates), st.sets(st.sampled_from(PHONES), max_size=2)),
    min_size=1,
    max_size=6,
)


@given(rows=ROWS, again=st.lists(st.integers(0, 5)))
def test_c9_rows_that_are_repeated_in_any_order_add_nothing(
    rows: list[tuple[Duplicates, set[str]]], again: list[int]
) -> None:
    world = World()
    commands = [
        row(number, how, name=f"Khách {number}", phones=tuple(sorted(phones)))
        for number, (how, phones) in enumerate(rows)
    ]
    for command in commands:
        world.do(command)
    contacts = len(world.unmerged())
    for number in again:
        world.do(commands[number % len(commands)])
    assert len(world.unmerged()) == contacts
    holders = [phone for contact in world.unmerged().values() for phone in contact.phones]
    assert len(holders) == len(set(holders))


@pytest.mark.parametrize("duplicates", list(Duplicates))
def test_c2_a_row_with_a_number_of_a_contact_that_others_manage_says_that_it_exists(
    duplicates: Duplicates,
) -> None:
    """Its version, its id and its name are not said, and it does not change."""
    world = World()
    mine = own(world, name="Lan", phones=PHONES[:1])
    world.contacts[mine] = replace(world.contacts[mine], warehouse_id="north")
    result = world.do(row(2, duplicates, name="Minh", phones=PHONES[:1]))
    assert (result.outcome, result.version, result.survivor) == (CrmOutcome.UNCHANGED, 0, None)
    assert result.known_elsewhere == PHONES[:1]
    assert [each.name for each in world.unmerged().values()] == ["Lan"]


def test_c2_a_row_that_brings_a_number_of_other_owners_says_so() -> None:
    world = World()
    own(world, phones=PHONES[1:2], assignee=AgentId("an"))
    world.do(row(2, phones=PHONES[:1]))
    for contact in list(world.contacts):
        if contact != "con_own":
            world.contacts[contact] = replace(world.contacts[contact], assignee=AgentId("binh"))
    result = world.do(row(3, Duplicates.FILL, phones=PHONES[:2]))
    assert (result.outcome, result.known_elsewhere) == (CrmOutcome.APPLIED, PHONES[1:2])
    again = world.do(row(3, Duplicates.FILL, phones=PHONES[:2]))
    assert (again.outcome, again.known_elsewhere) == (CrmOutcome.UNCHANGED, PHONES[1:2])
