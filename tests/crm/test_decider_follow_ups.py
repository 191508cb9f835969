"""Commands that the decider sends itself, for what one command leaves, and those that it cannot
decide."""

import pytest

from crm.rig import MOMENT, SHOP, Client, Shop
from crm.test_decider import add_contact, work
from tuyen_crm.entities.merges import drafts
from tuyen_events.crm.contacts import RemoveContact
from tuyen_events.crm.merge_proposals import MergeProposalClosed
from tuyen_events.ids import AgentId, ContactId
from tuyen_events.topics import CONTACTS, DEAD_LETTERS


async def test_c2_r9_5_proposals_that_one_command_leaves_are_ended_by_the_next_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing of it goes to the dead letters, and a crash in between changes nothing."""
    shop = Shop()
    for number in range(1, 6):
        agent = AgentId(f"nv_{number}")
        await shop.ask(add_contact(number, str(number), ("+84912345678",), assignee=agent))
    assert await work(shop, shop.log)
    monkeypatch.setattr(drafts, "PROPOSED_BYTES", 1)
    await shop.ask(
        RemoveContact(
            command_id="cmd_9",
            organization=SHOP,
            contact_id=ContactId("con_1"),
            at=MOMENT,
            by=AgentId("boss"),
        )
    )
    steps = 0
    while not await work(shop, Client(shop.log, steps)):
        steps += 1
    ended = {
        (event.contact_id, event.other)
        for event in await shop.read_events(CONTACTS)
        if isinstance(event, MergeProposalClosed)
    }
    assert {one for one, other in ended if other == "con_1"} == {f"con_{n}" for n in range(2, 6)}
    assert await shop.records(DEAD_LETTERS) == []


async def test_r9_5_a_command_that_is_put_aside_has_its_result_wherever_the_crm_crashes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tuyen_crm.decider._COMMAND_BYTES", 1)
    for steps in range(1_000):
        shop = Shop()
        await shop.ask(add_contact(1, "1", ()))
        ended = await work(shop, Client(shop.log, steps))
        assert ended or await work(shop, shop.log)
        assert await shop.results() == {"cmd_1": {("refused", 0)}}
        assert await shop.contacts() == []
        if ended:
            break
