"""The ring of a customer's recent events."""

from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.domain.inputs import COMMENT, LIVE, THREAD
from tuyen_events.ids import ConversationId, event_id
from tuyen_router.domain.seen import (
    REMEMBERED_EVENTS,
    Seen,
    came_after,
    recognize,
    remember_seen,
    upgrade_ring,
)

LAWS = settings(derandomize=True, max_examples=100, deadline=None)


@pytest.mark.parametrize(
    ("event", "offset", "seen"),
    [
        ("a", 3, Seen.BEFORE),
        ("a", 9, Seen.AS_ANOTHER),
        ("new", 9, Seen.NEVER),
        ("forgotten", 2, Seen.BEFORE),
        ("b", 5, Seen.BEFORE),
    ],
)
def test_r9_2_the_ring_knows_the_last_events(event: str, offset: int, seen: Seen) -> None:
    ring = remember_seen(remember_seen(b"", event_id("a"), THREAD, 3), event_id("b"), THREAD, 5)
    assert recognize(ring, event_id(event), offset) is seen


def test_r9_2_an_empty_ring_has_seen_nothing() -> None:
    assert recognize(b"", event_id("a"), 0) is Seen.NEVER


@LAWS
@given(count=st.integers(0, 60))
def test_r9_2_the_ring_knows_the_last_of_them_and_every_offset_below_them(count: int) -> None:
    ring = b""
    for each in range(count):
        ring = remember_seen(ring, event_id(str(each)), THREAD, each)
    assert len(ring) <= 4 + 16 * REMEMBERED_EVENTS
    for each in range(count):
        assert recognize(ring, event_id(str(each)), each) is Seen.BEFORE
        twice = recognize(ring, event_id(str(each)), count)
        assert twice is (Seen.AS_ANOTHER if each >= count - REMEMBERED_EVENTS else Seen.NEVER)


@LAWS
@given(
    heard=st.lists(st.sampled_from([THREAD, LIVE, COMMENT]), max_size=REMEMBERED_EVENTS),
    after=st.integers(),
)
def test_i12_the_ring_knows_what_came_after_an_offset_in_which_conversation(
    heard: list[ConversationId], after: int
) -> None:
    ring = b""
    for offset, conversation in enumerate(heard):
        ring = remember_seen(ring, event_id(str(offset)), conversation, offset)
    for conversation in (THREAD, LIVE, COMMENT):
        came = conversation in heard[max(0, after + 1) :]
        assert came_after(ring, conversation, after) is came


@LAWS
@given(times=st.lists(st.integers(1, 50), max_size=60))
def test_r9_2_no_duplicate_event_is_new_however_many_came_in_between(times: list[int]) -> None:
    """And one that is later than all that was forgotten always is."""
    ring = b""
    for offset, time in enumerate(times):
        ring = remember_seen(ring, event_id(str(offset)), THREAD, offset, time)
    for offset, time in enumerate(times):
        again = recognize(ring, event_id(str(offset)), len(times), time)
        assert again in (Seen.AS_ANOTHER, Seen.UNCERTAIN)
    forgotten = max(times[:-REMEMBERED_EVENTS], default=0)
    assert recognize(ring, event_id("new"), len(times), forgotten + 1) is Seen.NEVER


def test_r9_2_a_clock_that_never_ran_makes_nothing_old() -> None:
    ring = b""
    for offset in range(REMEMBERED_EVENTS + 5):
        ring = remember_seen(ring, event_id(str(offset)), THREAD, offset, 7)
    assert recognize(ring, event_id("new"), 99, 0) is Seen.NEVER


def test_r9_2_a_ring_of_an_earlier_version_has_the_same_answers() -> None:
    """Sixteen bytes an event: eight of its id, two of the conversation, six of the offset."""
    older = b"".join(
        bytes.fromhex(event_id(str(offset))[4:20])
        + (crc32(conversation.encode()) & 0xFFFF).to_bytes(2)
        + offset.to_bytes(6)
        for offset, conversation in ((3, THREAD), (70_000, LIVE))
    )
    ring = upgrade_ring(older)
    assert upgrade_ring(ring) == ring
    assert recognize(ring, event_id("3"), 3) is Seen.BEFORE
    assert recognize(ring, event_id("3"), 70_001) is Seen.AS_ANOTHER
    assert recognize(ring, event_id("new"), 70_000) is Seen.BEFORE
    assert recognize(ring, event_id("new"), 70_001, 5) is Seen.NEVER
    assert came_after(ring, LIVE, 69_999)
    assert not came_after(ring, THREAD, 3)
