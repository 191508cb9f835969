"""O3: what events of contacts add to the numbers of reports."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crm.decided import Decided
from crm.lan import SHOP
from tuyen_events.crm.claims import ContactMoved, PlaceContact
from tuyen_events.crm.contacts import (
    AddContact,
    ContactAdded,
    ContactContent,
    ContactCreated,
    ContactMerged,
    ContactRemoved,
    ContactSeparated,
    PatchContact,
    RemoveContact,
)
from tuyen_events.crm.imports import Duplicates, ImportContact
from tuyen_events.crm.merges import ContactAbsorbed, GainedContent, MergeContacts, UndoMerge
from tuyen_events.crm.pipelines import PipelineStep, PutPipeline, RemovePipeline
from tuyen_events.crm.records import ContactEvent, CrmCommand
from tuyen_events.crm.steps import SetStep, StepChanged
from tuyen_events.crm.warehouses import PutWarehouse, RemoveWarehouse
from tuyen_events.ids import AgentId, ContactId, CustomerId, PageId
from tuyen_events.vocabulary import Channel, Strategy
from tuyen_gateway.domain.contact_counts import CountedContact, note_contact_events
from tuyen_gateway.domain.rollups import Slot

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
LAN, C, D = AgentId("lan"), ContactId("c"), ContactId("d")
BLANK = CountedContact(id=C, organization=SHOP)


def fields(sequence: int) -> dict[str, Any]:
    return {
        "organization": SHOP,
        "contact_id": C,
        "sequence": sequence,
        "caused_by": "cmd",
        "at": START + timedelta(minutes=sequence),
    }


def created(sequence: int = 1) -> ContactCreated:
    return ContactCreated(
        **fields(sequence),
        customer_id=CustomerId("cus"),
        page_id=PageId("page"),
        channel=Channel.ZALO,
        external_id="7",
        warehouse_id="default",
    )


def added(source: str | None, by: AgentId | None) -> ContactAdded:
    return ContactAdded(**fields(1), content=ContactContent(source=source), by=by)


def step(sequence: int, step_id: str | None) -> StepChanged:
    return StepChanged(
        **fields(sequence),
        pipeline_id="retail",
        pipeline="Bán lẻ",
        previous_step_id=None,
        previous_step=None,
        step_id=step_id,
        step=step_id,
        by=LAN,
    )


def moved(sequence: int, warehouse_id: str) -> ContactMoved:
    about: dict[str, Any] = {"previous_warehouse_id": "default", "assignee": None, "by": LAN}
    return ContactMoved(**fields(sequence), **about, warehouse_id=warehouse_id)


def removed(sequence: int) -> ContactRemoved:
    return ContactRemoved(**fields(sequence), by=LAN)


def count(*events: ContactEvent) -> Counter[str]:
    _, numbers = note_contact_events(BLANK, events)
    return flatten(numbers)


def flatten(numbers: dict[Slot, Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for slot, counts in numbers.items():
        for name, number in counts.items():
            about = "/".join(part or "" for part in slot.about)
            total[f"{slot.warehouse_id} {slot.counted} {about} {name}"] += number
    return total


def test_o3_a_contact_counts_for_the_page_the_import_or_the_integration_that_it_came_from() -> None:
    for event, about in (
        (created(), "page/page"),
        (added("job_1", LAN), "import/job_1"),
        (added("kiot", None), "integration/kiot"),
        (added(None, LAN), "hand/"),
    ):
        assert count(event) == {
            f"default origin {about} came": 1,
            f"default origin {about} added": 1,
        }


def test_o3_a_move_to_another_warehouse_is_no_new_contact_and_no_other_step() -> None:
    before = count(created(), step(2, "new"))
    assert count(created(), step(2, "new"), moved(3, "north")) - before == {
        "default origin page/page went": 1,
        "north origin page/page came": 1,
        "default step retail/new went": 1,
        "north step retail/new came": 1,
    }


def test_o3_a_step_is_entered_and_left() -> None:
    assert count(created(), step(2, "new"), step(3, "quoted"), step(4, None)) - count(
        created()
    ) == {
        "default step retail/new came": 1,
        "default step retail/new entered": 1,
        "default step retail/new went": 1,
        "default step retail/new left": 1,
        "default step retail/quoted came": 1,
        "default step retail/quoted entered": 1,
        "default step retail/quoted went": 1,
        "default step retail/quoted left": 1,
    }


def test_o3_a_removed_contact_and_one_that_is_merged_are_gone_with_their_steps() -> None:
    merged = ContactMerged(**fields(3), into=ContactId("older"), merge_id="m")
    for event in (removed(3), merged):
        more = count(created(), step(2, "new"), event) - count(created(), step(2, "new"))
        assert more == {
            "default origin page/page went": 1,
            "default origin page/page removed": 1,
            "default step retail/new went": 1,
            "default step retail/new left": 1,
        }


def test_o3_a_contact_that_is_separated_again_comes_back_with_its_own_source() -> None:
    back = ContactSeparated(
        **fields(3),
        out_of=ContactId("older"),
        merge_id="m",
        content=ContactContent(steps={"retail": "new"}, warehouse_id="north"),
        created_at=START,
        by=LAN,
    )
    merged = ContactMerged(**fields(2), into=ContactId("older"), merge_id="m")
    assert count(created(), merged, back) - count(created(), merged) == {
        "north origin page/page came": 1,
        "north origin page/page added": 1,
        "north step retail/new came": 1,
        "north step retail/new entered": 1,
    }


def test_o3_a_merge_gives_the_contact_that_stays_the_steps_of_the_other() -> None:
    absorbed = ContactAbsorbed(
        **fields(2),
        merge_id="m",
        absorbed=ContactId("younger"),
        merged=(ContactId("younger"),),
        content=ContactContent(steps={"retail": "new"}, source="other"),
        gained=GainedContent(),
    )
    assert count(created(), absorbed) - count(created()) == {
        "default step retail/new came": 1,
        "default step retail/new entered": 1,
    }


STORY: Sequence[ContactEvent] = (
    created(),
    step(2, "new"),
    moved(3, "north"),
    step(4, "quoted"),
    removed(5),
    created(6),
    step(7, "new"),
)


@given(cuts=st.lists(st.integers(0, len(STORY)), max_size=6))
def test_o3_events_of_a_contact_that_are_read_again_count_once(cuts: list[int]) -> None:
    """However often the reading begins again from an earlier place."""
    contact, total = BLANK, Counter[str]()
    for end in [*cuts, len(STORY)]:
        contact, numbers = note_contact_events(contact, STORY[:end])
        total.update(flatten(numbers))
    assert total == count(*STORY)
    assert contact.sequence == len(STORY)
    balance = {name: n for name, n in total.items() if name.endswith((" came", " went"))}
    assert balance["default origin page/page came"] == 2
    assert balance["north origin page/page went"] == 1


def requested(number: int) -> dict[str, Any]:
    """The fields of the command with this number."""
    at = START + timedelta(minutes=number)
    return {"command_id": f"cmd_{number}", "organization": SHOP, "by": LAN, "at": at}


def test_o3_whatever_the_crm_decides_contacts_count_where_they_are() -> None:
    """Moves of each kind, a removed warehouse and pipeline, distribution, an import, a merge that
    is undone, and a removal, as the CRM decides them."""
    retail = (PipelineStep(id="new", name="Mới"), PipelineStep(id="quoted", name="Báo giá"))
    boss: dict[str, Any] = {"administrator": True}
    stages: list[tuple[type[CrmCommand], dict[str, Any]]] = [
        (PutWarehouse, {"id": "north", "name": "Bắc", "managers": (LAN,)}),
        (
            PutWarehouse,
            {
                "id": "south",
                "name": "Nam",
                "managers": (LAN,),
                "members": (LAN,),
                "distribute": Strategy.SEQUENTIAL,
            },
        ),
        (PutPipeline, {"id": "retail", "name": "Bán lẻ", "steps": retail}),
        (AddContact, {"contact_id": C, "warehouse_id": "default"}),
        (SetStep, {"contact_id": C, "pipeline_id": "retail", "step_id": "new"}),
        (PlaceContact, {"contact_id": C, "warehouse_id": "north", **boss}),
        (PatchContact, {"contact_id": C, "warehouse_id": "default", **boss}),
        (PatchContact, {"contact_id": C, "warehouse_id": "north", "assignee": LAN, **boss}),
        (AddContact, {"contact_id": D, "warehouse_id": "south", "staff": (LAN,)}),
        (
            ImportContact,
            {
                "contact_id": ContactId("e"),
                "source": "job_1",
                "warehouse_id": "north",
                "duplicates": Duplicates.SKIP,
            },
        ),
        (MergeContacts, {"contact_id": C, "other": D}),
        (PatchContact, {"contact_id": C, "steps": {"retail": "quoted"}}),
        (UndoMerge, {"contact_id": C}),
        (RemoveWarehouse, {"id": "north"}),
        (RemovePipeline, {"id": "retail"}),
        (RemoveContact, {"contact_id": C}),
    ]
    shop = Decided()
    counted: dict[ContactId, CountedContact] = {}
    for number, (kind, about) in enumerate(stages):
        if kind is UndoMerge:
            stays = shop.known.contact(C)
            assert stays is not None
            (about["merge_id"],) = stays.merges
        events = shop.decide(kind(**requested(number), **about))
        assert events, (kind, shop.last)
        for event in events:
            if isinstance(event, ContactEvent):
                before = counted.get(
                    event.contact_id, CountedContact(id=event.contact_id, organization=SHOP)
                )
                counted[event.contact_id], _ = note_contact_events(before, [event])
        for contact_id, contact in counted.items():
            known = shop.known.contact(contact_id)
            whole = known is not None and not known.removed and known.merged_into is None
            assert contact.present is whole, (kind, contact_id)
            if known is not None and whole:
                assert (contact.warehouse_id, contact.steps) == (known.warehouse_id, known.steps)
