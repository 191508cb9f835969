"""W5: a warehouse distributes its new contacts, decided one after another as the decider does."""

from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.decided import Decided
from crm.lan import MOMENT, PAGE, SHOP, customer, message
from tuyen_crm.domain.index_keys import assignee_key
from tuyen_crm.entities.contacts.observe import observe
from tuyen_crm.organization_state import entity_key, index_key
from tuyen_events.crm.claims import ClaimContact, ContactAssigned, PlaceContact
from tuyen_events.crm.contacts import AddContact, ContactAdded, ContactCreated
from tuyen_events.crm.imports import Duplicates, ImportContact
from tuyen_events.crm.records import CrmOutcome, CrmRefusal
from tuyen_events.crm.suggestions import SuggestionsOffered
from tuyen_events.crm.warehouses import PutWarehouse
from tuyen_events.ids import AgentId, ContactId, contact_id
from tuyen_events.vocabulary import Strategy

LAWS = settings(derandomize=True, max_examples=60, deadline=None)
STAFF = tuple(map(AgentId, "abcdef"))
COMMON: dict[str, Any] = {"organization": SHOP, "at": MOMENT, "by": AgentId("hoa")}


class DistributingShop(Decided):
    def put(self, members: str, distribute: Strategy | None) -> None:
        self.decide(
            PutWarehouse(
                **COMMON,
                command_id=f"put_{self.commands}",
                id="north",
                name="North",
                members=tuple(map(AgentId, members)),
                managers=(AgentId("hoa"),),
                sources=(PAGE,),
                distribute=distribute,
            )
        )

    def arrive(self, number: int, staff: tuple[AgentId, ...] = STAFF) -> AgentId | None:
        """A customer writes for the first time; returns who gets the contact."""
        command = observe(message(), customer(str(number)), f"evt_{number}", "VN")
        created, *more = self.decide(msgspec.structs.replace(command, staff=staff))
        assert isinstance(created, ContactCreated)
        assert created.warehouse_id == "north"
        for event in more:
            assert isinstance(event, ContactAssigned)
            assert (event.by, event.sequence) == (None, created.sequence + 1)
            return event.assignee
        return None

    def come_in(self, command: AddContact | ImportContact) -> AgentId | None:
        """The command creates a contact; returns who gets it."""
        created, *more = self.decide(command)
        assert isinstance(created, ContactAdded)
        for event in more:
            assert isinstance(event, ContactAssigned)
            assert (event.by, event.sequence, event.warehouse_id) == (None, 2, "north")
            return event.assignee
        return created.content.assignee

    def load(self, agent: str) -> int:
        return self.count(index_key(SHOP, assignee_key("north", AgentId(agent))), {})


@LAWS
@given(members=st.permutations("abcde"), contacts=st.integers(1, 30))
def test_w5_in_turn_everybody_gets_the_same(members: list[str], contacts: int) -> None:
    shop = DistributingShop()
    shop.put("".join(members), Strategy.SEQUENTIAL)
    chosen = [shop.arrive(number) for number in range(contacts)]
    assert chosen == [members[number % 5] for number in range(contacts)]


@LAWS
@given(
    taken=st.lists(st.sampled_from("abc"), max_size=12),
    contacts=st.integers(1, 15),
)
def test_w5_by_load_whoever_has_the_fewest_gets_the_next(taken: list[str], contacts: int) -> None:
    shop = DistributingShop()
    shop.put("abc", None)
    for number, agent in enumerate(taken):
        shop.arrive(number)
        claim = ClaimContact(
            organization=SHOP,
            at=MOMENT,
            by=AgentId(agent),
            command_id=f"claim_{number}",
            contact_id=contact_id(customer(str(number)).id),
            warehouse_id="north",
        )
        shop.decide(claim)
    shop.put("abc", Strategy.LEAST_LOADED)
    loads = Counter(dict.fromkeys("abc", 0)) + Counter(taken)
    for number in range(contacts):
        chosen = shop.arrive(100 + number)
        assert chosen is not None
        assert loads[chosen] == min(loads[each] for each in "abc")
        loads[chosen] += 1
    assert [shop.load(each) for each in "abc"] == [loads[each] for each in "abc"]


def test_w5_equal_loads_take_turns() -> None:
    shop = DistributingShop()
    shop.put("abc", Strategy.LEAST_LOADED)
    assert [shop.arrive(number) for number in range(6)] == list("abcabc")
    shop.decide(
        PlaceContact(
            **COMMON,
            command_id="back",
            contact_id=contact_id(customer("1").id),
            assignee=None,
        )
    )
    assert [shop.arrive(number) for number in range(6, 9)] == ["b", "c", "a"]


def test_w5_r2_4_a_rotation_goes_on_when_its_members_change() -> None:
    shop = DistributingShop()
    shop.put("abcd", Strategy.SEQUENTIAL)
    assert [shop.arrive(number) for number in range(2)] == ["a", "b"]
    shop.put("acd", Strategy.SEQUENTIAL)
    assert [shop.arrive(number) for number in range(2, 4)] == ["c", "d"]
    shop.put("eacd", Strategy.SEQUENTIAL)
    assert [shop.arrive(number) for number in range(4, 6)] == ["e", "a"]


def test_w5_who_is_disabled_gets_nothing_and_is_still_a_member() -> None:
    shop = DistributingShop()
    shop.put("abc", Strategy.SEQUENTIAL)
    without_b = tuple(each for each in STAFF if each != "b")
    assert [shop.arrive(number, without_b) for number in range(3)] == ["a", "c", "a"]
    assert shop.arrive(3) == "b"
    assert shop.arrive(4, (AgentId("f"),)) is None
    assert shop.arrive(5) == "c"


def manual(number: int, **fields: Any) -> AddContact:
    return AddContact(
        **{**COMMON, "staff": STAFF, "warehouse_id": "north", **fields},
        command_id=f"hand_{number}",
        contact_id=ContactId(f"con_hand{number}"),
    )


def from_file(number: int, **fields: Any) -> ImportContact:
    return ImportContact(
        **{**COMMON, "staff": STAFF, "warehouse_id": "north", **fields},
        command_id=f"row_{number}",
        contact_id=ContactId(f"con_row{number}"),
        source="imp_1",
        duplicates=Duplicates.FILL,
        managed=("north",),
    )


def test_w5_in_turn_whatever_way_contacts_come_in() -> None:
    shop = DistributingShop()
    shop.put("abcd", Strategy.SEQUENTIAL)
    chosen = [shop.come_in(manual(1)), shop.come_in(from_file(1)), shop.arrive(1)]
    assert [*chosen, shop.come_in(from_file(2))] == list("abcd")


def test_w5_by_load_contacts_of_a_file_count_one_after_another() -> None:
    shop = DistributingShop()
    shop.put("abc", Strategy.LEAST_LOADED)
    assert shop.come_in(manual(1, assignee=AgentId("b"))) == "b"
    assert [shop.come_in(from_file(number)) for number in range(4)] == ["a", "c", "a", "b"]


def test_w5_whom_the_creator_named_keeps_the_contact_and_nobody_loses_a_turn() -> None:
    shop = DistributingShop()
    shop.put("abc", Strategy.SEQUENTIAL)
    assert shop.come_in(manual(1)) == "a"
    assert shop.come_in(manual(2, assignee=AgentId("f"))) == "f"
    assert shop.come_in(manual(3)) == "b"
    assert shop.come_in(manual(4, staff=())) is None


def test_w5_a_row_of_somebody_who_is_known_already_is_nobodys_turn() -> None:
    shop = DistributingShop()
    shop.put("abc", Strategy.SEQUENTIAL)
    lan: dict[str, Any] = {"phones": ("+84912345678",)}
    assert shop.come_in(manual(1, **lan)) == "a"
    assert shop.decide(from_file(1, **lan)) == ()
    assert shop.come_in(from_file(2)) == "b"


@pytest.mark.parametrize("members", ["", "abc"])
def test_w5_nothing_is_distributed_where_it_is_switched_off(members: str) -> None:
    shop = DistributingShop()
    shop.put(members, None if members else Strategy.SEQUENTIAL)
    assert [shop.arrive(number) for number in range(3)] == [None] * 3
    assert shop.value(entity_key(SHOP, "turns", "north")) is None


def test_w4_of_fifty_members_who_claim_one_contact_one_gets_it() -> None:
    shop = DistributingShop()
    members = [AgentId(f"agent-{number:02}") for number in range(50)]
    shop.decide(
        PutWarehouse(
            **COMMON,
            command_id="put",
            id="north",
            name="N",
            members=tuple(members),
            sources=(PAGE,),
        )
    )
    shop.arrive(1)
    answers = []
    for agent in reversed(members):
        claimed = shop.decide(
            ClaimContact(
                organization=SHOP,
                at=MOMENT,
                by=agent,
                command_id=f"claim_{agent}",
                contact_id=contact_id(customer("1").id),
                warehouse_id="north",
            )
        )
        answers.append((len(claimed), shop.last.outcome, shop.last.refusal, shop.last.holder))
    lost = (0, CrmOutcome.REFUSED, CrmRefusal.HELD, members[-1])
    assert answers == [(1, CrmOutcome.APPLIED, None, None), *[lost] * 49]


def test_c3_w5_what_a_new_customer_writes_is_offered_after_the_contact_was_given() -> None:
    decided = DistributingShop()
    decided.put("a", Strategy.SEQUENTIAL)
    text = msgspec.structs.replace(message(), text="sđt 0912345678")
    command = observe(text, customer("1"), "evt_1", "VN")
    created, given, offered = decided.decide(msgspec.structs.replace(command, staff=STAFF))
    assert isinstance(created, ContactCreated)
    assert isinstance(given, ContactAssigned)
    assert isinstance(offered, SuggestionsOffered)
    assert (created.sequence, given.sequence, offered.sequence) == (1, 2, 3)
