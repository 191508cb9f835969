"""R2: which of the candidates is chosen: by the router for a conversation, by the CRM for a contact
that a warehouse distributes.

Decides R2.1, R2.2, R2.3, R2.4 and INV4.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Protocol, assert_never

import msgspec

from tuyen_events.ids import AgentId, EventId
from tuyen_events.vocabulary import Strategy


class TurnOrder(Protocol):
    """Members in the order in which they take turns; `places` has the index of each."""

    @property
    def order(self) -> tuple[AgentId, ...]: ...

    @property
    def places(self) -> Mapping[AgentId, int]: ...


class OnOffer(Protocol):
    """The members who may be chosen."""

    @property
    def pool(self) -> TurnOrder: ...

    @property
    def agents(self) -> Sequence[AgentId]:
        """In the order of the rotation."""
        ...

    def first_from(self, place: int) -> AgentId:
        """The first of them at or after that index of the order, wrapping round (R2.1). Raises
        ValueError when nobody is on offer."""
        ...

    def all_from(self, place: int) -> Sequence[AgentId]:
        """All of them, in rotation order from that index on."""
        ...


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """A rule's place in its rotation: who was chosen last, and the pool's order at that moment.

    The order determines who comes next when the agent chosen last has been removed from the rule
    (R2.4).
    """

    last: AgentId
    order: tuple[AgentId, ...] = ()


ORDER_MEMBERS = 4_000
"""How many members of a rule are stored in the cursor's order: twice as many as a rule may have."""


def effective_strategy(strategy: Strategy) -> Strategy:
    """The strategy by which `choose` chooses under a rule of this strategy: one that is known.

    A rule whose strategy this version does not know chooses in turn. The candidates are the same
    under every strategy (R1), so nobody is chosen who may not be, and no customer waits until the
    last worker of an earlier version has ended.
    """
    return strategy if strategy.is_known else Strategy.SEQUENTIAL


def choose(
    strategy: Strategy,
    offer: OnOffer,
    cursor: Cursor | None,
    seed: EventId,
    loads: Mapping[AgentId, int],
) -> tuple[AgentId, Cursor | None]:
    """Chooses one of the agents on offer; returns the agent and the rotation's cursor afterwards.

    At least one agent must be on offer. A strategy that does not choose in turn returns the cursor
    unchanged: when the rule is set back to `sequential`, the rotation continues where it stopped.
    """
    known = effective_strategy(strategy)
    match known:
        case Strategy.SEQUENTIAL:
            agent = choose_next(offer, cursor)
        case Strategy.LEAST_LOADED:
            agent = choose_least_loaded(offer, cursor, loads)
        case Strategy.RANDOM:
            return draw(offer.agents, seed), cursor
        case _:
            assert_never(known)
    return agent, Cursor(agent, offer.pool.order[:ORDER_MEMBERS])


def needs_loads(strategy: Strategy) -> bool:
    """Whether a choice depends on how many open conversations agents have (R2.3)."""
    known = effective_strategy(strategy)
    match known:
        case Strategy.LEAST_LOADED:
            return True
        case Strategy.SEQUENTIAL | Strategy.RANDOM:
            return False
        case _:
            assert_never(known)


def choose_next(offer: OnOffer, cursor: Cursor | None) -> AgentId:
    """R2.1: the first agent on offer, in pool order, after the agent chosen last, wrapping round.

    Raises ValueError when nobody is on offer.
    """
    return offer.first_from(_first_place(offer, cursor))


def choose_least_loaded(
    offer: OnOffer, cursor: Cursor | None, loads: Mapping[AgentId, int]
) -> AgentId:
    """R2.3: who has the fewest open conversations; of several, the one who is next in turn."""
    in_turn = offer.all_from(_first_place(offer, cursor))
    return min(in_turn, key=lambda agent: loads.get(agent, 0))


def _first_place(offer: OnOffer, cursor: Cursor | None) -> int:
    """The index in the pool's order at which the search for the next turn starts."""
    return 0 if cursor is None else _place_after(offer.pool, cursor)


def _place_after(pool: TurnOrder, cursor: Cursor) -> int:
    """The index in the pool's order at which the rotation continues (R2.4).

    That is after the agent chosen last. If that agent has been removed, it is the next agent of the
    old order who is still a member. If the agent was beyond the stored part of the order, it is the
    first member.
    """
    place = pool.places.get(cursor.last)
    if place is not None:
        return place + 1
    if cursor.last not in cursor.order:
        return 0
    gone = cursor.order.index(cursor.last)
    for agent in (*cursor.order[gone + 1 :], *cursor.order[:gone]):
        if agent in pool.places:
            return pool.places[agent]
    return 0


def draw(candidates: Sequence[AgentId], seed: EventId) -> AgentId:
    """R2.2: uniform, and the same choice for the same event whenever the log is read again."""
    number = int.from_bytes(blake2b(seed.encode(), digest_size=16).digest())
    return candidates[number % len(candidates)]
