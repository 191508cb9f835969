"""Pipelines and their steps (C6): what is decided, what a contact has, and what is shown."""

from typing import Any

import pytest

from crm.child_kinds import CONTACT, HOA, MOMENT, SHOP
from crm.known import KnownThings
from tuyen_crm.domain.state import ContactState
from tuyen_crm.entities import evolve
from tuyen_crm.entities.pipelines import decide as pipelines
from tuyen_crm.entities.pipelines.view import describe as describe_pipeline
from tuyen_crm.entities.pipelines.view import fold as fold_pipeline
from tuyen_crm.entities.steps.decide import decide
from tuyen_crm.entities.steps.view import describe, fold
from tuyen_events.crm.pipelines import (
    PipelineChanged,
    PipelineRemoved,
    PipelineStep,
    PutPipeline,
    RemovePipeline,
)
from tuyen_events.crm.records import CrmOutcome, CrmRefusal
from tuyen_events.crm.steps import SetStep, StepChanged
from tuyen_views.contacts import ContactDocument
from tuyen_views.history import Change

STEPS = (PipelineStep(id="new", name="Mới"), PipelineStep(id="quoted", name="Đã báo giá"))
RETAIL = PipelineChanged(
    organization=SHOP,
    sequence=4,
    caused_by="cmd_0",
    at=MOMENT,
    id="retail",
    by=HOA,
    name="Bán lẻ",
    steps=STEPS,
)
LAN = ContactState(sequence=7, version=3, steps={"retail": "new", "events": "invited"})


def known(contact: ContactState | None = LAN) -> KnownThings:
    return KnownThings(contact, entities={("pipelines", "retail"): RETAIL}, sequence=4)


def move(step: str | None, pipeline: str = "retail", **fields: Any) -> SetStep:
    return SetStep(
        command_id="cmd_1",
        organization=SHOP,
        contact_id=CONTACT,
        at=MOMENT,
        by=HOA,
        pipeline_id=pipeline,
        step_id=step,
        **fields,
    )


def moved(step: str | None, name: str | None, previous: str | None = "new") -> StepChanged:
    return StepChanged(
        organization=SHOP,
        contact_id=CONTACT,
        sequence=8,
        caused_by="cmd_1",
        at=MOMENT,
        by=HOA,
        pipeline_id="retail",
        pipeline="Bán lẻ",
        previous_step_id=previous,
        previous_step=None if previous is None else "Mới",
        step_id=step,
        step=name,
    )


def test_c6_a_move_says_from_where_to_where_and_is_a_change_of_the_contact() -> None:
    decision = decide(known(), move("quoted", expected_version=3))
    assert (decision.outcome, decision.version) == (CrmOutcome.APPLIED, 8)
    assert decision.events == (moved("quoted", "Đã báo giá"),)
    contact = evolve(LAN, moved("quoted", "Đã báo giá"))
    steps = {"events": "invited", "retail": "quoted"}
    assert contact == ContactState(sequence=8, version=8, steps=steps)


def test_c6_a_contact_leaves_a_pipeline_also_one_that_is_gone() -> None:
    assert decide(known(), move(None)).events == (moved(None, None),)
    contact = evolve(LAN, moved(None, None))
    assert contact is not None
    assert contact.steps == {"events": "invited"}
    (event,) = decide(known(), move(None, "events")).events
    assert isinstance(event, StepChanged)
    assert (event.pipeline, event.previous_step, event.step) == ("events", "invited", None)


@pytest.mark.parametrize(("step", "pipeline"), [("won", "retail"), ("new", "wholesale")])
def test_c6_a_step_that_the_pipeline_does_not_have_is_refused(step: str, pipeline: str) -> None:
    decision = decide(known(), move(step, pipeline))
    assert (decision.outcome, decision.refusal) == (
        CrmOutcome.REFUSED,
        CrmRefusal.UNKNOWN_REFERENCE,
    )


def test_c6_where_it_is_already_nothing_changes() -> None:
    assert decide(known(), move("new")).outcome is CrmOutcome.UNCHANGED
    assert decide(known(), move(None, "wholesale")).outcome is CrmOutcome.UNCHANGED
    assert decide(known(None), move("new")).outcome is CrmOutcome.NOT_FOUND
    passed = decide(known(), move("quoted", expected_version=2))
    assert (passed.outcome, passed.version) == (CrmOutcome.VERSION_PASSED, 3)


@pytest.mark.parametrize(
    ("event", "vi", "en"),
    [
        (
            moved("new", "Mới", None),
            "đưa khách vào bước “Mới” của quy trình “Bán lẻ”.",
            "put the contact at the step “Mới” of the pipeline “Bán lẻ”.",
        ),
        (
            moved("quoted", "Đã báo giá"),
            "chuyển khách từ bước “Mới” sang bước “Đã báo giá” của quy trình “Bán lẻ”.",
            "moved the contact from the step “Mới” to “Đã báo giá” in the pipeline “Bán lẻ”.",
        ),
        (
            moved(None, None),
            "đưa khách ra khỏi quy trình “Bán lẻ”.",
            "took the contact out of the pipeline “Bán lẻ”.",
        ),
    ],
)
def test_c6_c8_a_move_as_it_is_told(event: StepChanged, vi: str, en: str) -> None:
    described = describe(event, None, None)
    assert (described.by, described.vi, described.en) == (HOA, vi, en)
    change = Change(field="steps.retail", before=event.previous_step, after=event.step)
    assert described.changes == (change,)


def test_c6_the_document_of_a_contact_shows_its_steps() -> None:
    lan = ContactDocument(
        id=CONTACT,
        organization=SHOP,
        name="Lan",
        name_folded="lan",
        customers=(),
        warehouse_id="default",
        created_at=MOMENT,
        version=3,
        sequence=7,
        steps={"retail": "new", "events": "invited"},
    )
    quoted = fold(lan, moved("quoted", "Đã báo giá"))
    assert quoted is not None
    assert (quoted.steps, quoted.version) == ({"events": "invited", "retail": "quoted"}, 8)
    assert fold(None, moved("quoted", "Đã báo giá")) is None


def test_c6_c8_a_pipeline_is_put_and_removed() -> None:
    setup: dict[str, Any] = {
        "command_id": "cmd_2",
        "organization": SHOP,
        "at": MOMENT,
        "id": "retail",
        "by": HOA,
    }
    put = PutPipeline(**setup, name="Bán lẻ", steps=STEPS, expected_version=4)
    (changed,) = pipelines.decide(known(), put).events
    (removed,) = pipelines.decide(known(), RemovePipeline(**setup)).events
    assert isinstance(changed, PipelineChanged)
    assert isinstance(removed, PipelineRemoved)
    assert (changed.sequence, changed.name, changed.steps) == (5, "Bán lẻ", STEPS)
    document = fold_pipeline(None, changed)
    assert document is not None
    assert (document.name, document.steps) == ("Bán lẻ", STEPS)
    assert fold_pipeline(document, removed) is None
    assert describe_pipeline(changed, None, document).vi == "tạo quy trình “Bán lẻ”."
    assert describe_pipeline(changed, document, document).en == "changed the pipeline “Bán lẻ”."
    assert describe_pipeline(removed, document, None).en == "removed the pipeline “Bán lẻ”."
