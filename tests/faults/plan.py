"""A history and its faults, drawn from a seed before anything runs: the same seed, the same plan.

A plan is a list of steps, each with the second at which it is due; what a step is about is in
`given`, in plain JSON, so that a plan can be stored, read and cut.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from faults.drawing_contacts import DrawingContacts
from faults.drawing_replies import DrawingReplies
from faults.history import Drawing
from faults.tenants import CHANNELS, Json

PACE_PER_S = 12.0
FAULT_EVERY_S = 2.5
"""The short run's; a longer one has the same density."""
REPLIES_PER_S = 1.2
"""Steps of customers who write through the channel doubles, and of agents who answer them."""
CONTACTS_PER_S = 1.0
"""Steps of managers and agents who work with contacts."""
OUTBOUND_FAULT_EVERY_S = 4.0
REBUILD_AT = 0.6
"""When the views are dropped and made again while all goes on, as a part of the history."""


@dataclass(frozen=True, slots=True)
class Step:
    at: float
    """Seconds from the beginning."""
    do: str
    given: Json


KILLABLE = ("ingest", "router", "presence", "crm", "gateway")
FAULTS: Sequence[tuple[str, str]] = (
    *(("kill", each) for each in KILLABLE),
    ("kill", "router"),
    *(("terminate", each) for each in KILLABLE),
    *(("freeze", each) for each in KILLABLE),
    ("freeze", "router"),
    ("add worker", "router"),
    ("take worker away", "router"),
    ("lose worker", "router"),
    *((what, store) for what in ("kill", "restart") for store in ("kafka", "mongodb")),
    *(
        (what, f"{service}/kafka")
        for what in ("slow", "cut", "deafen")
        for service in ("router", "any")
    ),
    ("cut off", "router/kafka"),
    ("cut off", "any/kafka"),
    *((what, "any/mongodb") for what in ("slow", "cut", "deafen")),
    *(("set clock", service) for service in ("gateway", "presence", "router", "ingest")),
)
"""What is done to what. Each is used once before any is used again."""
OUTBOUND_FAULTS: Sequence[tuple[str, str]] = (
    *((what, "outbound") for what in ("kill", "terminate", "freeze", "kill call")),
    ("cut off", "outbound/kafka"),
    ("set clock", "outbound"),
    *(
        (what, channel)
        for what in (
            "lose answers",
            "lose answers and echoes",
            "break",
            "refuse",
            "throttle",
            "kill token",
        )
        for channel in CHANNELS
    ),
)
"""The same for who sends replies, and for the channels that are called."""
_PAUSED_S = 70.0
"""Zalo's throttling pauses all accounts for a minute: a short history would end in it."""
_LATE_S = 12.0
"""What a sender left undone is done by another one when the session of the first is over."""


def is_of_channel(fault: Json) -> bool:
    """Whether a fault is one of `ChannelFaults`: it begins with how a channel answers."""
    return fault["target"] in CHANNELS or fault["what"] == "kill call"


def draw_plan(seed: int, seconds: float) -> list[Step]:
    """The plan of a seed, in the order of time; `seconds` is how long the history lasts."""
    steps = [
        *_history(_dice(seed, "history"), seconds),
        *_replies(_dice(seed, "replies"), seconds),
        *_contacts(_dice(seed, "contacts"), seconds),
    ]
    steps += _faults(_dice(seed, "faults"), FAULTS, FAULT_EVERY_S, seconds)
    steps += _outbound_faults(_dice(seed, "outbound faults"), seconds)
    return sorted(steps, key=lambda step: step.at)


def _dice(seed: int, of: str) -> random.Random:
    """Of one part of a plan: what is added to another part changes nothing in it."""
    return random.Random(f"{seed}/{of}")  # noqa: S311 - a test's dice


def _history(dice: random.Random, seconds: float) -> Iterator[Step]:
    drawing = Drawing(dice)
    for number in range(int(seconds * PACE_PER_S)):
        at = (number + dice.random()) / PACE_PER_S
        yield Step(round(at, 3), *drawing.draw(number, at))
    yield Step(round(seconds * REBUILD_AT, 3), "rebuild", {})


def _replies(dice: random.Random, seconds: float) -> Iterator[Step]:
    drawing = DrawingReplies(dice)
    for number in range(int(seconds * REPLIES_PER_S)):
        at = (number + dice.random()) / REPLIES_PER_S
        yield Step(round(at, 3), *drawing.draw(number, at))


def _contacts(dice: random.Random, seconds: float) -> Iterator[Step]:
    drawing = DrawingContacts(dice)
    for number in range(int(seconds * CONTACTS_PER_S)):
        at = (number + dice.random()) / CONTACTS_PER_S
        yield Step(round(at, 3), *drawing.draw(number, at))


def _outbound_faults(dice: random.Random, seconds: float) -> Iterator[Step]:
    for step in _faults(dice, OUTBOUND_FAULTS, OUTBOUND_FAULT_EVERY_S, seconds - _LATE_S):
        pauses = (step.given["what"], step.given["target"]) == ("throttle", "zalo")
        if not pauses or step.at < seconds - _PAUSED_S:
            yield step


def _faults(
    dice: random.Random, kinds: Sequence[tuple[str, str]], every_s: float, seconds: float
) -> Iterator[Step]:
    # The last ones have to have ended for the history to see them through.
    deck: list[tuple[str, str]] = []
    at = 1.0
    every = min(every_s, 0.95 * seconds / len(kinds))
    while at < seconds:
        if not deck:
            deck = dice.sample(kinds, len(kinds))
        what, target = deck.pop()
        given = {
            "what": what,
            "target": target,
            "which": dice.random(),
            "lasts_s": round(_lasts_s(dice, what, target), 2),
            "amount": round(dice.uniform(0.05, 1.0), 3),
        }
        yield Step(round(at, 3), "fault", given)
        at += every * dice.uniform(0.5, 1.5)


def _lasts_s(dice: random.Random, what: str, target: str) -> float:
    """Longer than the session timeout where a process is to lose its share by it."""
    match what:
        case "freeze":
            return dice.uniform(7, 9) if target == "router" else dice.uniform(10.5, 13)
        case "cut off":
            return dice.uniform(7, 12)
        case "kill" | "restart" if target in ("kafka", "mongodb"):
            return dice.uniform(0.2, 3)
        case _:
            return dice.uniform(1, 6)
