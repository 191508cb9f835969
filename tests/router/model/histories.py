"""Random histories of a shop: what may happen to it, to the router and to the model alike."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from router.model.model import NO_VISIT, STICKY, Model, Visit
from router.model.simulation import START, Simulation
from router.model.world import (
    AGENTS,
    DEPARTMENTS,
    PAGES,
    PARTITIONS,
    PEOPLE,
    SHOP,
    VISITS,
    World,
    first_world,
    organization_of,
)
from tuyen_events.assignments import AssignmentEvent
from tuyen_events.codec import encode
from tuyen_events.commands import AssignConversation, MarkConversationDone, ReturnToRotation
from tuyen_events.event import Envelope, Event
from tuyen_events.ids import (
    AgentId,
    ConversationId,
    CustomerId,
    MessageId,
    PageId,
    event_id,
)
from tuyen_events.inbound import (
    CommentAdded,
    CommentRemoved,
    Customer,
    MessageDeleted,
    MessageReceived,
)
from tuyen_events.inbound import Visit as VisitTold
from tuyen_events.topics import ASSIGNMENTS, COMMANDS, INBOUND
from tuyen_events.vocabulary import (
    Channel,
    ConversationKind,
)
from tuyen_router.chunks.outbox import OutRecord
from tuyen_router.domain.state import Row


@dataclass(frozen=True)
class Thread:
    """A conversation that somebody began."""

    id: str
    kind: str
    customer: str

    @property
    def page(self) -> str:
        return PEOPLE[self.customer]

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
    owned: set[str] = field(default_factory=set)
    """Those that the page began (R4.5)."""
    told: list[tuple[Thread, str, Event]] = field(default_factory=list)
    """Inbound events with their ids, to be told again."""
    counts_loads: bool = False
    """Whether rules may ask for loads. Nobody then comments on livestreams: two threads of one
    customer that wait for one answer take one place in the queue, and count as two afterwards."""
    customers: list[str] = field(default_factory=lambda: list(PEOPLE))
    pace: timedelta = timedelta(seconds=1)
    """The time between two things that happen."""
    count: int = 0
    log: list[str] = field(default_factory=list)
    offsets: dict[str, dict[str, int]] = field(default_factory=dict)
    """Each conversation's events, and where they stand in the log."""
    removed: set[str] = field(default_factory=set)
    """Comments that are gone (R4.6)."""
    taken_back: set[str] = field(default_factory=set)
    """Messages and comments on livestreams that are gone."""
    unborn: list[Thread] = field(default_factory=list)
    """Root comments that were gone before they came."""
    early: list[tuple[Thread, str, Event]] = field(default_factory=list)
    """The same of messages and comments on livestreams, with the ids of their events."""
    outcomes: dict[str, str] = field(default_factory=dict)
    """What the model says of each command."""

    def happen(self, weights: dict[str, int]) -> None:
        """One thing of chance; `weights` says how likely each kind is."""
        (kind,) = self.random.choices(list(weights), list(weights.values()))
        _ACTIONS[kind](self)

    # Inbound.

    def write(self) -> None:
        customer = self.random.choice(self.customers)
        kind = self.random.choice(["message", "message", "livestream", "comment", "reply"])
        if PEOPLE[customer] == "site" or (kind == "livestream" and self.counts_loads):
            kind = "message"
        if self.early and self.random.random() < 0.2:
            self._say(*self.early.pop())
        elif kind in STICKY:
            self._write(self._sticky_thread(customer, kind), kind)
        elif kind == "comment" and self.unborn and self.random.random() < 0.5:
            self._write(self.unborn.pop(), "comment")
        elif kind == "comment":
            self._write(Thread(f"c-{customer}-{self.count}", "comment", customer), "comment")
        else:
            roots = [each for each in self.threads.values() if each.kind == "comment"]
            if roots:
                self._write(self.random.choice(roots), "reply")

    def _sticky_thread(self, customer: str, kind: str) -> Thread:
        if kind == "message":
            return Thread(f"m-{customer}", kind, customer)
        return Thread(f"l-{customer}-{self.random.choice('xy')}", kind, customer)

    def _write(self, thread: Thread, kind: str) -> None:
        self.count += 1
        self._say(thread, event_id(f"{kind}-{self.count}"), self._inbound(thread, kind))

    def _say(self, thread: Thread, event: str, body: Event) -> None:
        self.threads.setdefault(thread.id, thread)
        self.told.append((thread, event, body))
        self._tell(thread, event, body)

    def remove(self) -> None:
        """A root comment is removed, by its author or by somebody who is not told."""
        roots = [each for each in self.threads.values() if each.kind == "comment"]
        if self.random.random() < 0.3 or not roots:
            customer = self.random.choice(self.customers)
            if PEOPLE[customer] == "site":
                return
            self.count += 1
            thread = Thread(f"c-{customer}-{self.count}", "comment", customer)
            self.unborn.append(thread)
        else:
            thread = self.random.choice(roots)
            if thread.id in self.owned:
                return
        by_author = self.random.random() < 0.5
        self.removed.add(thread.id)
        self.count += 1
        self.log.append(f"remove {thread.id}, by its author: {by_author}")
        event = event_id(f"remove-{self.count}")
        body = CommentRemoved(**self._common_inbound(thread, named=by_author))
        place = thread.partition if by_author else self.random.choice(PARTITIONS)
        self._append(INBOUND.name, thread, event, body, place)
        if self.model is not None:
            self.model.remove(thread.customer, thread.id)
            self.model.changed()

    def take_back(self) -> None:
        """A customer removes a message, or a comment on a livestream; perhaps before it comes."""
        told = [each for each in self.told[-12:] if each[0].kind in STICKY]
        if self.random.random() < 0.2 or not told:
            customer = self.random.choice(self.customers)
            kind = "message" if PEOPLE[customer] == "site" or self.counts_loads else "livestream"
            self.count += 1
            thread = self._sticky_thread(customer, kind)
            early = (thread, event_id(f"{kind}-{self.count}"), self._inbound(thread, kind))
            self.early.append(early)
            told = [early]
        thread, _, said = self.random.choice(told)
        assert isinstance(said, MessageReceived | CommentAdded)
        self.count += 1
        self.taken_back.add(said.message_id)
        self.log.append(f"take back {said.message_id} in {thread.id}")
        common = {**self._about(thread), "message_id": said.message_id}
        body: Event
        if thread.kind == "message":
            del common["external_id"]
            body = MessageDeleted(**common)
        else:
            common.update(conversation_id=None, livestream=True, post_external_id="post")
            body = CommentRemoved(**common)
        self._append(INBOUND.name, thread, event_id(f"take-back-{self.count}"), body)
        if self.model is not None:
            self.model.take_back(thread.customer, said.message_id, thread.kind)
            self.model.changed()

    def own(self) -> None:
        """The page comments on its own post, and perhaps a customer replies."""
        customer = self.random.choice(self.customers)
        if PEOPLE[customer] == "site":
            return
        self.count += 1
        thread = Thread(f"o-{customer}-{self.count}", "comment", customer)
        self.owned.add(thread.id)
        self.threads[thread.id] = thread
        self.offsets[thread.id] = {}
        self.log.append(f"the page begins {thread.id}")
        body = CommentAdded(**self._common_inbound(thread, named=False))
        place = self.random.choice(PARTITIONS)
        self._append(INBOUND.name, thread, event_id(f"own-{self.count}"), body, place)
        if self.model is not None:
            self.model.owned.add(thread.id)

    def again(self) -> None:
        """A webhook comes twice."""
        if self.told:
            self._tell(*self.random.choice(self.told[-10:]))

    def _tell(self, thread: Thread, event: str, body: Event) -> None:
        self.log.append(f"{event[-6:]} in {thread.id}")
        self._append(INBOUND.name, thread, event, body)
        offsets = self.offsets.setdefault(thread.id, {})
        if self.word_of(body) not in self.taken_back:
            log = self.simulation.topics.logs[INBOUND.name, thread.partition]
            offsets.setdefault(event, len(log) - 1)
        if self.model is None:
            return
        place = (thread.customer, thread.page, thread.id)
        match body:
            case CommentAdded(livestream=False, parent_external_id=None):
                self.model.root_comment(event, *place)
            case CommentAdded(livestream=False):
                self.model.reply(event, *place)
            case MessageReceived(visit=VisitTold() as told):
                visit = Visit(told.department, told.region, told.page_url)
                word = body.message_id
                self.model.message(event, *place, kind=thread.kind, visit=visit, comment=word)
            case _:
                word = self.word_of(body)
                self.model.message(event, *place, kind=thread.kind, visit=NO_VISIT, comment=word)
        self.model.changed()

    def word_of(self, body: Event) -> MessageId:
        """The message or comment that an inbound event is."""
        assert isinstance(body, MessageReceived | CommentAdded)
        return body.message_id

    def _common_inbound(self, thread: Thread, *, named: bool) -> dict[str, Any]:
        """Of a root comment."""
        common = self._about(thread)
        if not named:
            common["customer"] = None
        return {**common, "post_external_id": "post"}

    def _about(self, thread: Thread) -> dict[str, Any]:
        at = START + self.count * self.pace
        return {
            "organization": SHOP,
            "page_id": PageId(thread.page),
            "channel": Channel(self.world["pages"][thread.page]["channel"]),
            "occurred_at": at,
            "accepted_at": at,
            "customer": Customer(id=CustomerId(thread.customer), external_id=thread.customer),
            "conversation_id": ConversationId(thread.id),
            "message_id": MessageId(f"m{self.count}"),
            "external_id": f"x{self.count}",
        }

    def _inbound(self, thread: Thread, kind: str) -> Event:
        common = self._about(thread)
        if kind == "message":
            visit = self.random.choice(VISITS) if thread.page == "site" else Visit()
            told = VisitTold(department=visit.department, region=visit.region, page_url=visit.url)
            return MessageReceived(**common, text="alo", visit=told)
        return CommentAdded(
            **common,
            post_external_id="post",
            parent_external_id="root" if kind == "reply" else None,
            livestream=kind == "livestream",
        )

    def _append(
        self, topic: str, thread: Thread, key: str, body: Event, place: int | None = None
    ) -> None:
        value, headers = encode(
            Envelope(id=key, source="test", subject=thread.id, time=START, data=body)
        )
        self.simulation.topics.append(
            (topic, thread.partition if place is None else place),
            OutRecord(thread.customer.encode(), value, headers),
        )

    # Commands.

    def assign(self) -> None:
        """A manager gives a conversation to somebody, or to nobody."""
        if thread := self._some_thread():
            expected = self.random.choice([None, None, self._version(thread), 1])
            self._assign(thread, self.random.choice([*AGENTS, None]), expected=expected)

    def take(self) -> None:
        if thread := self._some_thread():
            self._assign(thread, self.random.choice(AGENTS), take=True)

    def hand_over(self) -> None:
        """One conversation of many: to another agent, or back to rotation."""
        thread = self._some_thread()
        if thread is None:
            return
        row = self._row(thread)
        owner = (None if row is None else row.agent_id) or AGENTS[0]
        only_from = self.random.choice([owner, owner, owner, *AGENTS])
        if self.random.random() < 0.3:
            self._assign(thread, self.random.choice(AGENTS), only_from=only_from)
            return
        self.log.append(f"return {thread.id} from {only_from}")
        command = ReturnToRotation(
            **self._common(thread, "return"),
            channel=Channel(self.world["pages"][thread.page]["channel"]),
            only_from=AgentId(only_from),
            by=AgentId("chi"),
        )
        self._append(COMMANDS.name, thread, command.command_id, command)
        if self.model is not None:
            self.outcomes[command.command_id] = self.model.return_to_rotation(
                command.command_id,
                thread.customer,
                thread.page,
                thread.id,
                thread.kind,
                only_from=only_from,
            )
            self.model.changed()

    def _assign(
        self,
        thread: Thread,
        agent: str | None,
        *,
        expected: int | None = None,
        only_from: str | None = None,
        take: bool = False,
    ) -> None:
        self.log.append(f"assign {thread.id} to {agent} if {expected}, {only_from}, take: {take}")
        command = AssignConversation(
            **self._common(thread, "assign"),
            agent_id=None if agent is None else AgentId(agent),
            by=AgentId(str(agent) if take else "chi"),
            expected_version=expected,
            take=take,
            bulk=only_from is not None,
            only_from=None if only_from is None else AgentId(only_from),
        )
        self._append(COMMANDS.name, thread, command.command_id, command)
        if self.model is not None:
            self.outcomes[command.command_id] = self.model.assign(
                thread.customer,
                thread.page,
                thread.id,
                thread.kind,
                agent=agent,
                expected=expected,
                only_from=only_from,
                take=take,
            )
            self.model.changed()

    def _common(self, thread: Thread, kind: str) -> dict[str, Any]:
        self.count += 1
        return {
            "command_id": f"{kind}-{self.count}",
            "organization": SHOP,
            "page_id": PageId(thread.page),
            "conversation_id": ConversationId(thread.id),
            "customer_id": CustomerId(thread.customer),
            "customer_external_id": thread.customer,
            "kind": ConversationKind(thread.kind),
            "at": START,
        }

    def _some_thread(self) -> Thread | None:
        return self.random.choice(list(self.threads.values())) if self.threads else None

    def _row(self, thread: Thread) -> Row | None:
        return self.simulation.customers[thread.partition].rows.get(ConversationId(thread.id))

    def _version(self, thread: Thread) -> int:
        row = self._row(thread)
        return 0 if row is None else row.version

    def done(self) -> None:
        """Somebody calls a conversation done, or opens it again; what they had seen ends with one
        of its events, or with all that there is."""
        thread = self._some_thread()
        if thread is None:
            return
        done = self.random.random() < 0.8
        events = self.events_of(thread)
        if not events:
            return
        seen = events[-1] if self.random.random() < 0.8 else self.random.choice(events)
        if self.model is not None:
            seen = events[-1]
        self.log.append(f"done {thread.id}: {done}, seen {seen} of {events}")
        command = MarkConversationDone(
            **self._common(thread, "done"),
            done=done,
            seen_events=1,
            seen_offset=seen,
            by=AgentId("chi"),
        )
        self._append(COMMANDS.name, thread, command.command_id, command)
        if self.model is not None:
            self.model.done(thread.customer, thread.id, thread.kind, done=done)
            self.outcomes[command.command_id] = "applied"
            self.model.changed()

    def events_of(self, thread: Thread) -> list[int]:
        """The inbound offsets of a conversation's events, of those told twice the first."""
        return list(self.offsets[thread.id].values())

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
        if self.random.random() < 0.5:
            agent["disabled"] = not agent["disabled"]
        elif self.random.random() < 0.5:
            agent["departments"] = self.random.sample(DEPARTMENTS, self.random.randint(0, 2))
            agent["regions"] = [f"{each}/north" for each in agent["departments"]]
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

    def group(self) -> None:
        group = self.random.choice(list(self.world["groups"]))
        members = self.random.sample(AGENTS, self.random.randint(0, 2))
        self.world["groups"][group] = members
        self._changed(f"{group}: {members}")

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
            modes = ["sequential", "random", "least_loaded" if self.counts_loads else "sequential"]
            rule[what] = self.random.choice(modes)
        elif what == "applies_to":
            rule[what] = self.random.choice(["online", "online", "all"])
        elif what == "pages":
            rule[what] = self.random.choice([None, ["page-1"], ["page-2"], list(PAGES)])
        else:
            able = [None, None, None, ["facebook_message"], ["facebook_comment"]]
            bounds = [None, 1, 2, 3] if self.counts_loads else [None]
            chosen = self.random.sample(AGENTS, self.random.randint(0, len(AGENTS)))
            rule[what] = [
                (agent, self.random.choice(able), self.random.choice(bounds)) for agent in chosen
            ]
        self._changed(f"{name}: {rule}")

    def _changed(self, what: str) -> None:
        self.log.append(what)
        simulation, organization = self.simulation, organization_of(self.world)
        counted_before = simulation.organizations[SHOP].counts_loads
        simulation.change(organization)
        if self.model is not None:
            if organization.counts_loads and not counted_before:
                # The model knows all loads at once; stage 2 does when they were told.
                simulation.stage2.stirred.discard(SHOP)
                simulation.settle(self.random)
                simulation.stage2.stirred.add(SHOP)
            self.model.changed()


WEIGHTS = {
    "write": 60,
    "again": 5,
    "remove": 4,
    "own": 2,
    "take_back": 4,
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
}
_ACTIONS: dict[str, Callable[[History], None]] = {name: getattr(History, name) for name in WEIGHTS}


def begin(seed: int, *, with_model: bool) -> History:
    """A shop on its first morning."""
    world = first_world()
    simulation = Simulation(PARTITIONS, [organization_of(world)])
    model = Model(world) if with_model else None
    random = Random(seed)  # noqa: S311  # histories must repeat, not surprise
    return History(random, simulation, world, model, counts_loads=seed % 2 == 1)


def assignments(simulation: Simulation) -> dict[str, list[AssignmentEvent]]:
    """Each conversation's records, in the order of the log."""
    found: dict[str, list[AssignmentEvent]] = {}
    for event in simulation.topics.events(ASSIGNMENTS.name):
        assert isinstance(event, AssignmentEvent)
        found.setdefault(event.conversation_id, []).append(event)
    return found
