"""R2: which of the candidates is chosen."""

from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from tuyen_events.ids import AgentId, EventId
from tuyen_events.vocabulary import Mode
from tuyen_router.domain.organization import Pool


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """A rule's place in its rotation: who was chosen last, and the pool's order at that moment.

    The order tells who comes next when the last one has been taken off the rule (R2.4).
    """

    last: AgentId
    order: tuple[AgentId, ...]


def choose(
    mode: Mode, pool: Pool, cursor: Cursor | None, seed: EventId
) -> tuple[AgentId, Cursor | None]:
    """One of the pool's candidates, and the rotation's place afterwards.

    The pool must have a candidate. A random choice moves no cursor: when the rule goes back to
    turns, it goes on where they stopped.
    """
    match mode:
        case Mode.RANDOM:
            return drawn(pool.candidates, seed), cursor
        case Mode.SEQUENTIAL | Mode.LEAST_LOADED:  # no rule can ask for the latter yet
            agent = next_in_turn(pool, cursor)
            return agent, Cursor(agent, pool.order)


def next_in_turn(pool: Pool, cursor: Cursor | None) -> AgentId:
    """R2.1: the first candidate in pool order after the one who was chosen last, wrapping round."""
    allowed = set(pool.candidates)
    start = 0 if cursor is None else _place_after(pool.order, cursor)
    for agent in (*pool.order[start:], *pool.order[:start]):
        if agent in allowed:
            return agent
    raise ValueError("the pool has no candidate")


def _place_after(order: Sequence[AgentId], cursor: Cursor) -> int:
    """Where the rotation goes on in `order` (R2.4).

    After the last one chosen; where that one is gone, at the next of the old order who is not.
    """
    place = {agent: index for index, agent in enumerate(order)}
    if cursor.last in place:
        return place[cursor.last] + 1
    gone = cursor.order.index(cursor.last)
    for agent in (*cursor.order[gone + 1 :], *cursor.order[:gone]):
        if agent in place:
            return place[agent]
    return 0


def drawn(candidates: Sequence[AgentId], seed: EventId) -> AgentId:
    """R2.2: uniform, and the same for the same event whenever the log is read again."""
    number = int.from_bytes(blake2b(seed.encode(), digest_size=16).digest())
    return candidates[number % len(candidates)]
