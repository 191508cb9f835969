"""Stage 2 of one partition: requests and draining, and the answers that result."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import pytest
from msgspec.structs import replace

from router.domain.inputs import COMMENT, ELSEWHERE, THREAD, request
from support.organizations import AT, shop
from tuyen_directory.candidates import narrow_to_offer
from tuyen_directory.organization_state import OrganizationState
from tuyen_directory.pools import Offer, Pool
from tuyen_events.routing import ChoiceRequested, Verdict
from tuyen_router.domain import queue_buckets
from tuyen_router.domain.dispatch_state import (
    AnswerRepeated,
    DispatchState,
    DispatchStep,
    RequestAnswered,
    apply_step,
)
from tuyen_router.domain.queue import drain, on_request


def fold_steps(state: DispatchState, steps: Iterable[DispatchStep]) -> list[DispatchStep]:
    """Applies steps one by one, and hands them back."""
    folded = []
    for step in steps:
        apply_step(state, step)
        folded.append(step)
    return folded


def ask(state: DispatchState, known: OrganizationState, offset: int, **fields: Any) -> Any:
    """The answer to a request, or None; a repeated answer alike."""
    asked = replace(request(offset, fields.pop("conversation", THREAD)), **fields)
    steps = fold_steps(state, on_request(state, known, AT, asked))
    said = [
        each.answer.choice for each in steps if isinstance(each, RequestAnswered | AnswerRepeated)
    ]
    return said[0] if said else None


def drain_steps(
    state: DispatchState, organization: OrganizationState, most: int = 1000
) -> Iterator[DispatchStep]:
    """The steps of a drain, one by one; each is to be applied before the next is taken."""
    return chain.from_iterable(drain(state, organization, AT, most))


def drain_all(state: DispatchState, organization: OrganizationState, most: int = 1000) -> list[Any]:
    """What waits is served: each request with the agent whom it got."""
    steps = fold_steps(state, drain_steps(state, organization, most))
    said = (each.answer.choice for each in steps if isinstance(each, RequestAnswered))
    return [(each.request_id, each.agent_id) for each in said]


def count_looks(monkeypatch: pytest.MonkeyPatch) -> list[Pool]:
    """The pools that are looked at from now on, each as often as it is: for a bucket or a
    request."""
    looks: list[Pool] = []

    def looking(pool: Pool, loads: Any, leavers: Any) -> Offer:
        looks.append(pool)
        return narrow_to_offer(pool, loads, leavers)

    monkeypatch.setattr(queue_buckets, "narrow_to_offer", looking)
    return looks


def from_elsewhere(asked: ChoiceRequested) -> ChoiceRequested:
    """The same request by partition 7, whose customer is not named."""
    return replace(
        asked,
        request_id=asked.request_id.replace("/3/", "/7/"),
        customer_id=ELSEWHERE,
        cause=replace(asked.cause, partition=7),
    )


def ask_for_root(
    state: DispatchState,
    offset: int,
    *,
    elsewhere: bool = False,
    online: str = "abc",
    **more: Any,
) -> list[Verdict]:
    """The root is delivered; `elsewhere` in the partition of an author who is not named."""
    asked: ChoiceRequested = request(offset, COMMENT, **more)
    if elsewhere:
        asked = from_elsewhere(asked)
    steps = fold_steps(state, on_request(state, shop(online=online), AT, asked))
    return [each.answer.choice.verdict for each in steps if isinstance(each, RequestAnswered)]
