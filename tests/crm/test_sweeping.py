"""R9.6: what belonged to contacts that were removed is forgotten."""

import asyncio

import pytest

from crm.asking import note, put_campaign
from crm.rig import MOMENT, SHOP, Shop, contact, until
from tuyen_crm import decider
from tuyen_crm.decider import CommandDecider
from tuyen_crm.states import OrganizationStates
from tuyen_crm.sweeping import Sweep
from tuyen_events.crm.contacts import AddContact, RemoveContact
from tuyen_events.ids import AgentId
from tuyen_events.topics import CRM_COMMANDS, CRM_STATE
from tuyen_platform.kafka.partitions import partition_of

PARTITION = partition_of(SHOP, CRM_STATE.partitions)


async def _begin() -> Shop:
    """Two contacts with three notes each, the first of which is removed, and a campaign."""
    shop = Shop()
    for number, who in ((1, "670"), (2, "671")):
        added = AddContact(
            command_id=f"cmd_{number}",
            organization=SHOP,
            contact_id=contact(who),
            at=MOMENT,
            by=AgentId("hoa"),
        )
        await shop.ask(added)
        for each in range(3):
            await shop.ask(note(10 * number + each, who))
    await shop.ask(put_campaign(3, "tet", "Tết"))
    removed = RemoveContact(
        command_id="cmd_9",
        organization=SHOP,
        contact_id=contact("670"),
        at=MOMENT,
        by=AgentId("hoa"),
    )
    await shop.ask(removed)
    return shop


async def _recover(shop: Shop) -> OrganizationStates:
    states = OrganizationStates(shop.log, lambda: None)
    await states.recover([PARTITION])
    return states


def _find_note(states: OrganizationStates, number: int) -> bytes | None:
    return states.find(PARTITION, f"{SHOP}/notes/note_{number}")


async def test_r9_6_the_children_of_a_removed_contact_are_forgotten_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A start does not read them then, and all others stay."""
    monkeypatch.setattr(decider, "_CHECK_EVERY_S", 0.0)
    monkeypatch.setattr("tuyen_crm.states._SWEPT_AT_ONCE", 2)
    shop = await _begin()
    working = asyncio.create_task(CommandDecider(shop.log).run())
    try:
        await until(lambda: shop.has_committed(decider.GROUP, CRM_COMMANDS))

        async def all_gone() -> bool:
            records = await shop.records(CRM_STATE)
            gone = {each.key for each in records if each.value is None}
            return len(gone) == 3

        await until(all_gone)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    states = await _recover(shop)
    assert [_find_note(states, number) for number in (10, 11, 12)] == [None] * 3
    assert None not in [_find_note(states, number) for number in (20, 21, 22)]
    assert states.find(PARTITION, f"{SHOP}/campaigns/tet") is not None
    assert states.find(PARTITION, f"{SHOP}/{contact('670')}") is not None


def test_r9_6_all_children_have_a_turn_and_what_does_not_belong_there_is_left_alone() -> None:
    values = {
        "shop/con_1": b'{"state":{"sequence":9,"version":9,"began":5},"home":0}',
        "shop/con_2": b'{"state":{"sequence":3,"version":3,"removed":true},"home":0}',
        "shop/notes/old": b'{"contact_id":"con_1","version":4}',
        "shop/notes/new": b'{"contact_id":"con_1","version":6}',
        "shop/tasks/gone": b'{"contact_id":"con_2","version":2}',
        "shop/tasks/lost": b'{"contact_id":"con_3","version":2}',
        "shop/calls/one": b'{"contact_id":"con_2","version":2,"fixed_content":"x"}',
        "shop/campaigns/tet": b"{}",
        "shop/turns/default": b"{}",
    }
    for most in (1, 2, 100):
        sweep = Sweep()
        found = {key for _ in range(5) for key in sweep.find_left(values, most)}
        assert found == {"shop/notes/old", "shop/tasks/gone", "shop/tasks/lost"}
    assert Sweep().find_left({}, 3) == []
