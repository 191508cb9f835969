"""The ring of a customer's recent events."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.domain.shop import COMMENT, LIVE, THREAD
from tuyen_events.ids import ConversationId, event_id
from tuyen_router.domain.seen import REMEMBERED_EVENTS, Seen, arrival_of, came_after, with_seen

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
def test_r9_2_what_the_ring_says(event: str, offset: int, seen: Seen) -> None:
    ring = with_seen(with_seen(b"", event_id("a"), THREAD, 3), event_id("b"), THREAD, 5)
    assert arrival_of(ring, event_id(event), offset) is seen


def test_r9_2_an_empty_ring_has_seen_nothing() -> None:
    assert arrival_of(b"", event_id("a"), 0) is Seen.NEVER


@LAWS
@given(count=st.integers(0, 60))
def test_r9_2_the_ring_knows_the_last_of_them_and_every_offset_below_them(count: int) -> None:
    ring = b""
    for each in range(count):
        ring = with_seen(ring, event_id(str(each)), THREAD, each)
    assert len(ring) <= 16 * REMEMBERED_EVENTS
    for each in range(count):
        assert arrival_of(ring, event_id(str(each)), each) is Seen.BEFORE
        twice = arrival_of(ring, event_id(str(each)), count)
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
        ring = with_seen(ring, event_id(str(offset)), conversation, offset)
    for conversation in (THREAD, LIVE, COMMENT):
        came = conversation in heard[max(0, after + 1) :]
        assert came_after(ring, conversation, after) is came
