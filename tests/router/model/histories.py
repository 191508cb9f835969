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
    ON_PAGES,
    PAGES,
    PARTITIONS,
    PEOPLE,
    VISITS,
    World,
    first_world,
    organization_of,
)
from support.organizations import SHOP
from tuyen_events.assignments import AssignmentEvent
from tuyen_events.codec import decode_data, encode
from tuyen_events.commands import (
    AssignConversation,
    Command,
    MarkConversationDone,
    ReturnToRotation,
)
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
from tuyen_router.domain.state import ConversationState
from tuyen_stream import OutRecord


@dataclass(frozen=True)
class Thread:
    """A conversation that somebody began; of a comment's, `customer` is the author of the root,
    which may never come."""

    id: str
    kind: str
    customer: str

    @property
    def page(self) -> str:
        return PEOPLE[self.customer]

    @property
    def partition(self) -> int:
        return partition_of(self.customer)


def partition_of(customer: str) -> int:
    return PARTITIONS[sum(map(ord, customer)) % len(PARTITIONS)]


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
    """Inbound events with their ids, to be delivered again."""
    counts_loads: bool = False
    """Whether rules may ask for loads. Nobody then comments on livestreams: two threads of one
    customer that wait for one answer take one place in the queue, and count as two afterwards."""
    customers: list[str] = field(default_factory=lambda: list(PEOPLE))
    pace: timedelta = timedelta(seconds=1)
    """The time between two things that happen."""
    count: int = 0
    log: list[str] = field(default_factory=list)
    offsets: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)
    """Each conversation's events, and where they are in the log: partition and offset."""
    rooted: set[str] = field(default_factory=set)
    """Comment threads whose root was told."""
    begun_by_root: set[str] = field(default_factory=set)
    """Those whose root was told before any reply."""
    late: list[Thread] = field(default_factory=list)
    """Those that somebody replied to, and whose root is still to come."""
    repliers: dict[str, list[str]] = field(default_factory=dict)
    """Who replied below each root, in their order."""
    decided: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Of each conversation the highest version, and the customer whom its record names."""
    read: dict[int, int] = field(default_factory=dict)
    """How far assignments were read for that."""
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
        elif kind == "comment" and self.late and self.random.random() < 0.5:
            self._write(self.late.pop(), "comment")
        elif kind == "comment":
            self._write(Thread(f"c-{customer}-{self.count}", "comment", customer), "comment")
        else:
            self.reply()

    def reply(self) -> None:
        """Somebody replies below a root; maybe below one that was never told, or is still to be."""
        roots = [each for each in self.threads.values() if each.kind == "comment"]
        if self.random.random() < 0.3 or not roots:
            customer = self.random.choice(ON_PAGES)
            thread = Thread(f"b-{customer}-{self.count}", "comment", customer)
            self.late += [thread] * self.random.randint(0, 1)
        else:
            thread = self.random.choice([*roots, *roots[-3:], *roots[-3:]])
        self._write(thread, "reply", self._replier(thread))
        if thread in self.late and self.random.random() < 0.5:  # in one batch with it
            self.late.remove(thread)
            self._write(thread, "comment")

    def _replier(self, thread: Thread) -> str:
        others = [each for each, page in PEOPLE.items() if page == thread.page]
        return self.random.choice([thread.customer, thread.customer, *others])

    def _sticky_thread(self, customer: str, kind: str) -> Thread:
        if kind == "message":
            return Thread(f"m-{customer}", kind, customer)
        return Thread(f"l-{customer}-{self.random.choice('xy')}", kind, customer)

    def _write(self, thread: Thread, kind: str, by: str | None = None) -> None:
        self.count += 1
        self._say(thread, event_id(f"{kind}-{self.count}"), self._inbound(thread, kind, by))

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
        by_author = thread.id not in self.owned and self.random.random() < 0.5
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
        """A customer removes a message, a reply, or a comment on a livestream; perhaps before it
        comes."""
        told = [each for each in self.told[-12:] if not _is_root(each[2])]
        if self.random.random() < 0.2 or not told:
            told = [self._early()]
        replies = [each for each in told if _is_reply(each[2])]
        thread, _, said = self.random.choice(self.random.choice([told, replies or told]))
        by = _author(said)
        self.count += 1
        self.taken_back.add(word_of(said))
        self.log.append(f"{by} takes back {word_of(said)} in {thread.id}")
        common = {**self._about(thread, by), "message_id": word_of(said)}
        body: Event
        if thread.kind == "message":
            del common["external_id"]
            body = MessageDeleted(**common)
        elif thread.kind == "livestream":
            common.update(conversation_id=None, livestream=True, post_external_id="post")
            body = CommentRemoved(**common)
        else:
            common.update(parent_external_id="root", post_external_id="post")
            body = CommentRemoved(**common)
        event = event_id(f"take-back-{self.count}")
        self._append(INBOUND.name, thread, event, body, partition_of(by))
        if self.model is not None:
            waiting = by if thread.kind in STICKY else thread.id
            self.model.take_back(waiting, by, word_of(said), thread.kind)
            self.model.changed()

    def _early(self) -> tuple[Thread, str, Event]:
        """What is taken back before it comes."""
        customer = self.random.choice(self.customers)
        kind = "message" if PEOPLE[customer] == "site" or self.counts_loads else "livestream"
        roots = [each for each in self.threads.values() if each.kind == "comment"]
        self.count += 1
        if roots and self.random.random() < 0.5:
            thread, kind = self.random.choice(roots), "reply"
            customer = self._replier(thread)
        else:
            thread = self._sticky_thread(customer, kind)
        body = self._inbound(thread, kind, customer)
        early = (thread, event_id(f"{kind}-{self.count}"), body)
        self.early.append(early)
        return early

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

    def again(self) -> None:
        """A webhook comes twice. The router knows no reply again by somebody of whom it had not
        heard, and may open what was done for it; the model knows all."""
        told = self.told[-10:]
        if self.model is not None:
            told = [each for each in told if not _is_reply(each[2]) or each[0].id in self.rooted]
            told = [each for each in told if _author(each[2]) == each[0].customer]
        if told:
            self._tell(*self.random.choice(told))

    def _tell(self, thread: Thread, event: str, body: Event) -> None:
        by = _author(body)
        place = partition_of(by)
        holder = self.holder(thread)
        opens = holder is not None and place == partition_of(holder)
        self.log.append(f"{event[-6:]} in {thread.id} by {by}")
        self._append(INBOUND.name, thread, event, body, place)
        offsets = self.offsets.setdefault(thread.id, {})
        if word_of(body) not in self.taken_back:
            log = self.simulation.topics.logs[INBOUND.name, place]
            offsets.setdefault(event, (place, len(log) - 1))
        if _is_root(body):
            self.rooted.add(thread.id)
            if thread.id not in self.repliers:
                self.begun_by_root.add(thread.id)
        elif _is_reply(body):
            self.repliers.setdefault(thread.id, []).append(by)
        if self.model is not None:
            self._tell_model(self.model, thread, event, body, opens=opens)

    def _tell_model(
        self, model: Model, thread: Thread, event: str, body: Event, *, opens: bool
    ) -> None:
        about = (_author(body), thread.page, thread.id)
        word = word_of(body)
        match body:
            case CommentAdded(livestream=False, parent_external_id=None):
                model.root_comment(event, *about, opens=opens)
            case CommentAdded(livestream=False):
                model.reply(event, *about, word, opens=opens)
            case MessageReceived(visit=VisitTold() as told):
                visit = Visit(told.department, told.region, told.page_url)
                model.message(event, *about, kind=thread.kind, visit=visit, comment=word)
            case _:
                model.message(event, *about, kind=thread.kind, visit=NO_VISIT, comment=word)
        model.changed()

    def holder(self, thread: Thread) -> str | None:
        """By whom a command is placed, as the gateway does it: the customer whom the records name;
        while there are none, the root's author or who replied first."""
        if thread.kind in STICKY:
            return thread.customer
        for number in PARTITIONS:
            log = self.simulation.topics.logs[ASSIGNMENTS.name, number]
            for stored in log[self.read.get(number, 0) :]:
                event = decode_data(stored.headers, stored.value or b"")
                assert isinstance(event, AssignmentEvent)
                version, _ = self.decided.get(event.conversation_id, (0, ""))
                if event.version > version:
                    named = event.version, str(event.customer_id)
                    self.decided[event.conversation_id] = named
            self.read[number] = len(log)
        if thread.id in self.decided:
            return self.decided[thread.id][1]
        return thread.customer if thread.id in self.rooted else self._first_replier(thread)

    def _first_replier(self, thread: Thread) -> str | None:
        return next(iter(self.repliers.get(thread.id, [])), None)

    def _common_inbound(self, thread: Thread, *, named: bool) -> dict[str, Any]:
        """Of a root comment."""
        common = self._about(thread)
        if not named:
            common["customer"] = None
        return {**common, "post_external_id": "post"}

    def _about(self, thread: Thread, by: str | None = None) -> dict[str, Any]:
        by = by or thread.customer
        at = START + self.count * self.pace
        return {
            "organization": SHOP,
            "page_id": PageId(thread.page),
            "channel": Channel(self.world["pages"][thread.page]["channel"]),
            "occurred_at": at,
            "accepted_at": at,
            "customer": Customer(id=CustomerId(by), external_id=by),
            "conversation_id": ConversationId(thread.id),
            "message_id": MessageId(f"m{self.count}"),
            "external_id": f"x{self.count}",
        }

    def _inbound(self, thread: Thread, kind: str, by: str | None = None) -> Event:
        common = self._about(thread, by)
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
        self._command(thread, command)
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
        self._command(thread, command)
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
        holder = str(self.holder(thread))
        return {
            "command_id": f"{kind}-{self.count}",
            "organization": SHOP,
            "page_id": PageId(thread.page),
            "conversation_id": ConversationId(thread.id),
            "customer_id": CustomerId(holder),
            "customer_external_id": holder,
            "kind": ConversationKind(thread.kind),
            "at": START,
        }

    def _some_thread(self) -> Thread | None:
        known = [each for each in self.threads.values() if self.holder(each) is not None]
        return self.random.choice([*known, *known[-2:]]) if known else None

    def _row(self, thread: Thread) -> ConversationState | None:
        partition = self.simulation.customers[partition_of(str(self.holder(thread)))]
        return partition.conversations.get(ConversationId(thread.id))

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
        self._command(thread, command)
        if self.model is not None:
            self.model.done(thread.customer, thread.id, thread.kind, done=done)
            self.outcomes[command.command_id] = "applied"
            self.model.changed()

    def events_of(self, thread: Thread) -> list[int]:
        """The inbound offsets of a conversation's events in the partition where commands about it
        go, of those delivered twice the first."""
        place = partition_of(str(self.holder(thread)))
        offsets = self.offsets.get(thread.id, {}).values()
        return [offset for partition, offset in offsets if partition == place]

    def _command(self, thread: Thread, command: Command) -> None:
        place = partition_of(command.customer_external_id)
        self._append(COMMANDS.name, thread, command.command_id, command, place)

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
                simulation.stage2.dirty.discard(SHOP)
                simulation.settle(self.random)
                simulation.stage2.dirty.add(SHOP)
            self.model.changed()


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
_ACTIONS: dict[str, Callable[[History], None]] = {name: getattr(History, name) for name in WEIGHTS}


def word_of(body: Event) -> MessageId:
    """The message or comment that an inbound event is."""
    assert isinstance(body, MessageReceived | CommentAdded)
    return body.message_id


def _author(body: Event) -> str:
    assert isinstance(body, MessageReceived | CommentAdded)
    assert body.customer is not None
    return body.customer.id


def _is_root(body: Event) -> bool:
    return isinstance(body, CommentAdded) and not (body.livestream or body.parent_external_id)


def _is_reply(body: Event) -> bool:
    return isinstance(body, CommentAdded) and body.parent_external_id is not None


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
