"""What is kept of conversations to which nothing happened for long (R9.6)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.domain.inputs import COMMENT, A, B
from support.organizations import SHOP
from tuyen_events.ids import ConversationId
from tuyen_events.vocabulary import Reason
from tuyen_router.domain import archive
from tuyen_router.domain.archive import ENTRY_BYTES, Archive, ArchivedConversation

LAWS = settings(derandomize=True, max_examples=50, deadline=None)


def _make_rested(number: int, *, day: int = 20_000, is_done: bool = False) -> ArchivedConversation:
    owner = (SHOP, A if number % 2 else None)
    return ArchivedConversation(
        owner, number % 5 + 1, Reason.ROTATION, day, number, is_done=is_done
    )


@LAWS
@given(numbers=st.lists(st.integers(0, 400), unique=True), taken=st.integers(0, 400))
def test_r9_6_threads_at_rest_are_restored_as_they_were_and_once(
    numbers: list[int], taken: int
) -> None:
    store = Archive()
    for number in numbers:
        store.put(ConversationId(str(number)), _make_rested(number))
    expected = _make_rested(taken) if taken in numbers else None
    assert store.take(ConversationId(str(taken))) == expected
    assert store.take(ConversationId(str(taken))) is None
    assert all(
        store.find(ConversationId(str(number))) == _make_rested(number)
        for number in numbers
        if number != taken
    )


@pytest.mark.parametrize("reason", Reason)
def test_r9_6_every_reason_can_be_kept(reason: Reason) -> None:
    store = Archive()
    store.put(COMMENT, ArchivedConversation((SHOP, B), 1, reason, 20_000, 0, is_done=True))
    found = store.find(COMMENT)
    assert found is not None
    assert found.reason is reason


def test_r9_6_a_reason_that_is_stored_keeps_its_number() -> None:
    """Entries of every earlier version are in the log."""
    assert Archive().reasons == [
        "rotation",
        "random",
        "least_loaded",
        "sticky_lost",
        "reassigned_offline",
        "queue_drained",
        "manual",
        "taken",
        "unassigned",
        "bulk",
        "queued",
        "no_candidate",
    ]


def test_r9_6_a_conversation_at_rest_takes_24_bytes() -> None:
    store = Archive()
    for number in range(1_000):
        store.put(ConversationId(str(number)), _make_rested(number))
    assert sum(map(len, store.buckets.values())) == 24_000


def test_r1_7_what_is_open_at_rest_is_counted() -> None:
    store = Archive()
    for number in range(10):
        store.put(ConversationId(str(number)), _make_rested(number, is_done=number < 4))
    assert store.count_open() == {(SHOP, None): 3, (SHOP, A): 3}


def test_r9_6_a_bucket_forgets_what_is_too_old_and_what_would_not_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archive, "MOST_ENTRIES", 3)
    store = Archive()
    number = store.put(COMMENT, _make_rested(0, day=10))
    assert store.put(COMMENT, _make_rested(1, day=11)) == number
    assert [each.day for each in store.forget_before(number, before=11)] == [10]
    for day in (12, 13, 14):
        store.put(COMMENT, _make_rested(2, day=day))
    assert [each.day for each in store.forget_before(number, before=0)] == [11]
    assert len(store.buckets[number]) == 3 * ENTRY_BYTES
