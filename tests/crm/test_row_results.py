"""Rows of an import that are sent again, to the decider on the in-memory log (C9)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crm.rig import MOMENT, SHOP, Client, Shop, number_events
from crm.test_decider import add_contact, work
from tuyen_crm import organization_state, row_results
from tuyen_crm.domain.decision import CommandDecision, decide_unchanged
from tuyen_crm.row_results import ImportedRows, RowResult
from tuyen_events.crm.contacts import ContactPatched, PatchContact
from tuyen_events.crm.imports import Duplicates, ImportContact
from tuyen_events.crm.records import CrmOutcome
from tuyen_events.crm_limits import IMPORT_REMEMBERED_S
from tuyen_events.ids import AgentId, ContactId, derive_command_id
from tuyen_events.topics import CRM_STATE

PHONE, EMAIL = "+84912345678", "lan@example.com"
BOSS = AgentId("boss")


def ask_row(
    number: int,
    name: str,
    duplicates: Duplicates = Duplicates.OVERWRITE,
    *,
    source: str = "imp_1",
    at: datetime = MOMENT,
    email: str | None = None,
) -> ImportContact:
    command_id = derive_command_id(source, str(number))
    return ImportContact(
        command_id=command_id,
        organization=SHOP,
        contact_id=ContactId(command_id.replace("cmd_", "con_", 1)),
        source=source,
        row=number,
        warehouse_id="default",
        duplicates=duplicates,
        managed=("default",),
        name=name,
        phones=(PHONE,),
        emails=() if email is None else (email,),
        by=BOSS,
        at=at,
    )


async def begin_shop() -> Shop:
    """A shop that has one contact, with the phone number of all rows."""
    shop = Shop()
    command = replace(add_contact(1, "lan", (PHONE,)), name="Lan")
    await shop.ask(command)
    return shop


def edit(**fields: Any) -> PatchContact:
    """What an agent does between the rows and their repetition."""
    return PatchContact(
        command_id="cmd_edit",
        organization=SHOP,
        contact_id=ContactId("con_lan"),
        at=MOMENT,
        by=AgentId("an"),
        **fields,
    )


ROWS = {
    Duplicates.OVERWRITE: ((2, "An", None), (3, "Bình", None)),
    Duplicates.FILL: ((2, "An", EMAIL), (3, "Bình", None)),
}
EDITS: dict[Duplicates, dict[str, Any]] = {
    Duplicates.OVERWRITE: {"name": "Chị Lan"},
    Duplicates.FILL: {"emails": ()},
}


async def _patches(shop: Shop) -> list[ContactPatched]:
    known = number_events(await shop.changes())
    found = [each for each in await shop.contacts() if isinstance(each, ContactPatched)]
    assert len(known["con_lan"]) == 1 + len({each.sequence for each in found})
    return list({each.sequence: each for each in found}.values())


@pytest.mark.parametrize("duplicates", ROWS)
async def test_c9_rows_that_are_sent_again_after_a_crash_between_any_two_steps_change_nothing(
    duplicates: Duplicates,
) -> None:
    """The gateway dies before it notes the progress: the next one sends both rows again."""
    commands = [
        ask_row(number, name, duplicates, email=mail) for number, name, mail in ROWS[duplicates]
    ]
    calm = await begin_shop()
    for command in (*commands, edit(**EDITS[duplicates])):
        await calm.ask(command)
    assert await work(calm, calm.log)
    expected = await _patches(calm)
    for at_once in (1, 100):
        for steps in range(1_000):
            shop = await begin_shop()
            for command in (*commands, edit(**EDITS[duplicates]), *commands):
                await shop.ask(command)
            ended = await work(shop, Client(shop.log, steps, at_once))
            assert ended or await work(shop, Client(shop.log, None, at_once))
            assert await _patches(shop) == expected
            results = await shop.results()
            assert {id_: results[id_] for id_ in await calm.results()} == await calm.results()
            if ended:
                break
        else:
            raise AssertionError("the history has no end")


async def test_c9_a_row_that_became_a_contact_counts_as_changed_however_late_it_is_repeated() -> (
    None
):
    shop = Shop()
    first = ask_row(2, "Lan")
    await shop.ask(first)
    for number in range(3, 20):
        await shop.ask(ask_row(number, f"Khách {number}", Duplicates.OVERWRITE))
    await shop.ask(first)
    assert await work(shop, shop.log)
    assert (await shop.results())[first.command_id] == {("applied", 1)}


async def test_c9_a_row_from_a_version_that_did_not_number_them_is_decided_as_before() -> None:
    shop = await begin_shop()
    command = ask_row(2, "An")
    fields = {name: getattr(command, name) for name in command.__struct_fields__}
    await shop.ask(ImportContact(**{**fields, "row": 0}))
    assert await work(shop, shop.log)
    assert [each.name for each in await _patches(shop)] == ["An"]


async def test_bounded_what_is_remembered_of_imports_does_not_grow_with_their_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The ones that were active last are remembered, and the others are removed from the state."""
    monkeypatch.setattr(organization_state, "IMPORTS_REMEMBERED", 3)
    shop = await begin_shop()
    for number in range(6):
        for source in (f"imp_{number}", "imp_long"):
            at = MOMENT + timedelta(seconds=number)
            await shop.ask(ask_row(number + 1, "An", Duplicates.SKIP, source=source, at=at))
    assert await work(shop, shop.log)
    assert await _imports_in_state(shop) == {"imp_long", "imp_4", "imp_5"}
    late = MOMENT + timedelta(seconds=IMPORT_REMEMBERED_S + 10)
    await shop.ask(ask_row(1, "An", Duplicates.SKIP, source="imp_late", at=late))
    assert await work(shop, shop.log)
    assert await _imports_in_state(shop) == {"imp_late"}


async def _imports_in_state(shop: Shop) -> set[str]:
    """The imports whose keys have a value, as the compacted log keeps them."""
    last = {record.key: record.value for record in await shop.records(CRM_STATE)}
    keys = {(key or b"").decode() for key, value in last.items() if value is not None}
    return {key.rpartition("/")[2] for key in keys if "/imported/" in key} - {""}


def _decided(number: int) -> CommandDecision:
    if number % 2:
        return decide_unchanged(number)
    return CommandDecision(outcome=CrmOutcome.APPLIED, version=number)


@given(rows=st.sets(st.integers(1, 300), min_size=1), behind=st.integers(1, 5))
def test_c9_of_the_rows_of_a_batch_that_is_under_way_every_result_is_remembered(
    rows: set[int], behind: int
) -> None:
    """`behind` is how many rows are under way at once."""
    at = datetime(2026, 9, 21, 12, tzinfo=UTC)
    known, done = ImportedRows(at=at), sorted(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_results, "ROWS_REMEMBERED", 5)
        for number in done:
            assert known.find(number) is None
            known = known.add(number, _decided(number), at)
    assert len(known.results) <= 5
    for number in done[-behind:]:
        assert known.find(number) == RowResult(version=number, changed=number % 2 == 0)
    assert all(known.find(number) is not None for number in done)
    assert known.find(done[-1] + 1) is None
