"""O3: the first response of a conversation, however its words are read."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuyen_events.ids import AgentId, ConversationId, OrganizationId, PageId
from tuyen_gateway.domain.reports import Counted, Slot
from tuyen_gateway.domain.responses import (
    Heard,
    Opening,
    SaidWord,
    find_first_response,
    note_heard,
)

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
BLANK = Opening(id=ConversationId("c"), organization=OrganizationId("shop"), page_id=PageId("page"))


def ask(second: float) -> Heard:
    return Heard("asked", _word(second, f"in-{second}"))


def request(second: float, agent: str, name: str) -> Heard:
    word = SaidWord(
        at=START + timedelta(seconds=second),
        id=name,
        agent_id=AgentId(agent),
        requested=True,
        by_person=True,
    )
    return Heard("said", word)


def sent(second: float, name: str) -> Heard:
    return Heard("sent", _word(second, name))


def echo(second: float) -> Heard:
    return Heard("said", _word(second, f"echo-{second}"))


def _word(second: float, name: str) -> SaidWord:
    return SaidWord(at=START + timedelta(seconds=second), id=name)


STORY = (
    echo(-60),
    ask(0),
    echo(3),
    ask(40),
    request(100, "minh", "refused"),
    request(1200, "lan", "reply"),
    sent(1202, "reply"),
    echo(1300),
    ask(1400),
)
"""The page wrote before, its greeting answers at once, a reply is refused, and Lan's is sent."""


def test_o3_the_first_response_is_the_first_word_of_a_person_that_was_sent() -> None:
    opening, added = note_heard(BLANK, STORY)
    response = find_first_response(opening)
    assert response is not None
    assert (response.agent_id, response.wait) == ("lan", timedelta(minutes=20))
    assert {(one.counted, f"{one.quarter:%H:%M}"): dict(n) for one, n in added.items()} == {
        (Counted.BEGUN, "08:00"): {"begun": 1},
        (Counted.RESPONSE, "08:15"): {"responses": 1, "wait.1200": 1},
    }


@pytest.mark.parametrize("second", [0, 5, 45])
def test_o3_an_answer_at_once_is_a_programs(second: float) -> None:
    opening, _ = note_heard(BLANK, [ask(0), ask(40), echo(second)])
    assert find_first_response(opening) is None


def test_o3_what_is_written_at_the_channel_itself_is_a_response_of_nobody_known() -> None:
    response = find_first_response(note_heard(BLANK, [ask(0), echo(5.5)])[0])
    assert response is not None
    assert response.agent_id is None


@given(
    order=st.permutations(range(len(STORY))),
    again=st.lists(st.integers(0, len(STORY) - 1), max_size=10),
    cut=st.integers(1, 5),
)
def test_o3_words_in_any_order_and_any_batches_count_the_same_once(
    order: list[int], again: list[int], cut: int
) -> None:
    opening, total = BLANK, Counter[tuple[Slot, str]]()
    read = [*order, *again]
    for begin in range(0, len(read), cut):
        opening, added = note_heard(opening, [STORY[n] for n in read[begin : begin + cut]])
        for slot, counts in added.items():
            total.update({(slot, name): count for name, count in counts.items()})
    expected, whole = note_heard(BLANK, STORY)
    assert opening == expected
    counted = {(slot, name): n for slot, counts in whole.items() for name, n in counts.items()}
    assert {place: number for place, number in total.items() if number} == counted


def test_o3_a_long_conversation_keeps_only_its_beginning() -> None:
    words = [ask(second) for second in range(200)]
    opening, _ = note_heard(BLANK, reversed(words))
    assert [one.word for one in words[: len(opening.asked)]] == list(opening.asked)
    assert len(opening.asked) == 50
    assert note_heard(opening, [ask(300)])[0] == opening
