"""R4: every root comment for itself."""

from typing import Any

import pytest

from router.domain.inputs import (
    COMMENT,
    THREAD,
    A,
    answer,
    arrival,
    at,
    request,
)
from router.domain.outcomes import (
    fold,
    records,
    requests,
)
from support.organizations import (
    shop,
)
from tuyen_events.routing import Purpose, Verdict
from tuyen_events.vocabulary import Reason
from tuyen_router.domain.choice_results import on_answer
from tuyen_router.domain.decisions import Decision
from tuyen_router.domain.rotating import on_root_comment
from tuyen_router.domain.state import CustomerState
from tuyen_router.domain.sticky import on_sticky_event


def _comes(partition: CustomerState, offset: int, *args: Any, **given: Any) -> list[Decision]:
    comment = arrival(offset, COMMENT, *args)
    return fold(partition, on_root_comment(partition, shop(**given), comment))


def test_r4_1_a_new_root_comment_asks_whoever_has_its_author() -> None:
    partition = CustomerState(3)
    fold(partition, on_sticky_event(partition, shop(), arrival(0, THREAD)))
    chosen = answer(request(0), Verdict.CHOSEN, A)
    fold(partition, on_answer(partition, chosen, at("answers", 0)))
    assert requests(_comes(partition, 1)) == [("inbound/3/1", Purpose.FIRST)]


def test_r4_1_a_comment_is_the_chosen_agents() -> None:
    partition = CustomerState(3)
    _comes(partition, 0)
    chosen = answer(request(0, COMMENT), Verdict.CHOSEN, A)
    decisions = fold(partition, on_answer(partition, chosen, at("answers", 0)))
    assert records(decisions) == [(COMMENT, A, Reason.ROTATION)]


@pytest.mark.parametrize("again", [0, 1])
def test_r4_2_nothing_is_asked_again_when_its_agent_is_offline(again: int) -> None:
    """Neither by a replay (the same offset) nor by the same comment at another offset."""
    partition = CustomerState(3)
    _comes(partition, 0)
    chosen = answer(request(0, COMMENT), Verdict.CHOSEN, A)
    fold(partition, on_answer(partition, chosen, at("answers", 0)))
    assert requests(_comes(partition, again, "new", auto_reassign=True, online="b")) == []


@pytest.mark.parametrize(
    "given", [{"assignment": False}, {"auto_assign": False}, {"suspended": True}]
)
def test_r4_1_nobody_is_asked_for_while_rules_do_not_assign(given: dict[str, Any]) -> None:
    assert requests(_comes(CustomerState(3), 0, **given)) == []


def test_r9_2_a_repeated_webhook_asks_nothing_and_a_replay_the_same() -> None:
    partition = CustomerState(3)
    asked = requests(_comes(partition, 0))
    assert _comes(partition, 1, "0") == []
    assert requests(_comes(partition, 0)) == asked


def test_r9_2_a_replay_that_the_ring_has_forgotten_saves_nothing() -> None:
    """An older offset must not be stored after newer ones in the ring."""
    partition = CustomerState(3)
    asked = requests(_comes(partition, 0))
    for offset in range(1, 18):
        fold(partition, on_sticky_event(partition, shop(), arrival(offset, THREAD)))
    before = partition.customer(arrival(0).conversation.customer_id).seen
    assert requests(_comes(partition, 0)) == asked
    assert partition.customer(arrival(0).conversation.customer_id).seen == before
