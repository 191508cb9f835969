"""C7: calls that a call center's integration reports."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.decided import Decided
from crm.lan import MOMENT, SHOP
from tuyen_crm.entities import BY_EVENT
from tuyen_crm.entities.calls import ENTITY
from tuyen_events.crm.calls import CallDirection, CallRecorded, CallResult, RecordCall
from tuyen_events.crm.claims import ContactAssigned
from tuyen_events.crm.contacts import AddContact, ContactAdded, PatchContact, RemoveContact
from tuyen_events.crm.records import CrmOutcome, CrmRefusal
from tuyen_events.crm.warehouses import PutWarehouse, RemoveWarehouse
from tuyen_events.crm_limits import CALLS_REMEMBERED_S
from tuyen_events.ids import AgentId, ContactId, IntegrationId, call_id, contact_of_call
from tuyen_events.vocabulary import Strategy

PHONE, OTHER = "+84912345678", "+84912345679"
CENTER = IntegrationId("tong-dai")
LAN, MINH, HOA = AgentId("lan"), AgentId("minh"), AgentId("hoa")
COMMON: dict[str, Any] = {"organization": SHOP, "at": MOMENT}


def call(external_id: str, phone: str = PHONE, **fields: Any) -> RecordCall:
    made = call_id(SHOP, CENTER, external_id)
    reported: dict[str, Any] = {
        "direction": CallDirection.IN,
        "started_at": datetime(2026, 9, 21, 3, tzinfo=UTC),
        "duration_s": 185,
        "result": CallResult.ANSWERED,
        **fields,
    }
    return RecordCall(
        **COMMON,
        command_id=f"cmd_{external_id}_{len(fields)}",
        contact_id=contact_of_call(made),
        call_id=made,
        integration_id=CENTER,
        external_id=external_id,
        phone=phone,
        **reported,
    )


def manual(name: str, *phones: str, **fields: Any) -> AddContact:
    return AddContact(
        **COMMON,
        command_id=f"add_{name}",
        contact_id=ContactId(f"con_{name}"),
        name=name,
        phones=phones,
        by=HOA,
        **fields,
    )


def put_warehouse(warehouse: str, **fields: Any) -> PutWarehouse:
    return PutWarehouse(
        **COMMON, command_id=f"put_{warehouse}", id=warehouse, name=warehouse, by=HOA, **fields
    )


def test_c7_a_call_is_the_contacts_who_has_the_number() -> None:
    shop = Decided()
    shop.decide(manual("x", OTHER))
    shop.decide(manual("y", PHONE))
    (event,) = shop.decide(call("1"))
    assert isinstance(event, CallRecorded)
    assert (event.contact_id, event.sequence, event.phone) == ("con_y", 2, PHONE)
    assert (shop.last.survivor, shop.last.version) == ("con_y", 2)
    assert shop.known.last_sequence(ContactId("con_y")) == 2


def test_c7_a_number_that_nobody_has_becomes_a_contact_of_the_integration() -> None:
    shop = Decided()
    added, event = shop.decide(call("1"))
    assert isinstance(added, ContactAdded)
    assert isinstance(event, CallRecorded)
    assert (added.content.phones, added.content.source, added.by) == ((PHONE,), CENTER, None)
    assert (added.contact_id, added.sequence) == (event.contact_id, event.sequence - 1)
    (again,) = shop.decide(call("2"))
    assert isinstance(again, CallRecorded)
    assert again.contact_id == event.contact_id


def test_c7_one_id_twice_is_one_call_with_one_answer() -> None:
    shop = Decided()
    shop.decide(call("1", agent_id=LAN))
    first = shop.last
    assert shop.decide(msgspec.structs.replace(call("1", agent_id=LAN), command_id="more")) == ()
    again = (shop.last.outcome, shop.last.version, shop.last.survivor)
    assert again == (CrmOutcome.UNCHANGED, first.version, first.survivor)


@pytest.mark.parametrize(
    "other",
    [
        {"agent_id": MINH},
        {"duration_s": 186},
        {"direction": CallDirection.OUT},
        {"result": CallResult.MISSED},
        {"started_at": datetime(2026, 9, 21, 4, tzinfo=UTC)},
        {"recording_url": "https://tong-dai.example/1.mp3"},
        {"phone": OTHER},
    ],
    ids=lambda other: next(iter(other)),
)
def test_c7_one_id_with_another_call_is_refused(other: dict[str, Any]) -> None:
    shop = Decided()
    shop.decide(call("1"))
    assert shop.decide(call("1", **other)) == ()
    assert shop.last.refusal is CrmRefusal.OTHER_CONTENT


def test_c7_another_integration_may_use_the_same_id() -> None:
    shop = Decided()
    shop.decide(call("1"))
    other = call_id(SHOP, IntegrationId("other"), "1")
    assert len(shop.decide(msgspec.structs.replace(call("1"), call_id=other))) == 1


def test_c7_a_call_that_was_recorded_stays_where_it_is() -> None:
    """Also when the number belongs to somebody else by now, or the contact was removed."""
    shop = Decided()
    shop.decide(manual("x", PHONE))
    shop.decide(call("1"))
    gone = ContactId("con_x")
    shop.decide(PatchContact(**COMMON, command_id="p", contact_id=gone, by=HOA, phones=()))
    shop.decide(manual("y", PHONE))
    assert shop.decide(call("1")) == ()
    shop.decide(RemoveContact(**COMMON, command_id="r", contact_id=gone, by=HOA))
    assert shop.decide(call("1")) == ()
    assert shop.last.survivor == "con_x"


def test_c7_c11_a_call_whose_contact_was_removed_is_answered_and_does_not_come_back() -> None:
    shop = Decided()
    shop.decide(call("1"))
    first = shop.last
    assert first.survivor is not None
    shop.decide(RemoveContact(**COMMON, command_id="r", contact_id=first.survivor, by=HOA))
    assert shop.decide(msgspec.structs.replace(call("1"), command_id="more")) == ()
    again = (shop.last.outcome, shop.last.version, shop.last.survivor)
    assert again == (CrmOutcome.APPLIED, first.version, first.survivor)


def test_r9_5_no_more_calls_are_remembered_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuyen_crm.organization_state.CALLS_REMEMBERED", 3)
    shop = Decided()
    kept = []
    for number in range(9):
        shop.decide(call(str(number)))
        kept.append(shop.size)
    assert kept[3:] == [kept[2]] * 6
    for number in (6, 7, 8):
        assert shop.decide(msgspec.structs.replace(call(str(number)), command_id="more")) == ()
    (again,) = shop.decide(msgspec.structs.replace(call("5"), command_id="more"))
    assert isinstance(again, CallRecorded)


def test_r9_6_calls_of_long_ago_are_not_remembered() -> None:
    """Whatever their number was, an organization has those of the last month, after some calls."""
    shop = Decided()
    sizes = []
    for number in range(8):
        shop.decide(call(str(number)))
        sizes.append(shop.size)
    later = MOMENT + timedelta(seconds=CALLS_REMEMBERED_S + 1)
    for number in (8, 9, 10):
        shop.decide(msgspec.structs.replace(call(str(number)), at=later))
    assert shop.size == sizes[2]
    again = msgspec.structs.replace(call("10"), command_id="more", at=later)
    assert shop.decide(again) == ()
    (event,) = shop.decide(msgspec.structs.replace(call("7"), command_id="more", at=later))
    assert isinstance(event, CallRecorded)


def test_c7_of_several_with_the_number_the_agents_own_is_meant_or_the_oldest() -> None:
    shop = Decided()
    for name, agent in (("z", None), ("y", MINH), ("x", LAN)):
        # Contacts of different assignees are not merged; one that nobody has joins the first.
        shop.decide(manual(name, OTHER if agent is None else PHONE, assignee=agent))
    chosen = []
    for number, agent in enumerate((LAN, MINH, HOA, None)):
        (event,) = shop.decide(call(str(number), agent_id=agent))
        assert isinstance(event, CallRecorded)
        chosen.append(event.contact_id)
    assert chosen == ["con_x", "con_y", "con_y", "con_y"]


def test_c7_w2_a_new_contact_comes_into_the_warehouse_of_its_integration() -> None:
    shop = Decided()
    shop.decide(put_warehouse("north", sources=(CENTER,)))
    shop.decide(put_warehouse("south"))

    def warehouse_of(number: str, **fields: Any) -> str:
        added, *_ = shop.decide(call(number, f"+8491234560{number}", **fields))
        assert isinstance(added, ContactAdded)
        return added.content.warehouse_id

    assert warehouse_of("1") == "north"
    assert warehouse_of("2", warehouse_id="south") == "south"
    shop.decide(RemoveWarehouse(**COMMON, command_id="r", id="south", by=HOA))
    assert warehouse_of("3", warehouse_id="south") == "north"
    shop.decide(put_warehouse("north"))
    assert warehouse_of("4") == "default"


def test_w5_a_new_contact_of_a_call_is_distributed() -> None:
    shop = Decided()
    shop.decide(
        put_warehouse(
            "north", sources=(CENTER,), members=(LAN, MINH), distribute=Strategy.SEQUENTIAL
        )
    )
    given = []
    for number in "123":
        _, event, recorded = shop.decide(
            call(number, f"+8491234560{number}", staff=(LAN, MINH, HOA))
        )
        assert isinstance(event, ContactAssigned)
        assert (event.sequence, recorded.sequence) == (2, 3)
        given.append(event.assignee)
    assert given == [LAN, MINH, LAN]


@settings(derandomize=True, max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from([PHONE, OTHER])), min_size=1, max_size=12
    )
)
def test_c7_whatever_is_sent_again_each_id_is_one_call(sent: list[tuple[str, str]]) -> None:
    shop = Decided()
    events = [event for one in sent for event in shop.decide(call(*one))]
    calls = [event for event in events if isinstance(event, CallRecorded)]
    assert {each.external_id: each.phone for each in calls} == dict(reversed(sent))
    assert len(calls) == len({each.call_id for each in calls})
    by_phone = {each.phone: each.contact_id for each in calls}
    assert all(by_phone[each.phone] == each.contact_id for each in calls)


@pytest.mark.parametrize(
    ("fields", "vi", "en"),
    [
        (
            {"agent_id": LAN},
            "Cuộc gọi đến từ +84912345678 (⟦lan⟧): 3 phút 5 giây, đã nghe.",
            "Call from +84912345678 (⟦lan⟧): 3 min 5 s, answered.",
        ),
        (
            {"direction": CallDirection.OUT, "duration_s": 0, "result": CallResult.BUSY},
            "Cuộc gọi đi đến +84912345678: máy bận.",
            "Call to +84912345678: busy.",
        ),
        (
            {"duration_s": 12, "result": CallResult.MISSED},
            "Cuộc gọi đến từ +84912345678: 12 giây, nhỡ.",
            "Call from +84912345678: 12 s, missed.",
        ),
        (
            {"duration_s": 120, "result": CallResult.FAILED},
            "Cuộc gọi đến từ +84912345678: 2 phút, không thành công.",
            "Call from +84912345678: 2 min, failed.",
        ),
    ],
)
def test_c7_c8_a_call_is_a_sentence_in_the_history(
    fields: dict[str, Any], vi: str, en: str
) -> None:
    _, event = Decided().decide(call("1", **fields))
    assert isinstance(event, CallRecorded)
    described = BY_EVENT[CallRecorded].describe(event, None, None)
    assert (described.vi, described.en, described.by) == (vi, en, None)


def test_c7_the_document_is_the_first_report() -> None:
    _, event = Decided().decide(call("1", agent_id=LAN))
    assert isinstance(event, CallRecorded)
    document = ENTITY.fold(None, event)
    assert document is not None
    assert (document.id, document.phone, document.created_by) == (event.call_id, PHONE, None)
    assert ENTITY.fold(document, msgspec.structs.replace(event, duration_s=1)) == document
