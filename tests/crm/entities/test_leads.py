"""C12: contacts that an integration sends as leads."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.decided import Decided
from crm.entities.test_calls import COMMON, HOA, LAN, MINH, OTHER, PHONE, manual, put_warehouse
from crm.lan import SHOP
from tuyen_crm.entities import BY_EVENT
from tuyen_events.crm.claims import ContactAssigned
from tuyen_events.crm.contact_fields import PutContactField
from tuyen_events.crm.contacts import (
    ContactAdded,
    ContactMerged,
    ContactPatched,
    PatchContact,
    RemoveContact,
)
from tuyen_events.crm.leads import LeadReceived, ReceiveLead
from tuyen_events.crm.merges import ContactAbsorbed, UndoMerge
from tuyen_events.crm.notes import NoteReceived
from tuyen_events.crm.records import CrmEvent, CrmOutcome, CrmRefusal
from tuyen_events.custom_fields import FieldDefinition, FieldType
from tuyen_events.ids import ContactId, IntegrationId, contact_of_lead
from tuyen_events.limits import CONTACT_PHONES
from tuyen_events.vocabulary import Strategy

FORM = IntegrationId("trang-dich")


def lead(external_id: str, **fields: Any) -> ReceiveLead:
    return ReceiveLead(
        **COMMON,
        command_id=f"cmd_{external_id}_{fields}",
        contact_id=contact_of_lead(SHOP, FORM, external_id),
        integration_id=FORM,
        integration_name="Trang đích",
        external_id=external_id,
        **fields,
    )


def define(field_id: str, type_: FieldType) -> PutContactField:
    """The administrator defines a custom field."""
    definition = FieldDefinition(name=field_id.capitalize(), type=type_, required=True)
    return PutContactField(
        command_id=f"cmd_{field_id}_{type_}",
        organization=SHOP,
        at=COMMON["at"],
        id=field_id,
        by=LAN,
        definition=definition,
    )


def survivor(shop: Decided, external_id: str) -> Any:
    contact = shop.known.contact(contact_of_lead(SHOP, FORM, external_id))
    while contact is not None and contact.merged_into is not None:
        contact = shop.known.contact(contact.merged_into)
    return contact


def test_c12_a_lead_becomes_a_contact_of_its_source() -> None:
    shop = Decided()
    shop.decide(define("size", FieldType.TEXT))
    given: dict[str, Any] = {"name": "Lan", "phones": (PHONE,), "custom": {"size": "42"}}
    added, received, note = shop.decide(lead("1", note="Gọi buổi tối", **given))
    assert isinstance(added, ContactAdded)
    assert (added.content.name, added.content.phones) == ("Lan", (PHONE,))
    assert (added.content.custom, added.content.source) == ({"size": "42"}, FORM)
    assert isinstance(received, LeadReceived)
    assert isinstance(note, NoteReceived)
    assert (note.text, [each.sequence for each in shop.last.events]) == ("Gọi buổi tối", [1, 2, 3])
    assert (shop.last.outcome, shop.last.survivor) == (CrmOutcome.APPLIED, None)


def test_c12_the_same_lead_twice_changes_nothing() -> None:
    shop = Decided()
    given: dict[str, Any] = {"name": "Lan", "phones": (PHONE,), "note": "Gọi buổi tối"}
    shop.decide(lead("1", **given))
    mine = contact_of_lead(SHOP, FORM, "1")
    emptied: dict[str, Any] = {"name": None, "phones": ()}
    shop.decide(PatchContact(**COMMON, command_id="p", contact_id=mine, by=HOA, **emptied))
    for number in range(12):
        again = msgspec.structs.replace(lead("1", **given), command_id=f"again_{number}")
        assert shop.decide(again) == ()
        assert shop.last.outcome is CrmOutcome.UNCHANGED
    assert (survivor(shop, "1").name, survivor(shop, "1").phones) == (None, ())


def test_c12_a_lead_that_says_more_adds_what_the_contact_lacks() -> None:
    shop = Decided()
    shop.decide(lead("1", name="Lan", phones=(PHONE,), note="a"))
    more: dict[str, Any] = {"name": "Lan Anh", "phones": (OTHER,), "emails": ("lan@example.com",)}
    patched, received, note = shop.decide(lead("1", **more, note="b"))
    assert isinstance(patched, ContactPatched)
    assert isinstance(received, LeadReceived)
    assert isinstance(note, NoteReceived)
    contact = survivor(shop, "1")
    assert (contact.name, contact.phones) == ("Lan", (PHONE, OTHER))
    assert contact.emails == ("lan@example.com",)


def test_c12_c3_a_lead_that_says_more_brings_back_no_number_that_an_agent_removed() -> None:
    shop = Decided()
    shop.decide(lead("1", name="Lan", phones=(PHONE,)))
    mine = contact_of_lead(SHOP, FORM, "1")
    shop.decide(PatchContact(**COMMON, command_id="p", contact_id=mine, by=HOA, phones=()))
    shop.decide(lead("1", name="Lan", phones=(PHONE, OTHER)))
    assert survivor(shop, "1").phones == (OTHER,)


def test_c12_c2_a_lead_with_a_known_number_becomes_a_part_of_that_contact() -> None:
    shop = Decided()
    shop.decide(manual("x", PHONE))
    events = shop.decide(lead("1", name="Lan", phones=(PHONE,), note="Gọi buổi tối"))
    kinds = [ContactAdded, ContactMerged, ContactAbsorbed, LeadReceived, NoteReceived]
    assert [type(event) for event in events] == kinds
    assert shop.last.survivor == "con_x"
    assert shop.decide(lead("1", name="Lan", phones=(PHONE,), note="Gọi buổi tối")) == ()
    assert shop.last.survivor == "con_x"
    shop.decide(lead("1", name="Lan", emails=("lan@example.com",)))
    assert shop.last.survivor == "con_x"
    assert survivor(shop, "1").emails == ("lan@example.com",)


def test_c12_c2_a_lead_that_gets_a_known_number_later_becomes_a_part_as_well() -> None:
    shop = Decided()
    shop.decide(manual("x", PHONE))
    shop.decide(lead("1", name="Lan"))
    assert shop.last.survivor is None
    shop.decide(lead("1", name="Lan", phones=(PHONE,)))
    assert shop.last.survivor == "con_x"


def test_c12_what_belongs_to_a_lead_goes_with_it_when_a_merge_is_undone() -> None:
    shop = Decided()
    shop.decide(manual("x", PHONE))
    *_, note = shop.decide(lead("1", phones=(PHONE,), note="Gọi buổi tối"))
    assert isinstance(note, NoteReceived)
    child = shop.known.child("notes", note.note_id)
    assert child is not None
    assert child.contact_id == contact_of_lead(SHOP, FORM, "1")
    contact = shop.known.contact(ContactId("con_x"))
    assert contact is not None
    (merge,) = contact.merges
    undo = UndoMerge(
        **COMMON,
        command_id="u",
        contact_id=ContactId("con_x"),
        merge_id=merge,
        by=HOA,
        administrator=True,
    )
    shop.decide(undo)
    assert shop.decide(lead("1", phones=(PHONE,), note="Gọi buổi tối")) == ()
    assert shop.last.survivor is None


def test_c12_a_lead_that_was_removed_does_not_come_back() -> None:
    for merged in (False, True):
        shop = Decided()
        if merged:
            shop.decide(manual("x", PHONE))
        shop.decide(lead("1", phones=(PHONE,)))
        gone = ContactId("con_x") if merged else contact_of_lead(SHOP, FORM, "1")
        shop.decide(RemoveContact(**COMMON, command_id="r", contact_id=gone, by=HOA))
        assert shop.decide(lead("1", phones=(PHONE,), name="Lan")) == ()
        assert shop.last.outcome is CrmOutcome.UNCHANGED


def test_c12_w2_w5_a_lead_comes_into_its_warehouse_and_is_distributed_once() -> None:
    shop = Decided()
    shop.decide(
        put_warehouse("north", sources=(FORM,), members=(LAN, MINH), distribute=Strategy.SEQUENTIAL)
    )
    added, given, *_ = shop.decide(lead("1", name="Lan", staff=(LAN, MINH)))
    assert isinstance(added, ContactAdded)
    assert isinstance(given, ContactAssigned)
    assert (added.content.warehouse_id, given.assignee) == ("north", LAN)
    more = shop.decide(lead("1", name="Lan", phones=(PHONE,), staff=(LAN, MINH)))
    assert not any(isinstance(event, ContactAssigned) for event in more)
    _, given, *_ = shop.decide(lead("2", name="Hoa", staff=(LAN, MINH)))
    assert isinstance(given, ContactAssigned)
    assert given.assignee == MINH


def test_r9_5_leads_add_no_more_numbers_than_a_contact_may_have() -> None:
    shop = Decided()
    for number in range(CONTACT_PHONES + 3):
        shop.decide(lead("1", phones=(f"+849123456{number:02}",)))
    assert len(survivor(shop, "1").phones) == CONTACT_PHONES


@settings(derandomize=True, max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from([None, PHONE, OTHER])),
        min_size=1,
        max_size=12,
    )
)
def test_c12_whatever_is_sent_again_each_lead_is_one_contact(
    sent: list[tuple[str, str | None]],
) -> None:
    shop = Decided()
    events: list[CrmEvent] = []
    for external_id, phone in sent:
        phones = () if phone is None else (phone,)
        events += shop.decide(lead(external_id, name=external_id, phones=phones))
    added = [event.contact_id for event in events if isinstance(event, ContactAdded)]
    assert sorted(added) == sorted(
        contact_of_lead(SHOP, FORM, each) for each in {external_id for external_id, _ in sent}
    )
    for phone in (PHONE, OTHER):
        assert len(shop.known.find(f"phone:{phone}")) <= 1


def test_c8_c12_the_history_says_where_a_contact_came_from() -> None:
    _, received, note = Decided().decide(lead("7", name="Lan", note="Gọi buổi tối"))
    described = [BY_EVENT[type(each)].describe(each, None, None) for each in (received, note)]
    assert [each.vi for each in described] == [
        "Nguồn “Trang đích” gửi thông tin khách, mã “7”.",
        "Nguồn dữ liệu gửi kèm một ghi chú.",
    ]
    assert [each.en for each in described] == [
        "“Trang đích” sent the contact, as “7”.",
        "A note came with the contact's data.",
    ]
    assert [each.by for each in described] == [None, None]


def test_c10_c12_a_lead_with_a_value_that_does_not_fit_is_refused_as_a_whole() -> None:
    shop = Decided()
    shop.decide(define("size", FieldType.NUMBER))
    assert shop.decide(lead("1", name="Lan", custom={"size": "42"})) == ()
    assert (shop.last.refusal, shop.last.field_id) == (CrmRefusal.UNFIT_VALUE, "size")
    assert survivor(shop, "1") is None
    shop.decide(lead("1", name="Lan"))
    assert survivor(shop, "1").custom == {}
    assert shop.decide(lead("1", name="Lan", custom={"color": "đỏ"})) == ()
    assert shop.last.refusal is CrmRefusal.NO_FIELD
    shop.decide(lead("1", name="Lan", custom={"size": 42}))
    assert survivor(shop, "1").custom == {"size": 42}
