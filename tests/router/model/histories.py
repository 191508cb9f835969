"""Random histories of a shop: what may happen to it, and how often."""

from collections.abc import Callable
from random import Random

from router.model import commands, directory, inbound
from router.model.candidates import ModelOrganization
from router.model.history import History
from router.model.model import Model
from router.model.simulation import Simulation
from router.model.world import PARTITIONS, first_world, organization_of

WEIGHTS = {
    "write": 60,
    "again": 5,
    "remove": 4,
    "own": 2,
    "take_back": 8,
    "assign": 8,
    "take": 3,
    "hand_over": 5,
    "done": 8,
    "presence": 14,
    "crowd": 4,
    "agent": 4,
    "settings": 4,
    "on": 4,
    "page": 2,
    "group": 2,
    "rule": 6,
    "reply": 0,
}
REPLIES = {
    **dict.fromkeys(WEIGHTS, 2),
    "reply": 40,
    "take_back": 30,
    "write": 10,
    "own": 5,
    "assign": 8,
    "crowd": 6,
    "presence": 4,
}
"""Threads below roots of which nobody was to answer them, mostly while nobody is there."""
_ACTIONS: dict[str, Callable[[History], None]] = {
    "write": inbound.write,
    "again": inbound.again,
    "remove": inbound.remove,
    "own": inbound.own,
    "take_back": inbound.take_back,
    "assign": commands.assign,
    "take": commands.take,
    "hand_over": commands.hand_over,
    "done": commands.done,
    "presence": directory.presence,
    "crowd": directory.crowd,
    "agent": directory.agent,
    "settings": directory.settings,
    "on": directory.on,
    "page": directory.page,
    "group": directory.group,
    "rule": directory.rule,
    "reply": inbound.reply,
}


def begin(seed: int, *, with_model: bool) -> History:
    """A shop on its first morning."""
    world = first_world()
    simulation = Simulation(PARTITIONS, [organization_of(world)])
    model = Model(ModelOrganization(world)) if with_model else None
    random = Random(seed)  # noqa: S311  # histories must repeat, not surprise
    return History(random, simulation, world, model, counts_loads=seed % 2 == 1)


def happen(history: History, weights: dict[str, int]) -> None:
    """One thing of chance; `weights` says how likely each kind is."""
    (kind,) = history.random.choices(list(weights), list(weights.values()))
    _ACTIONS[kind](history)
