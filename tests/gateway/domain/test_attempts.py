"""What became of a reply, from its requests, their results and its echoes, in whatever order."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.outbound import at_second, cancelled, failed, requested, settled
from tuyen_events.ids import MessageId
from tuyen_events.outbound import (
    OutboundCancelled,
    OutboundOutcome,
    OutboundRequested,
    OutboundSettled,
)
from tuyen_gateway.domain.attempts import (
    Attempt,
    ReplyPart,
    ReplyState,
    find_current,
    find_error,
    find_external_id,
    find_sent_at,
    find_state,
    list_sent_parts,
    with_part,
    with_request,
)

AttemptEvent = OutboundRequested | OutboundCancelled | OutboundSettled

FIRST = requested(at=10)
SECOND = requested(at=20, again=FIRST)
UNKNOWN = settled(FIRST, outcome=OutboundOutcome.UNKNOWN)
NEVER_HEARD_OF = settled(FIRST, outcome=OutboundOutcome("postponed"))


def fold(events: Sequence[AttemptEvent]) -> tuple[Attempt, ...]:
    attempts: tuple[Attempt, ...] = ()
    for event in events:
        attempts = with_request(attempts, event)
    return attempts


@pytest.mark.parametrize(
    ("events", "state"),
    [
        pytest.param([FIRST], ReplyState.PENDING, id="requested"),
        pytest.param([FIRST, settled(FIRST, "mid-1")], ReplyState.SENT, id="accepted"),
        pytest.param([FIRST, failed(FIRST)], ReplyState.FAILED, id="refused"),
        pytest.param([FIRST, failed(FIRST), SECOND], ReplyState.PENDING, id="sent again"),
        pytest.param(
            [FIRST, failed(FIRST), SECOND, settled(SECOND, "mid-2")],
            ReplyState.SENT,
            id="accepted the second time",
        ),
        pytest.param([FIRST, UNKNOWN], ReplyState.UNKNOWN, id="nobody can tell"),
        pytest.param([FIRST, NEVER_HEARD_OF], ReplyState.UNKNOWN, id="a later version's word"),
        pytest.param(
            [FIRST, UNKNOWN, settled(FIRST, "mid-1", after_s=60)],
            ReplyState.SENT,
            id="the truth became known",
        ),
        pytest.param(
            [FIRST, UNKNOWN, SECOND, settled(FIRST, "mid-1", after_s=60)],
            ReplyState.SENT,
            id="the first one was sent, after all",
        ),
        pytest.param([FIRST, cancelled(FIRST)], ReplyState.CANCELLED, id="cancelled"),
        pytest.param(
            [FIRST, cancelled(FIRST), settled(FIRST, outcome=OutboundOutcome.CANCELLED)],
            ReplyState.CANCELLED,
            id="cancelled in time",
        ),
        pytest.param(
            [FIRST, cancelled(FIRST), settled(FIRST, "mid-1")],
            ReplyState.SENT,
            id="cancelled too late",
        ),
        pytest.param(
            [FIRST, cancelled(FIRST), failed(FIRST)],
            ReplyState.CANCELLED,
            id="cancelled, and refused",
        ),
    ],
)
def test_i6_the_state_follows_from_requests_and_results(
    events: list[AttemptEvent], state: ReplyState
) -> None:
    assert find_state(fold(events), ()) is state
    assert find_state(fold(events[::-1]), ()) is state


PART = ReplyPart(id=MessageId("m_1"), number=0, external_id="mid-1", incomplete=True)
ECHO = ReplyPart(id=MessageId("m_1"), external_id="mid-1", at=at_second(11))


@pytest.mark.parametrize(
    ("events", "part", "state"),
    [
        ([FIRST], ECHO, ReplyState.PENDING),
        ([FIRST, cancelled(FIRST)], ECHO, ReplyState.PENDING),
        ([FIRST, cancelled(FIRST), failed(FIRST)], PART, ReplyState.FAILED),
        ([FIRST, cancelled(FIRST), failed(FIRST)], ECHO, ReplyState.FAILED),
        ([FIRST, cancelled(FIRST), settled(FIRST, "mid-1", "mid-2")], PART, ReplyState.SENT),
        ([FIRST, failed(FIRST), SECOND, cancelled(SECOND)], PART, ReplyState.PENDING),
        (
            [FIRST, cancelled(FIRST), settled(FIRST, outcome=OutboundOutcome.CANCELLED)],
            ECHO,
            ReplyState.FAILED,
        ),
    ],
)
def test_i6_of_several_parts_one_that_was_sent_is_neither_all_nor_nothing(
    events: list[AttemptEvent], part: ReplyPart, state: ReplyState
) -> None:
    assert find_state(fold(events), [part], is_one_call=False) is state
    assert find_state(fold(events[::-1]), [part], is_one_call=False) is state


def test_p5b_a_reply_whose_echo_overtakes_the_result_is_sent() -> None:
    echoed = ReplyPart(id=MessageId("m_1"), external_id="mid-1", at=at_second(11))
    assert find_state(fold([FIRST]), [echoed]) is ReplyState.SENT
    assert find_sent_at(fold([FIRST, settled(FIRST, "mid-1")]), [echoed]) == at_second(11)
    assert find_sent_at(fold([FIRST, settled(FIRST, "mid-1")]), ()) == at_second(11)
    assert find_sent_at(fold([FIRST]), ()) is None


def test_i6_the_reason_is_that_of_the_last_attempt() -> None:
    error = find_error(fold([FIRST, failed(FIRST)]))
    assert error is not None
    assert error.en == "The customer blocked you."
    assert find_error(fold([FIRST, failed(FIRST), SECOND])) is None


def test_i6_the_id_at_the_channel_is_that_of_the_first_part() -> None:
    parts = [
        ReplyPart(id=MessageId("m_a"), number=1, external_id="mid-2"),
        ReplyPart(id=MessageId("m_b"), number=0, external_id="mid-1"),
        ReplyPart(id=MessageId("m_0"), external_id="mid-0", at=at_second(1)),
    ]
    assert find_external_id(parts) == "mid-1"
    assert find_external_id(()) is None


EVENTS: list[AttemptEvent] = [
    FIRST,
    UNKNOWN,
    cancelled(FIRST),
    failed(FIRST, after_s=5),
    settled(FIRST, "mid-1", after_s=9),
    SECOND,
    settled(SECOND, outcome=OutboundOutcome.UNKNOWN),
    failed(SECOND, after_s=3),
]


@given(st.permutations(EVENTS), st.lists(st.sampled_from(EVENTS)), st.integers(0, len(EVENTS)))
def test_inv6_no_order_and_no_double_makes_a_difference(
    events: list[AttemptEvent], doubles: list[AttemptEvent], place: int
) -> None:
    assert fold([*events[:place], *doubles, *events]) == fold(EVENTS)


@given(st.permutations(EVENTS), st.integers(0, len(EVENTS)))
def test_inv6_so_it_is_with_a_part_of_them(events: list[AttemptEvent], count: int) -> None:
    some = events[:count]
    assert fold(some) == fold(some[::-1])
    assert find_current(fold(some)) == find_current(fold([*some, *some]))


PARTS = [
    ReplyPart(id=MessageId("m_1"), number=0, external_id="mid-1"),
    ReplyPart(id=MessageId("m_1"), external_id="mid-1", at=at_second(3)),
    ReplyPart(id=MessageId("m_1"), at=at_second(3), text="sửa", edited_at=(at_second(4), "evt_1")),
    ReplyPart(
        id=MessageId("m_1"), at=at_second(3), text="sửa lại", edited_at=(at_second(5), "evt_2")
    ),
    ReplyPart(id=MessageId("m_1"), removed=True),
    ReplyPart(id=MessageId("m_2"), number=1, external_id="mid-2"),
    ReplyPart(id=MessageId("m_2"), text="khác", edited_at=(at_second(5), "evt_3")),
]


@given(st.lists(st.sampled_from(PARTS)))
def test_inv6_what_is_known_of_parts_merges(parts: list[ReplyPart]) -> None:
    def merge(found: list[ReplyPart]) -> tuple[ReplyPart, ...]:
        merged: tuple[ReplyPart, ...] = ()
        for part in found:
            merged = with_part(merged, part)
        return merged

    assert merge(parts) == merge(sorted([*parts, *parts], key=repr)) == merge(parts[::-1])


@pytest.mark.parametrize(
    ("numbers", "sent"),
    [
        ([], ()),
        ([0, 1], ("mid-0", "mid-1")),
        ([1, 0], ("mid-0", "mid-1")),
        ([0, 2], ("mid-0",)),
        ([1], ()),
        ([None, 0], ("mid-0",)),
    ],
)
def test_i6_what_was_sent_of_a_reply_is_known_up_to_the_first_gap(
    numbers: list[int | None], sent: tuple[str, ...]
) -> None:
    parts = [
        ReplyPart(id=MessageId(f"m-{number}"), number=number, external_id=f"mid-{number}")
        for number in numbers
    ]
    assert list_sent_parts([*parts, ReplyPart(id=MessageId("m"), number=5)]) == sent
