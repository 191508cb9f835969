"""A history and its faults, drawn from a seed before anything runs: the same seed, the same plan.

A plan is a list of steps, each with the second at which it is due; what a step is about stands in
`given`, in plain JSON, so that a plan can be stored, read and cut.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

PACE_PER_S = 12.0
FAULT_EVERY_S = 2.5
"""The short run's; a longer one has the same density."""

CUSTOMERS = 30
"""Of each page."""
AGENTS = ("nv1", "nv2", "nv3", "nv4", "nv5")
MANAGERS = ("admin", "truong")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """An organization of the history. `steady`: its settings never stop it from assigning by
    itself and from queueing, so that whatever comes must end with somebody or in the queue."""

    id: str
    pages: Mapping[str, str]
    """Page id to its id at Facebook."""
    rules: Mapping[str, Json]
    steady: bool


TENANTS: Mapping[str, Tenant] = {
    each.id: each
    for each in (
        Tenant(
            id="an",
            pages={"an-1": "104000000000011", "an-2": "104000000000012"},
            rules={
                "chung": {"pages": None, "members": []},
                "trang-1": {"pages": ["an-1"], "members": ["nv1", "nv2", "nv3"]},
            },
            steady=True,
        ),
        Tenant(
            id="binh",
            pages={"binh-1": "104000000000021", "binh-2": "104000000000022"},
            rules={
                "chung": {"pages": None, "members": ["nv5", "nv4", "nv3", "nv2", "nv1"]},
                "trang-2": {"pages": ["binh-2"], "members": ["nv2", "nv4"], "mode": "random"},
            },
            steady=False,
        ),
    )
}


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
"""What is done to what. All of them come before any comes again."""


def drawn(seed: int, seconds: float) -> list[Step]:
    """The plan of a seed, in the order of time; `seconds` is how long the history lasts."""
    steps = [*_history(random.Random(f"{seed}/history"), seconds)]  # noqa: S311 - a test's dice
    steps += _faults(random.Random(f"{seed}/faults"), seconds)  # noqa: S311 - a test's dice
    return sorted(steps, key=lambda step: step.at)


def _history(dice: random.Random, seconds: float) -> Iterator[Step]:
    drawing = _Drawing(dice)
    for number in range(int(seconds * PACE_PER_S)):
        at = (number + dice.random()) / PACE_PER_S
        draw = dice.choices(_DRAWS, [weight for _, weight in _WEIGHTS])[0]
        yield Step(round(at, 3), *getattr(drawing, draw)(number, at))


def _faults(dice: random.Random, seconds: float) -> Iterator[Step]:
    # The last ones have to have ended for the history to see them through.
    deck: list[tuple[str, str]] = []
    at = 1.0
    every = min(FAULT_EVERY_S, 0.95 * seconds / len(FAULTS))
    while at < seconds:
        if not deck:
            deck = dice.sample(FAULTS, len(FAULTS))
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


_WEIGHTS = (
    ("message", 40),
    ("comment", 20),
    ("reply", 7),
    ("live_comment", 8),
    ("broadcast", 1),
    ("batch", 4),
    ("forged", 3),
    ("presence", 7),
    ("assign", 9),
    ("take", 3),
    ("handover", 1),
    ("read", 6),
    ("done", 5),
    ("settings", 2),
    ("rule", 3),
    ("staff", 1),
    ("agent", 1),
)
_DRAWS = [name for name, _ in _WEIGHTS]


class _Drawing:
    """Draws steps; remembers what was said, so that later steps can be about it."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._said: list[Json] = []

    def message(self, number: int, at: float) -> tuple[str, Json]:
        return self._webhook([self._said_by(number, at, "message")])

    def comment(self, number: int, at: float) -> tuple[str, Json]:
        return self._webhook([self._said_by(number, at, "comment")])

    def live_comment(self, number: int, at: float) -> tuple[str, Json]:
        return self._webhook([self._said_by(number, at, "live")])

    def reply(self, number: int, at: float) -> tuple[str, Json]:
        roots = [each for each in self._said if each["kind"] == "comment"]
        said = self._said_by(number, at, "comment")
        if roots:
            root = self._dice.choice(roots)
            said |= {key: root[key] for key in ("tenant", "page")}
            said |= {"kind": "reply", "parent": root["id"]}
        return self._webhook([said])

    def broadcast(self, number: int, at: float) -> tuple[str, Json]:
        """A page goes live, or says so again: what comes before it is an ordinary comment."""
        said = self._said_by(number, at, "broadcast")
        self._said.remove(said)
        return self._webhook([said])

    def batch(self, number: int, at: float) -> tuple[str, Json]:
        """One webhook with several updates, of several pages and organizations."""
        kinds = self._dice.choices(("message", "comment", "live"), k=self._dice.randint(2, 6))
        return self._webhook(
            [self._said_by(f"{number}-{part}", at, kind) for part, kind in enumerate(kinds)]
        )

    def forged(self, number: int, at: float) -> tuple[str, Json]:
        said = self._said_by(number, at, self._dice.choice(("message", "comment")))
        self._said.remove(said)
        do, given = self._webhook([said])
        return do, given | {"forged": True}

    def _said_by(self, number: int | str, at: float, kind: str) -> Json:
        tenant = self._tenant()
        page = self._dice.choice(list(tenant.pages))
        said = {
            "kind": kind,
            "tenant": tenant.id,
            "page": page,
            "customer": f"67{self._dice.randrange(CUSTOMERS):04d}",
            "id": f"{'m' if kind == 'message' else 'c'}_{number}",
            "ms": int(at * 1000),
        }
        self._said.append(said)
        return said

    def _webhook(self, said: list[Json]) -> tuple[str, Json]:
        """Some come late, so that others overtake them; some come twice."""
        dice = self._dice
        return "webhook", {
            "said": said,
            "delay_s": round(dice.uniform(0.2, 6), 2) if dice.random() < 0.2 else 0.0,
            "again_s": round(dice.uniform(0, 8), 2) if dice.random() < 0.2 else None,
        }

    def presence(self, _: int, __: float) -> tuple[str, Json]:
        status = self._dice.choices(("online", "away", "offline"), (6, 1, 3))[0]
        return "presence", {
            "tenant": self._tenant().id,
            "agent": self._dice.choice(AGENTS),
            "status": status,
        }

    def assign(self, _: int, __: float) -> tuple[str, Json]:
        return "assign", self._about() | {
            "agent": self._dice.choice([*AGENTS, None]),
            "expect": self._dice.choice(("anything", "present", "passed")),
        }

    def take(self, _: int, __: float) -> tuple[str, Json]:
        """Some agents at once."""
        takers = self._dice.sample(AGENTS, self._dice.randint(1, 3))
        return "take", self._about() | {"takers": takers}

    def handover(self, _: int, __: float) -> tuple[str, Json]:
        agent, to = self._dice.sample(AGENTS, 2)
        return "handover", {
            "tenant": self._tenant().id,
            "agent": agent,
            "to": self._dice.choice((to, None)),
            "by": self._dice.choice(MANAGERS),
        }

    def read(self, _: int, __: float) -> tuple[str, Json]:
        mark = self._dice.choices(("read", "unread"), (4, 1))[0]
        return "mark", self._about() | {"by": self._dice.choice(AGENTS), "mark": mark}

    def done(self, _: int, __: float) -> tuple[str, Json]:
        return "done", self._about() | {"done": self._dice.random() < 0.8}

    def _about(self) -> Json:
        """A conversation, by what was said in it, and a manager."""
        by = self._dice.choice(MANAGERS)
        known = [each for each in self._said if each["kind"] in ("message", "comment")]
        if not known:
            return {"tenant": "an", "external_id": "nothing-yet", "by": by}
        said = self._dice.choice(known[-80:])
        external_id = said["customer"] if said["kind"] == "message" else said["id"]
        return {
            "tenant": said["tenant"],
            "page": said["page"],
            "external_id": external_id,
            "by": by,
        }

    def settings(self, _: int, __: float) -> tuple[str, Json]:
        dice, tenant = self._dice, self._tenant()
        change: Json = {
            "auto_reassign": dice.random() < 0.5,
            "take_unassigned": dice.random() < 0.7,
            "visibility": dice.choice(("everyone", "own_and_unassigned", "own_only")),
        }
        if not tenant.steady:
            automatic = dice.random() < 0.8
            change |= {
                "auto_assign": automatic,
                "auto_reassign": automatic and change["auto_reassign"],
                "when_nobody": dice.choice(("queue", "queue", "leave_unassigned")),
                "page_permissions": dice.random() < 0.3,
            }
        return "settings", {"tenant": tenant.id, "change": change}

    def rule(self, _: int, __: float) -> tuple[str, Json]:
        dice, tenant = self._dice, self._tenant()
        rule = dice.choice(list(tenant.rules))
        members = [
            {"agent_id": agent, "capabilities": None}
            | ({"capabilities": ["facebook_comment"]} if dice.random() < 0.15 else {})
            | ({"capacity": dice.randint(3, 12)} if dice.random() < 0.1 else {})
            for agent in dice.sample(AGENTS, dice.randint(2, len(AGENTS)))
        ]
        change = {
            "enabled": rule == "chung" or dice.random() < 0.8,
            "mode": dice.choices(("sequential", "random", "least_loaded"), (8, 2, 1))[0],
            "applies_to": "online" if dice.random() < 0.85 else "all",
            "members": [] if dice.random() < 0.15 else members,
        }
        return "rule", {"tenant": tenant.id, "rule": rule, "change": change}

    def staff(self, _: int, __: float) -> tuple[str, Json]:
        tenant = self._tenant()
        return "page", {
            "tenant": tenant.id,
            "page": self._dice.choice(list(tenant.pages)),
            "staff": self._dice.sample(AGENTS, self._dice.randint(2, len(AGENTS))),
        }

    def agent(self, _: int, __: float) -> tuple[str, Json]:
        return "agent", {
            "tenant": self._tenant().id,
            "agent": self._dice.choice(AGENTS),
            "disabled": self._dice.random() < 0.4,
        }

    def _tenant(self) -> Tenant:
        return self._dice.choice(list(TENANTS.values()))
