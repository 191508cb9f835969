"""O3: the first response of a conversation, however its messages are read."""

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
    ConversationMessage,
    ConversationMonth,
    ConversationStart,
    ListedMessage,
    TimedMessage,
    begin_months,
    count_month,
    count_start,
    find_responses,
)
from tuyen_gateway.domain.rollups import Counted, Slot

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
MONTH = ConversationMonth(
    id="c|2026-11",
    organization=OrganizationId("shop"),
    page_id=PageId("page"),
    month=datetime(2026, 11, 1, tzinfo=UTC),
)
BLANK = ConversationStart(
    id=ConversationId("c"), organization=OrganizationId("shop"), page_id=PageId("page")
)


def ask(second: float) -> ListedMessage:
    return ListedMessage("incoming", _message(second, f"in-{second}"))


def request(second: float, agent: str, name: str) -> ListedMessage:
    message = TimedMessage(
        at=START + timedelta(seconds=second),
        id=name,
        agent_id=AgentId(agent),
        requested=True,
        by_person=True,
    )
    return ListedMessage("outgoing", message)


def sent(second: float, name: str) -> ListedMessage:
    return ListedMessage("sent", _message(second, name))


def echo(second: float) -> ListedMessage:
    return ListedMessage("outgoing", _message(second, f"echo-{second}"))


def _message(second: float, name: str) -> TimedMessage:
    return TimedMessage(at=START + timedelta(seconds=second), id=name)


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


def test_o3_the_first_response_is_the_first_message_of_a_person_that_was_sent() -> None:
    start, added = count_start(BLANK, STORY)
    response = next(find_responses(start))
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
    month, added = count_month(MONTH, LONG_STORY)
    assert [(one.agent_id, one.wait.total_seconds()) for one in find_responses(month)] == [
        ("lan", 1200),
        (None, 100),
    ]
    assert sum_up(added) == {
        (Counted.PAGE, "08:15", "page"): {"response.1200": 1, "response.100": 1},
        (Counted.AGENT, "08:15", "lan"): {"response.1200": 1},
        (Counted.AGENT, "08:15", None): {"response.100": 1},
    }


def test_o3_a_wait_lasts_from_the_first_question_after_the_answer_before() -> None:
    messages = [ask(0), echo(60), ask(100), ask(200), ask(300), echo(400), echo(500)]
    found = find_responses(count_month(MONTH, messages)[0])
    assert [one.wait.total_seconds() for one in found] == [60, 300]


def test_o3_a_wait_over_the_turn_of_the_month_is_counted_once_when_it_ends() -> None:
    turn = datetime(2026, 11, 30, 23, tzinfo=UTC)
    messages = [
        ListedMessage("incoming", TimedMessage(at=turn, id="question")),
        ListedMessage(
            "outgoing", TimedMessage(at=turn + timedelta(hours=2), id="answer", by_person=True)
        ),
    ]
    listed: dict[str, list[ListedMessage]] = {}
    months: dict[str, ConversationMonth] = {}
    for message in messages:
        event = ConversationMessage(
            ConversationId("c"), OrganizationId("shop"), PageId("page"), message
        )
        for month in begin_months(event):
            months[month.id] = month
            listed.setdefault(month.id, []).append(message)
    added = {id_: count_month(month, listed[id_])[1] for id_, month in months.items()}
    assert set(added) == {"c|2026-11", "c|2026-12"}
    assert added["c|2026-11"] == {}
    assert [dict(counts) for counts in added["c|2026-12"].values()] == [{"response.7200": 1}] * 2


def test_o3_that_a_request_was_sent_is_known_in_the_month_of_the_request() -> None:
    event = ConversationMessage(
        ConversationId("c"),
        OrganizationId("shop"),
        PageId("page"),
        ListedMessage("sent", TimedMessage(at=datetime(2026, 12, 2, tzinfo=UTC), id="reply")),
    )
    assert [month.id for month in begin_months(event)] == ["c|2026-11", "c|2026-12"]


@pytest.mark.parametrize("second", [0, 5, 45])
def test_o3_an_answer_at_once_is_a_programs(second: float) -> None:
    start, _ = count_start(BLANK, [ask(0), ask(40), echo(second)])
    assert list(find_responses(start)) == []


def test_o3_what_is_written_at_the_channel_itself_is_a_response_of_nobody_known() -> None:
    [response] = find_responses(count_start(BLANK, [ask(0), echo(5.5)])[0])
    assert response.agent_id is None


@given(
    order=st.permutations(range(len(LONG_STORY))),
    again=st.lists(st.integers(0, len(LONG_STORY) - 1), max_size=10),
    cut=st.integers(1, 5),
)
def test_o3_messages_in_any_order_and_any_batches_count_the_same_once(
    order: list[int], again: list[int], cut: int
) -> None:
    start, month, total = BLANK, MONTH, Counter[tuple[Slot, str]]()
    read = [*order, *again]
    for begin in range(0, len(read), cut):
        messages = [LONG_STORY[n] for n in read[begin : begin + cut]]
        start, of_start = count_start(start, messages)
        month, of_month = count_month(month, messages)
        for added in (of_start, of_month):
            total.update(flatten(added))
    wholes = (count_start(BLANK, LONG_STORY), count_month(MONTH, LONG_STORY))
    assert (start, month) == (wholes[0][0], wholes[1][0])
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


def test_o3_r9_5_each_message_is_compared_with_the_customers_last_one_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    within = _Within()
    monkeypatch.setattr(responses, "AUTOMATIC_WITHIN", within)
    incoming = tuple(ask(100 * number).message for number in range(500))
    outgoing = tuple(echo(100 * number + 60).message for number in range(500))
    month = replace(MONTH, incoming=incoming, outgoing=outgoing)
    assert len(list(find_responses(month))) == 500
    assert within.taken <= len(outgoing)


def test_o3_a_long_conversation_keeps_only_its_beginning() -> None:
    messages = [ask(second) for second in range(200)]
    start, _ = count_start(BLANK, reversed(messages))
    assert [one.message for one in messages[: len(start.incoming)]] == list(start.incoming)
    assert len(start.incoming) == 50
    assert count_start(start, [ask(300)])[0] == start
