"""O3: what events of contacts add to the numbers of reports."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tuyen_events.crm.contacts import (
    ContactAdded,
    ContactContent,
    ContactCreated,
    ContactMerged,
    ContactPatched,
    ContactRemoved,
    ContactSeparated,
)
from tuyen_events.crm.merges import ContactAbsorbed, GainedContent
from tuyen_events.crm.records import ContactEvent
from tuyen_events.crm.steps import StepChanged
from tuyen_events.ids import AgentId, ContactId, CustomerId, OrganizationId, PageId
from tuyen_events.vocabulary import Channel
from tuyen_gateway.domain.contact_counts import CountedContact, note_contact_events
from tuyen_gateway.domain.rollups import Slot

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
SHOP, LAN, C = OrganizationId("shop"), AgentId("lan"), ContactId("c")
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


def moved(sequence: int, warehouse_id: str) -> ContactPatched:
    return ContactPatched(**fields(sequence), warehouse_id=warehouse_id, by=LAN)


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
    standing = {name: n for name, n in total.items() if name.endswith((" came", " went"))}
    assert standing["default origin page/page came"] == 2
    assert standing["north origin page/page went"] == 1
