"""O3: the first response of a conversation, however its words are read."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tuyen_events.ids import AgentId, ConversationId, OrganizationId, PageId
from tuyen_gateway.domain import responses
from tuyen_gateway.domain.reconciling import AUTOMATIC_WITHIN
from tuyen_gateway.domain.responses import (
    Heard,
    HeardEvent,
    Opening,
    SaidWord,
    Talk,
    begin_talks,
    find_responses,
    note_opening,
    note_talk,
)
from tuyen_gateway.domain.rollups import Counted, Slot

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
TALK = Talk(
    id="c|2026-11",
    organization=OrganizationId("shop"),
    page_id=PageId("page"),
    month=datetime(2026, 11, 1, tzinfo=UTC),
)
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


def sum_up(added: dict[Slot, Counter[str]]) -> dict[tuple[object, ...], dict[str, int]]:
    return {(one.counted, f"{one.quarter:%H:%M}", *one.about): dict(n) for one, n in added.items()}


def test_o3_the_first_response_is_the_first_word_of_a_person_that_was_sent() -> None:
    opening, added = note_opening(BLANK, STORY)
    response = next(find_responses(opening))
    assert (response.agent_id, response.wait) == ("lan", timedelta(minutes=20))
    assert sum_up(added) == {
        (Counted.PAGE, "08:00", "page"): {"begun": 1},
        (Counted.PAGE, "08:15", "page"): {"first.1200": 1},
        (Counted.AGENT, "08:15", "lan"): {"first.1200": 1},
    }


LONG_STORY = (*STORY, echo(1500), request(2000, "lan", "again"), sent(2001, "again"), ask(2400))
"""The customer's second question is answered at the channel; Lan's second reply ends no wait, and
nobody answers the third question."""


def test_o3_every_wait_that_a_person_ended_is_a_response_the_first_one_too() -> None:
    talk, added = note_talk(TALK, LONG_STORY)
    assert [(one.agent_id, one.wait.total_seconds()) for one in find_responses(talk)] == [
        ("lan", 1200),
        (None, 100),
    ]
    assert sum_up(added) == {
        (Counted.PAGE, "08:15", "page"): {"response.1200": 1, "response.100": 1},
        (Counted.AGENT, "08:15", "lan"): {"response.1200": 1},
        (Counted.AGENT, "08:15", None): {"response.100": 1},
    }


def test_o3_a_wait_lasts_from_the_first_question_after_the_answer_before() -> None:
    words = [ask(0), echo(60), ask(100), ask(200), ask(300), echo(400), echo(500)]
    found = find_responses(note_talk(TALK, words)[0])
    assert [one.wait.total_seconds() for one in found] == [60, 300]


def test_o3_a_wait_over_the_turn_of_the_month_is_counted_once_when_it_ends() -> None:
    turn = datetime(2026, 11, 30, 23, tzinfo=UTC)
    words = [
        Heard("asked", SaidWord(at=turn, id="question")),
        Heard("said", SaidWord(at=turn + timedelta(hours=2), id="answer", by_person=True)),
    ]
    heard: dict[str, list[Heard]] = {}
    talks: dict[str, Talk] = {}
    for word in words:
        event = HeardEvent(ConversationId("c"), OrganizationId("shop"), PageId("page"), word)
        for talk in begin_talks(event):
            talks[talk.id] = talk
            heard.setdefault(talk.id, []).append(word)
    added = {id_: note_talk(talk, heard[id_])[1] for id_, talk in talks.items()}
    assert set(added) == {"c|2026-11", "c|2026-12"}
    assert added["c|2026-11"] == {}
    assert [dict(counts) for counts in added["c|2026-12"].values()] == [{"response.7200": 1}] * 2


def test_o3_that_a_request_was_sent_is_known_in_the_month_of_the_request() -> None:
    event = HeardEvent(
        ConversationId("c"),
        OrganizationId("shop"),
        PageId("page"),
        Heard("sent", SaidWord(at=datetime(2026, 12, 2, tzinfo=UTC), id="reply")),
    )
    assert [talk.id for talk in begin_talks(event)] == ["c|2026-11", "c|2026-12"]


@pytest.mark.parametrize("second", [0, 5, 45])
def test_o3_an_answer_at_once_is_a_programs(second: float) -> None:
    opening, _ = note_opening(BLANK, [ask(0), ask(40), echo(second)])
    assert list(find_responses(opening)) == []


def test_o3_what_is_written_at_the_channel_itself_is_a_response_of_nobody_known() -> None:
    [response] = find_responses(note_opening(BLANK, [ask(0), echo(5.5)])[0])
    assert response.agent_id is None


@given(
    order=st.permutations(range(len(LONG_STORY))),
    again=st.lists(st.integers(0, len(LONG_STORY) - 1), max_size=10),
    cut=st.integers(1, 5),
)
def test_o3_words_in_any_order_and_any_batches_count_the_same_once(
    order: list[int], again: list[int], cut: int
) -> None:
    opening, talk, total = BLANK, TALK, Counter[tuple[Slot, str]]()
    read = [*order, *again]
    for begin in range(0, len(read), cut):
        words = [LONG_STORY[n] for n in read[begin : begin + cut]]
        opening, of_opening = note_opening(opening, words)
        talk, of_talk = note_talk(talk, words)
        for added in (of_opening, of_talk):
            total.update(flatten(added))
    wholes = (note_opening(BLANK, LONG_STORY), note_talk(TALK, LONG_STORY))
    assert (opening, talk) == (wholes[0][0], wholes[1][0])
    counted = flatten(wholes[0][1]) + flatten(wholes[1][1])
    assert {place: number for place, number in total.items() if number} == counted


def flatten(added: dict[Slot, Counter[str]]) -> Counter[tuple[Slot, str]]:
    return Counter(
        {(slot, name): n for slot, counts in added.items() for name, n in counts.items()}
    )


class _Within:
    """As long as AUTOMATIC_WITHIN, and counts how often it is taken from a time."""

    def __init__(self) -> None:
        self.taken = 0

    def __rsub__(self, at: datetime) -> datetime:
        self.taken += 1
        return at - AUTOMATIC_WITHIN


def test_o3_r9_5_each_word_is_compared_with_the_customers_last_one_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    within = _Within()
    monkeypatch.setattr(responses, "AUTOMATIC_WITHIN", within)
    asked = tuple(ask(100 * number).word for number in range(500))
    said = tuple(echo(100 * number + 60).word for number in range(500))
    talk = replace(TALK, asked=asked, said=said)
    assert len(list(find_responses(talk))) == 500
    assert within.taken <= len(said)


def test_o3_a_long_conversation_keeps_only_its_beginning() -> None:
    words = [ask(second) for second in range(200)]
    opening, _ = note_opening(BLANK, reversed(words))
    assert [one.word for one in words[: len(opening.asked)]] == list(opening.asked)
    assert len(opening.asked) == 50
    assert note_opening(opening, [ask(300)])[0] == opening
