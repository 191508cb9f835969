"""What every kind of child looks like, and its history in sentences (C5, C8)."""

from datetime import timedelta

import pytest

from crm.child_kinds import CONTACT, DEALS, HOA, KINDS, MOMENT, SHOP, TASKS, KindOfChild
from tuyen_events.limits import NAME_CHARACTERS, ROW_TEXT_CHARACTERS
from tuyen_views.history import Change
from tuyen_views.view import ChildDocument

LATER = MOMENT + timedelta(hours=1)
ALL = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def fold(kind: KindOfChild) -> ChildDocument:
    document = kind.entity.fold(None, kind.happened(0, **kind.content))
    assert isinstance(document, ChildDocument)
    return document


@ALL
def test_c5_a_part_as_it_is_shown(kind: KindOfChild) -> None:
    reminder = {} if kind.reminds_at is None else {"reminds_at": kind.reminds_at}
    assert fold(kind) == kind.entity.view.document(
        key="hoa-sen/p_1/con_1",
        id="p_1",
        organization=SHOP,
        contact_id=CONTACT,
        place="000000000000040.000000008.con_1",
        sequence=8,
        created_at=MOMENT,
        created_by=HOA,
        updated_at=MOMENT,
        **kind.content,
        **reminder,
    )


@ALL
def test_c5_a_stored_part_is_read_as_it_was(kind: KindOfChild) -> None:
    view = kind.entity.view
    assert view.read(view.encode(fold(kind))) == fold(kind)


@ALL
def test_c5_a_changed_part_keeps_its_place_its_author_and_what_was_not_changed(
    kind: KindOfChild,
) -> None:
    before = fold(kind)
    event = kind.happened(1, 9, at=LATER, by="lan", **kind.changed)
    after = kind.entity.fold(before, event)
    assert isinstance(after, ChildDocument)
    assert (after.sequence, after.updated_at) == (9, LATER)
    for name in ("place", "created_at", "created_by"):
        assert getattr(after, name) == getattr(before, name)
    content = {name: getattr(after, name) for name in kind.content}
    assert content == {**kind.content, **kind.changed}
    assert kind.entity.fold(None, event) is None
    assert kind.entity.fold(after, kind.happened(2, 10)) is None


@ALL
def test_c8_the_history_says_what_was_added_changed_and_removed(kind: KindOfChild) -> None:
    vi, en, title = kind.thing
    added, before = kind.happened(0, **kind.content), fold(kind)
    described = kind.entity.describe(added, None, before)
    assert (described.by, described.vi, described.en) == (
        HOA,
        f"thêm {vi}{title}.",
        f"added {en}{title}.",
    )
    assert {each.field for each in described.changes} == {
        kind.shown_as(name) for name in kind.content
    }
    changed = kind.happened(1, 9, **kind.changed)
    described = kind.entity.describe(changed, before, kind.entity.fold(before, changed))
    assert (described.vi, described.en) == (kind.vi, kind.en)
    assert {each.field for each in described.changes} == {
        kind.shown_as(name) for name in kind.changed
    }
    described = kind.entity.describe(kind.happened(2, 10), before, None)
    assert (described.vi, described.en) == (f"xóa {vi}{title}.", f"removed {en}{title}.")


def test_c8_the_history_has_from_and_to_as_people_write_them() -> None:
    before, changed = fold(DEALS), DEALS.happened(1, 9, **DEALS.changed)
    described = DEALS.entity.describe(changed, before, DEALS.entity.fold(before, changed))
    assert described.changes == (
        Change(field="value", before="18000000 VND", after="20000000 VND"),
        Change(field="stage", before="open", after="won"),
    )


def test_c8_another_change_is_called_a_change() -> None:
    before, changed = fold(TASKS), TASKS.happened(1, 9, assignee=None)
    described = TASKS.entity.describe(changed, before, TASKS.entity.fold(before, changed))
    assert (described.vi, described.en) == (
        "sửa công việc “Gọi lại”.",
        "changed the task “Gọi lại”.",
    )
    assert described.changes == (Change(field="assignee", before="lan", after=None),)


def test_r9_5_a_sentence_stays_short() -> None:
    content = {**TASKS.content, "title": "x" * NAME_CHARACTERS * 10}
    event = TASKS.happened(0, **content)
    described = TASKS.entity.describe(event, None, TASKS.entity.fold(None, event))
    assert len(described.vi) < ROW_TEXT_CHARACTERS + 20
