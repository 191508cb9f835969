"""What happens in a history: steps drawn one by one, each about what was said before it."""

import random

from faults.odd import ODD_BODIES, ODD_REQUESTS
from faults.tenants import AGENTS, CUSTOMERS, MANAGERS, TENANTS, Json, Tenant

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
    ("dismiss", 1),
    ("visit", 8),
    ("wander", 3),
    ("move", 0.3),
    ("bulk", 1),
    ("odd", 4),
    ("odd_request", 4),
)
_MESSAGES = ("message", "visit", "wander")
_DRAWS = [name for name, _ in _WEIGHTS]


class Drawing:
    """Draws steps; remembers what was said, so that later steps can be about it."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._said: list[Json] = []

    def draw(self, number: int, at: float) -> tuple[str, Json]:
        """The next step: what is done, and what it is about."""
        drawn = self._dice.choices(_DRAWS, [weight for _, weight in _WEIGHTS])[0]
        step: tuple[str, Json] = getattr(self, drawn)(number, at)
        return step

    def message(self, number: int, at: float) -> tuple[str, Json]:
        return self._webhook([self._said_by(number, at, "message")])

    def comment(self, number: int, at: float) -> tuple[str, Json]:
        return self._webhook([self._said_by(number, at, "comment")])

    def live_comment(self, number: int, at: float) -> tuple[str, Json]:
        return self._webhook([self._said_by(number, at, "live")])

    def reply(self, number: int, at: float) -> tuple[str, Json]:
        roots = [each for each in self._said if each["kind"] == "comment"]
        said = self._said_by(number, at, "comment")
        if roots and self._dice.random() < 0.8:
            root = self._dice.choice(roots)
            said |= {key: root[key] for key in ("tenant", "page")}
            said |= {"kind": "reply", "parent": root["id"]}
        else:  # one from before the page was connected (R4.5)
            said |= {"kind": "reply", "parent": f"before_{self._dice.randrange(20)}"}
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

    def visit(self, number: int, at: float) -> tuple[str, Json]:
        """A visitor of a site writes, and asks for a department, another one, or none (R3.7)."""
        tenant = self._dice.choice([each for each in TENANTS.values() if each.site])
        departments = [*tenant.departments, None]
        said = self._said_by(number, at, "visit", tenant)
        said |= {"page": tenant.site, "department": self._dice.choice(departments)}
        return self._webhook([said])

    def wander(self, number: int, at: float) -> tuple[str, Json]:
        """A message to the page that goes from one organization to another; whose it is by then
        nobody can say in advance."""
        said = self._said_by(number, at, "wander")
        self._said.remove(said)
        return "webhook", {"said": [said], "delay_s": 0.0, "again_s": None}

    def move(self, _: int, __: float) -> tuple[str, Json]:
        return "move", {"tenant": self._tenant().id}

    def odd(self, number: int, at: float) -> tuple[str, Json]:
        """A webhook with something that no channel should send, beside an ordinary message."""
        said = self._said_by(number, at, "message")
        customer = f"69{self._dice.randrange(CUSTOMERS):04d}"
        odd = {**said, "id": f"odd_{number}", "customer": customer}
        return "odd", {"which": self._dice.choice(ODD_BODIES), "odd": odd, "beside": said}

    def odd_request(self, _: int, __: float) -> tuple[str, Json]:
        return "odd_request", {
            "which": self._dice.choice(ODD_REQUESTS),
            "tenant": self._tenant().id,
            "by": self._dice.choice(AGENTS),
        }

    def bulk(self, number: int, _: float) -> tuple[str, Json]:
        """Many conversations of a page at once, or ids that nobody has."""
        dice, tenant = self._dice, self._tenant()
        some = {"filter": {"page": dice.choice(list(tenant.pages)), "done": False}}
        nowhere = {"ids": [f"con_{number}_{each}" for each in range(50)]}
        change = dice.choice(({"done": True}, {"assignee": dice.choice(AGENTS)}))
        chosen = some if dice.random() < 0.7 else nowhere
        by = dice.choice(MANAGERS)
        return "bulk", {"tenant": tenant.id, "by": by, "body": {**chosen, "set": change}}

    def forged(self, number: int, at: float) -> tuple[str, Json]:
        said = self._said_by(number, at, self._dice.choice(("message", "comment")))
        self._said.remove(said)
        do, given = self._webhook([said])
        return do, given | {"forged": True}

    def _said_by(
        self, number: int | str, at: float, kind: str, tenant: Tenant | None = None
    ) -> Json:
        tenant = tenant or self._tenant()
        page = self._dice.choice(list(tenant.pages))
        said = {
            "kind": kind,
            "tenant": tenant.id,
            "page": page,
            "customer": f"67{self._dice.randrange(CUSTOMERS):04d}",
            "id": f"{'m' if kind in _MESSAGES else 'c'}_{number}",
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
        known = [each for each in self._said if each["kind"] in ("message", "comment", "visit")]
        if not known:
            return {"tenant": "an", "external_id": "nothing-yet", "by": by}
        said = self._dice.choice(known[-80:])
        external_id = said["customer"] if said["kind"] in _MESSAGES else said["id"]
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

    def dismiss(self, _: int, __: float) -> tuple[str, Json]:
        """Somebody leaves for good, until they are hired again."""
        return "dismiss", {"tenant": self._tenant().id, "agent": self._dice.choice(AGENTS)}

    def agent(self, _: int, __: float) -> tuple[str, Json]:
        return "agent", {
            "tenant": self._tenant().id,
            "agent": self._dice.choice(AGENTS),
            "disabled": self._dice.random() < 0.4,
        }

    def _tenant(self) -> Tenant:
        return self._dice.choice(list(TENANTS.values()))
