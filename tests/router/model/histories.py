"""Random histories of a shop: what may happen to it, to the router and to the model alike."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from router.model.model import Model
from router.model.simulation import START, Simulation
from tuyen_events.assignments import AssignmentEvent
from tuyen_events.codec import encode
from tuyen_events.commands import AssignConversation, MarkConversationDone
from tuyen_events.directory import (
    AgentChanged,
    Member,
    PageChanged,
    RuleChanged,
    SettingsChanged,
)
from tuyen_events.event import Envelope, Event
from tuyen_events.ids import (
    AgentId,
    ConversationId,
    CustomerId,
    MessageId,
    OrganizationId,
    PageId,
    RuleId,
    event_id,
)
from tuyen_events.inbound import CommentAdded, Customer, MessageReceived
from tuyen_events.topics import ASSIGNMENTS, COMMANDS, INBOUND
from tuyen_events.vocabulary import (
    AppliesTo,
    Capability,
    Channel,
    ConversationKind,
    Mode,
    Presence,
    Role,
    WhenNobody,
)
from tuyen_router.chunks.outbox import OutRecord
from tuyen_router.domain.organization import Organization

SHOP = OrganizationId("shop")
AGENTS = ("an", "binh", "chi", "dung")
PAGES = ("page-1", "page-2")
PARTITIONS = (3, 7)
CUSTOMERS = {f"{page}-c{number}": page for page in PAGES for number in range(3)}

World = dict[str, Any]


def first_world() -> World:
    """Two pages, one default rule that turns among all four agents, of whom three are there."""
    agents = {name: {"role": "agent", "disabled": False, "presence": "online"} for name in AGENTS}
    agents["dung"]["presence"] = "offline"
    agents["chi"]["role"] = "sales_manager"
    rule = {"enabled": True, "mode": "sequential", "applies_to": "online", "pages": None}
    return {
        "settings": {
            "assignment": True,
            "auto_assign": True,
            "auto_reassign": False,
            "page_permissions": False,
            "when_nobody": "queue",
        },
        "suspended": False,
        "support_team": ["binh", "an"],
        "agents": agents,
        "pages": {page: {"staff": list(AGENTS)} for page in PAGES},
        "rules": {"r1": {**rule, "members": [(name, None) for name in AGENTS]}},
    }


def organization_of(world: World) -> Organization:
    """The world as the router's copies have it."""
    settings = {**world["settings"], "when_nobody": WhenNobody(world["settings"]["when_nobody"])}
    return Organization(
        SHOP,
        SettingsChanged(organization=SHOP, at=START, **settings),
        suspended=world["suspended"],
        agents={
            AgentId(name): AgentChanged(
                organization=SHOP,
                at=START,
                id=AgentId(name),
                name=name,
                username=name,
                role=Role(agent["role"]),
                disabled=agent["disabled"],
            )
            for name, agent in world["agents"].items()
        },
        pages={
            PageId(name): PageChanged(
                organization=SHOP,
                at=START,
                id=PageId(name),
                channel=Channel.FACEBOOK,
                external_id=name,
                name=name,
                staff=tuple(map(AgentId, page["staff"])),
            )
            for name, page in world["pages"].items()
        },
        rules={RuleId(name): _rule(name, rule) for name, rule in world["rules"].items()},
        support_team=tuple(map(AgentId, world["support_team"])),
        presence={
            AgentId(name): Presence(agent["presence"]) for name, agent in world["agents"].items()
        },
    )


def _rule(name: str, rule: dict[str, Any]) -> RuleChanged:
    members = (
        Member(
            agent_id=AgentId(agent),
            capabilities=None if able is None else tuple(map(Capability, able)),
        )
        for agent, able in rule["members"]
    )
    return RuleChanged(
        organization=SHOP,
        at=START,
        id=RuleId(name),
        name=name,
        enabled=rule["enabled"],
        mode=Mode(rule["mode"]),
        applies_to=AppliesTo(rule["applies_to"]),
        pages=None if rule["pages"] is None else tuple(map(PageId, rule["pages"])),
        members=tuple(members),
    )


@dataclass(frozen=True)
class Thread:
    """A conversation that somebody began."""

    id: str
    kind: str
    customer: str

    @property
    def page(self) -> str:
        return CUSTOMERS[self.customer]

    @property
    def partition(self) -> int:
        return PARTITIONS[sum(map(ord, self.customer)) % len(PARTITIONS)]


@dataclass
class History:
    """Draws what happens next, and tells the router's log and, if there is one, the model."""

    random: Random
    simulation: Simulation
    world: World
    model: Model | None = None
    threads: dict[str, Thread] = field(default_factory=dict)
    told: list[tuple[Thread, str, Event]] = field(default_factory=list)
    """Inbound events with their ids, to be told again."""
    count: int = 0
    log: list[str] = field(default_factory=list)

    def happen(self, weights: dict[str, int]) -> None:
        """One thing of chance; `weights` says how likely each kind is."""
        (kind,) = self.random.choices(list(weights), list(weights.values()))
        _ACTIONS[kind](self)

    # Inbound.

    def write(self) -> None:
        customer = self.random.choice(list(CUSTOMERS))
        kind = self.random.choice(["message", "message", "livestream", "comment", "reply"])
        if kind == "message":
            self._write(Thread(f"m-{customer}", "message", customer), "message")
        elif kind == "livestream":
            video = self.random.choice("xy")
            self._write(Thread(f"l-{customer}-{video}", "livestream", customer), "livestream")
        elif kind == "comment":
            self._write(Thread(f"c-{customer}-{self.count}", "comment", customer), "comment")
        else:
            roots = [each for each in self.threads.values() if each.kind == "comment"]
            if roots:
                self._write(self.random.choice(roots), "reply")

    def _write(self, thread: Thread, kind: str) -> None:
        self.count += 1
        self.threads.setdefault(thread.id, thread)
        event = event_id(f"{kind}-{self.count}")
        body = self._inbound(thread, kind)
        self.told.append((thread, event, body))
        self._tell(thread, event, body)

    def again(self) -> None:
        """A webhook comes twice."""
        if self.told:
            self._tell(*self.random.choice(self.told[-10:]))

    def _tell(self, thread: Thread, event: str, body: Event) -> None:
        self.log.append(f"{event[-6:]} in {thread.id}")
        self._append(INBOUND.name, thread, event, body)
        if self.model is None or (thread.kind == "comment" and body.parent_external_id):  # type: ignore[attr-defined]  # a comment has it
            return
        if thread.kind == "comment":
            self.model.root_comment(event, thread.customer, thread.page, thread.id)
        else:
            self.model.message(event, thread.customer, thread.page, thread.id, thread.kind)

    def _inbound(self, thread: Thread, kind: str) -> Event:
        at = START + timedelta(seconds=self.count)
        common: dict[str, Any] = {
            "organization": SHOP,
            "page_id": PageId(thread.page),
            "channel": Channel.FACEBOOK,
            "occurred_at": at,
            "accepted_at": at,
            "customer": Customer(id=CustomerId(thread.customer), external_id=thread.customer),
            "conversation_id": ConversationId(thread.id),
            "message_id": MessageId(f"m{self.count}"),
            "external_id": f"x{self.count}",
        }
        if kind == "message":
            return MessageReceived(**common, text="alo")
        return CommentAdded(
            **common,
            post_external_id="post",
            parent_external_id="root" if kind == "reply" else None,
            livestream=kind == "livestream",
        )

    def _append(self, topic: str, thread: Thread, key: str, body: Event) -> None:
        value, headers = encode(
            Envelope(id=key, source="test", subject=thread.id, time=START, data=body)
        )
        self.simulation.topics.append(
            (topic, thread.partition), OutRecord(thread.customer.encode(), value, headers)
        )

    # Commands.

    def assign(self) -> None:
        if not self.threads:
            return
        self.count += 1
        thread = self.random.choice(list(self.threads.values()))
        agent = self.random.choice([*AGENTS, None])
        expected = self.random.choice([None, None, self._version(thread), 1])
        self.log.append(f"assign {thread.id} to {agent} if {expected}")
        command = AssignConversation(
            command_id=f"assign-{self.count}",
            organization=SHOP,
            page_id=PageId(thread.page),
            conversation_id=ConversationId(thread.id),
            customer_id=CustomerId(thread.customer),
            customer_external_id=thread.customer,
            kind=ConversationKind(thread.kind),
            agent_id=None if agent is None else AgentId(agent),
            by=AgentId("chi"),
            expected_version=expected,
            at=START,
        )
        self._append(COMMANDS.name, thread, command.command_id, command)
        if self.model is not None:
            self.model.assign(
                thread.customer, thread.page, thread.id, thread.kind, agent=agent, expected=expected
            )

    def _version(self, thread: Thread) -> int:
        row = self.simulation.customers[thread.partition].rows.get(ConversationId(thread.id))
        return 0 if row is None else row.version

    def done(self) -> None:
        if not self.threads:
            return
        self.count += 1
        thread = self.random.choice(list(self.threads.values()))
        self.log.append(f"done {thread.id}")
        command = MarkConversationDone(
            command_id=f"done-{self.count}",
            organization=SHOP,
            page_id=PageId(thread.page),
            conversation_id=ConversationId(thread.id),
            customer_id=CustomerId(thread.customer),
            customer_external_id=thread.customer,
            kind=ConversationKind(thread.kind),
            done=True,
            seen_events=1,
            by=AgentId("chi"),
            at=START,
        )
        self._append(COMMANDS.name, thread, command.command_id, command)
        if self.model is not None:
            self.model.done(thread.customer, thread.id, thread.kind)

    # What people set up.

    def presence(self) -> None:
        agent = self.random.choice(AGENTS)
        self.world["agents"][agent]["presence"] = self.random.choice(
            ["online", "online", "away", "offline", "offline"]
        )
        self._changed(f"{agent}: {self.world['agents'][agent]['presence']}")

    def crowd(self) -> None:
        """Everybody comes, or everybody goes."""
        presence = self.random.choice(["online", "offline"])
        for agent in self.world["agents"].values():
            agent["presence"] = presence
        self._changed(f"everybody: {presence}")

    def agent(self) -> None:
        name = self.random.choice(AGENTS)
        agent = self.world["agents"][name]
        if self.random.random() < 0.7:
            agent["disabled"] = not agent["disabled"]
        else:
            agent["role"] = self.random.choice(["agent", "sales_manager", "system_admin"])
        self._changed(f"{name}: {agent}")

    def settings(self) -> None:
        settings = self.world["settings"]
        name = self.random.choice([*settings, "auto_reassign", "when_nobody", "suspended"])
        if name == "suspended":
            self.world["suspended"] = not self.world["suspended"]
        elif name == "when_nobody":
            settings[name] = self.random.choice(["queue", "queue", "leave_unassigned"])
        else:
            settings[name] = not settings[name]
        self._changed(f"settings: {settings}, suspended: {self.world['suspended']}")

    def on(self) -> None:
        """Everything is switched on again, so that histories do not stay dead."""
        self.world["settings"].update(assignment=True, auto_assign=True)
        self.world["suspended"] = False
        self._changed("settings: on")

    def page(self) -> None:
        staff = self.random.sample(AGENTS, self.random.randint(0, len(AGENTS)))
        page = self.random.choice(PAGES)
        self.world["pages"][page]["staff"] = staff
        self._changed(f"{page}: {staff}")

    def rule(self) -> None:
        name = self.random.choice(["r1", "r2"])
        rules = self.world["rules"]
        if self.random.random() < 0.1:
            rules.pop(name, None)
            self._changed(f"{name}: removed")
            return
        rule = rules.setdefault(name, deepcopy(first_world()["rules"]["r1"]))
        what = self.random.choice(["enabled", "mode", "applies_to", "pages", "members", "members"])
        if what == "enabled":
            rule[what] = not rule[what]
        elif what == "mode":
            rule[what] = self.random.choice(["sequential", "sequential", "random"])
        elif what == "applies_to":
            rule[what] = self.random.choice(["online", "online", "all"])
        elif what == "pages":
            rule[what] = self.random.choice([None, ["page-1"], ["page-2"], list(PAGES)])
        else:
            able = [None, None, None, ["facebook_message"], ["facebook_comment"]]
            chosen = self.random.sample(AGENTS, self.random.randint(0, len(AGENTS)))
            rule[what] = [(agent, self.random.choice(able)) for agent in chosen]
        self._changed(f"{name}: {rule}")

    def _changed(self, what: str) -> None:
        self.log.append(what)
        self.simulation.change(organization_of(self.world))
        if self.model is not None:
            self.model.changed()


WEIGHTS = {
    "write": 60,
    "again": 5,
    "assign": 8,
    "done": 6,
    "presence": 14,
    "crowd": 4,
    "agent": 4,
    "settings": 4,
    "on": 4,
    "page": 2,
    "rule": 6,
}
_ACTIONS: dict[str, Callable[[History], None]] = {name: getattr(History, name) for name in WEIGHTS}


def begin(seed: int, *, with_model: bool) -> History:
    """A shop on its first morning."""
    world = first_world()
    simulation = Simulation(PARTITIONS, [organization_of(world)])
    model = Model(world) if with_model else None
    random = Random(seed)  # noqa: S311  # histories must repeat, not surprise
    return History(random, simulation, world, model)


def assignments(simulation: Simulation) -> dict[str, list[AssignmentEvent]]:
    """Each conversation's records, in the order of the log."""
    found: dict[str, list[AssignmentEvent]] = {}
    for event in simulation.topics.events(ASSIGNMENTS.name):
        assert isinstance(event, AssignmentEvent)
        found.setdefault(event.conversation_id, []).append(event)
    return found
