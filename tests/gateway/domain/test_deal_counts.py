"""O3: what is open, won and lost, by who has the deals and by the steps of their contacts."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from tuyen_events.crm.claims import ContactMoved
from tuyen_events.crm.contacts import (
    ContactContent,
    ContactCreated,
    ContactMerged,
    ContactRemoved,
    ContactSeparated,
)
from tuyen_events.crm.deals import DealAdded, DealChanged, DealId, DealRemoved, DealStage, Money
from tuyen_events.crm.records import ContactEvent
from tuyen_events.crm.steps import StepChanged
from tuyen_events.ids import AgentId, ContactId, CustomerId, OrganizationId, PageId
from tuyen_events.vocabulary import Channel
from tuyen_gateway.domain.contact_counts import CountedContact, note_contact_events
from tuyen_gateway.domain.rollups import Counted, Slot

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
SHOP, CONTACT, LAN = OrganizationId("shop"), ContactId("con"), AgentId("lan")
VND = Money(amount="18000000", currency="VND")

Numbers = dict[tuple[Any, ...], int]


def about(hours: int) -> dict[str, Any]:
    """Of the event that comes so many hours later, which is the next one."""
    return {
        "organization": SHOP,
        "contact_id": CONTACT,
        "sequence": hours + 1,
        "caused_by": "cmd",
        "at": START + timedelta(hours=hours),
    }


def created() -> ContactEvent:
    return ContactCreated(
        **about(0),
        customer_id=CustomerId("cus"),
        page_id=PageId("page"),
        channel=Channel.ZALO,
        external_id="7",
        warehouse_id="north",
    )


def stepped(hours: int, step: str) -> ContactEvent:
    return StepChanged(
        **about(hours),
        pipeline_id="retail",
        pipeline="Bán lẻ",
        previous_step_id=None,
        previous_step=None,
        step_id=step,
        step=step,
        by=LAN,
    )


def added(hours: int, **fields: Any) -> ContactEvent:
    fields = {"value": VND, "assignee": LAN, **fields}
    return DealAdded(**about(hours), deal_id=DealId("deal"), name="Sỉ", by=LAN, **fields)


def changed(hours: int, **fields: Any) -> ContactEvent:
    return DealChanged(**about(hours), deal_id=DealId("deal"), by=LAN, **fields)


def count(events: list[ContactEvent], counted: Counted) -> Numbers:
    """The numbers by hour, warehouse and what they are about; the same in one batch or in many."""
    blank = CountedContact(id=CONTACT, organization=SHOP)
    whole = _sum([note_contact_events(blank, events)[1]], counted)
    contact, parts = blank, []
    for event in events:
        for _ in range(2):
            contact, part = note_contact_events(contact, [event])
            parts.append(part)
    assert _sum(parts, counted) == whole
    return whole


def _sum(parts: list[dict[Slot, Counter[str]]], counted: Counted) -> Numbers:
    total: Counter[tuple[Any, ...]] = Counter()
    for part in parts:
        for slot, counts in part.items():
            if slot.counted is counted:
                hour = (slot.quarter - START) // timedelta(hours=1)
                for name, number in counts.items():
                    total[hour, slot.warehouse_id, *slot.about, name] += number
    return {key: number for key, number in total.items() if number}


def test_o3_a_deal_is_counted_for_who_has_it_and_with_its_value() -> None:
    other = changed(2, assignee=None)
    assert count([created(), added(1), other, changed(3, value=None)], Counted.DEAL) == {
        (1, "north", "lan", "VND", "added"): 1,
        (1, "north", "lan", "VND", "came"): 1,
        (1, "north", "lan", "VND", "came_value"): 180_000_000_000,
        (2, "north", "lan", "VND", "came"): -1,
        (2, "north", "lan", "VND", "came_value"): -180_000_000_000,
        (2, "north", None, "VND", "came"): 1,
        (2, "north", None, "VND", "came_value"): 180_000_000_000,
        (3, "north", None, "VND", "came"): -1,
        (3, "north", None, "VND", "came_value"): -180_000_000_000,
        (3, "north", None, None, "came"): 1,
    }


def test_o3_a_deal_is_won_when_and_where_its_contact_was_then() -> None:
    """What is changed later, when it is won already, changes its value there."""
    cheap = Money(amount="0.5", currency="VND")
    events = [created(), added(1), stepped(2, "quoted"), changed(3, stage=DealStage.WON)]
    numbers = {
        (1, "north", None, None, "VND", "added"): 1,
        (1, "north", None, None, "VND", "came"): 1,
        (2, "north", None, None, "VND", "came"): -1,
        (2, "north", "retail", "quoted", "VND", "came"): 1,
        (3, "north", "retail", "quoted", "VND", "came"): -1,
        (3, "north", "retail", "quoted", "VND", "won"): 1,
    }
    found = count([*events, stepped(4, "new"), changed(5, value=cheap)], Counted.DEAL_STEP)
    assert {key: one for key, one in found.items() if not key[-1].endswith("_value")} == numbers
    assert found[3, "north", "retail", "quoted", "VND", "won_value"] == 5_000


def test_o3_what_was_won_is_taken_back_when_the_deal_is_opened_again_or_removed() -> None:
    won = [created(), added(1, stage=DealStage.WON)]
    assert (1, "north", "lan", "VND", "won") in count(won, Counted.DEAL)
    lost = count([*won, changed(2, stage=DealStage.LOST)], Counted.DEAL)
    assert {key[0]: key[-1] for key in lost if key[-1] in ("won", "lost")} == {2: "lost"}
    opened = count([*won, changed(2, stage=DealStage.OPEN)], Counted.DEAL)
    assert {key[0]: key[-1] for key in opened if key[-1] in ("won", "came")} == {2: "came"}
    removed = DealRemoved(**about(2), deal_id=DealId("deal"), by=LAN)
    assert count([*won, removed], Counted.DEAL) == {(1, "north", "lan", "VND", "added"): 1}


def test_o3_w6_open_deals_move_with_their_contact_and_are_removed_with_it() -> None:
    moved = ContactMoved(
        **about(2), warehouse_id="south", previous_warehouse_id="north", assignee=None, by=LAN
    )
    removed = ContactRemoved(**about(3), by=LAN)
    came = {
        key[:2]: number
        for key, number in count([created(), added(1), moved, removed], Counted.DEAL).items()
        if key[-1] == "came"
    }
    assert came == {(1, "north"): 1, (2, "north"): -1, (2, "south"): 1, (3, "south"): -1}
    won = [created(), added(1, stage=DealStage.WON), ContactRemoved(**about(2), by=LAN)]
    assert count(won, Counted.DEAL)[1, "north", "lan", "VND", "won"] == 1


def test_o3_c2_deals_of_a_merged_contact_stay_where_it_was() -> None:
    merged = ContactMerged(**about(2), into=ContactId("older"), merge_id="m")
    apart = ContactSeparated(
        **about(4),
        out_of=ContactId("older"),
        merge_id="m",
        content=ContactContent(warehouse_id="north"),
        created_at=START,
        by=LAN,
    )
    events = [created(), added(1), merged, changed(3, stage=DealStage.WON), apart]
    found = count(events, Counted.DEAL)
    assert found[3, "north", "lan", "VND", "won"] == 1
    assert [key[0] for key in found if key[-1] == "came"] == [1, 3]
