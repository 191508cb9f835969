"""R1 to R5 and R6.2 to R6.4 as a program that handles one thing after another, and nothing else.

Written from the rules alone. No partitions, no requests, no crashes, no records: it says what the
router must come to when everything is handled at once, in the order in which it happened. `world`
is what people have set up, in plain dictionaries:

    {"settings": {...}, "suspended": bool, "support_team": [agent, ...],
     "agents": {agent: {"role", "disabled", "presence"}}, "pages": {page: {"staff": [agent, ...]}},
     "rules": {rule: {"enabled", "mode", "applies_to", "pages": [...] or None, "members": [...]}}}

A rule's member is a pair of an agent and a list of capabilities (None: all).
"""

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

STICKY = ("message", "livestream")


@dataclass
class Conversation:
    """`version` counts the changes; 0 is a conversation of which nothing was ever decided."""

    agent: str | None = None
    reason: str | None = None
    version: int = 0
    waiting: bool = False


@dataclass
class Wait:
    """A place in the queue. Sticky conversations of one customer share one (R3.6)."""

    customer: str
    page: str
    event: str
    kind: str
    conversations: list[str]


@dataclass
class Model:
    world: dict[str, Any]
    conversations: dict[str, Conversation] = field(default_factory=dict)
    sticky: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    """Customer to assignee and the reason of it."""
    cursors: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    queue: list[Wait] = field(default_factory=list)
    choices: list[tuple[str, str]] = field(default_factory=list)
    """Each choice in order: the rule, and whom it chose."""
    seen: set[str] = field(default_factory=set)

    # What the world says.

    def auto(self) -> bool:
        settings = self.world["settings"]
        return bool(self.assigns() and settings["auto_assign"])

    def assigns(self) -> bool:
        return bool(self.world["settings"]["assignment"] and not self.world["suspended"])

    def allowed(self, agent: str, page: str) -> bool:
        """R1.4 and R1.8."""
        found = self.world["agents"].get(agent)
        if found is None or found["disabled"]:
            return False
        if not self.world["settings"]["page_permissions"] or found["role"] == "system_admin":
            return True
        return agent in self.world["pages"].get(page, {"staff": []})["staff"]

    def rule(self, page: str) -> str | None:
        """R1.1."""
        rules: dict[str, dict[str, Any]] = self.world["rules"]
        enabled = [name for name in sorted(rules) if rules[name]["enabled"]]
        named = [name for name in enabled if page in (rules[name]["pages"] or [])]
        default = [name for name in enabled if rules[name]["pages"] is None]
        return next(iter([*named, *default]), None)

    def pool(self, name: str) -> list[tuple[str, list[str] | None]]:
        """R1.1: the members, or all of role `agent` in the order of the support team."""
        members: list[tuple[str, list[str] | None]] = self.world["rules"][name]["members"]
        if members:
            return members
        agents = self.world["agents"]
        taken = sorted(each for each in agents if agents[each]["role"] == "agent")
        team = [each for each in self.world["support_team"] if each in taken]
        return [(each, None) for each in [*team, *(each for each in taken if each not in team)]]

    def candidates(self, name: str, page: str, kind: str) -> list[str]:
        """R1.1 to R1.4 and R1.8, for a page of Facebook."""
        needed = "facebook_message" if kind == "message" else "facebook_comment"
        every = self.world["rules"][name]["applies_to"] == "all"
        return [
            agent
            for agent, capabilities in self.pool(name)
            if (capabilities is None or needed in capabilities)
            and self.allowed(agent, page)
            and (every or self.world["agents"][agent]["presence"] == "online")
        ]

    # What happens.

    def message(self, event: str, customer: str, page: str, conversation: str, kind: str) -> None:
        """R3: a message or a livestream comment."""
        if self.is_known(event) or not self.auto():
            return
        row = self.row(conversation)
        place = self.place_of(customer)
        if place is not None:  # R3.6
            if conversation not in place.conversations:
                place.conversations.append(conversation)
                self.record(conversation, kind, customer, None, "queued")
            return
        agent, reason = self.sticky.get(customer, (None, None))
        if agent is None:
            self.find(event, customer, page, conversation, kind)  # R3.1
        elif not self.allowed(agent, page):
            self.find(event, customer, page, conversation, kind, lost="sticky_lost")  # R3.4
        elif self.world["settings"]["auto_reassign"] and self.offline(agent):  # R3.3
            self.find(event, customer, page, conversation, kind, lost="reassigned_offline")
        elif row.agent != agent:  # R3.2
            self.record(conversation, kind, customer, agent, str(reason))

    def root_comment(self, event: str, customer: str, page: str, conversation: str) -> None:
        """R4.1."""
        if self.is_known(event) or not self.auto():
            return
        if self.row(conversation).version == 0:
            self.find(event, customer, page, conversation, "comment")

    def find(
        self,
        event: str,
        customer: str,
        page: str,
        conversation: str,
        kind: str,
        *,
        lost: str | None = None,
    ) -> None:
        """R2 among R1, and R5 where that is nobody. `lost` says why a former assignee goes."""
        name = self.rule(page)
        candidates = [] if name is None else self.candidates(name, page, kind)
        row = self.row(conversation)
        if name is not None and candidates:
            agent = self.choose(name, candidates, event)
            mode = "random" if self.world["rules"][name]["mode"] == "random" else "rotation"
            if row.agent != agent or (kind in STICKY and self.sticky[customer][0] != agent):
                self.record(conversation, kind, customer, agent, lost or mode)
        elif lost == "reassigned_offline":  # R3.3: the assignee stays
            agent_now, reason = self.sticky[customer]
            if row.agent != agent_now:
                self.record(conversation, kind, customer, agent_now, str(reason))
        elif self.world["settings"]["when_nobody"] == "queue":  # R5.1
            self.queue.append(Wait(customer, page, event, kind, [conversation]))
            self.record(conversation, kind, customer, None, "queued")
        elif row.agent is not None or row.reason != "no_candidate":  # R5.2
            self.record(conversation, kind, customer, None, "no_candidate")

    def changed(self) -> None:
        """The world did: whoever became a candidate takes what waits, oldest first (R5.1)."""
        for place in list(self.queue) if self.auto() else []:
            name = self.rule(place.page)
            candidates = [] if name is None else self.candidates(name, place.page, place.kind)
            if name is not None and candidates:
                self.queue.remove(place)
                agent = self.choose(name, candidates, place.event)
                for each in place.conversations:
                    kind = "comment" if place.kind == "comment" else "message"
                    self.record(each, kind, place.customer, agent, "queue_drained")

    def assign(
        self,
        customer: str,
        page: str,
        conversation: str,
        kind: str,
        *,
        agent: str | None,
        expected: int | None,
    ) -> str:
        """R6.2 to R6.4; says what became of it."""
        row = self.row(conversation)
        if not self.assigns():
            return "assignment_off"
        if expected is not None and expected != row.version:
            return "version_passed"
        if agent == row.agent:
            return "unchanged"
        if agent is not None and not self.allowed(agent, page):
            return "not_allowed"
        place = self.place_of(customer if kind in STICKY else conversation)
        reason = "unassigned" if agent is None else "manual"
        self.record(conversation, kind, customer, agent, reason)
        if place is not None:  # R5.3
            self.queue.remove(place)
            for each in place.conversations:
                if each != conversation:
                    self.record(each, kind, customer, agent, reason)
        return "applied"

    def done(self, customer: str, conversation: str, kind: str) -> None:
        """I12: one that waits waits no more; nothing else."""
        place = self.place_of(customer if kind in STICKY else conversation)
        if place is None or conversation not in place.conversations:
            return
        place.conversations.remove(conversation)
        if not place.conversations:
            self.queue.remove(place)
        self.record(conversation, kind, customer, None, "unassigned")

    # How it is remembered.

    def is_known(self, event: str) -> bool:
        """R9.2: whether it happened before; from now on it did."""
        known = event in self.seen
        self.seen.add(event)
        return known

    def row(self, conversation: str) -> Conversation:
        return self.conversations.setdefault(conversation, Conversation())

    def offline(self, agent: str) -> bool:
        return bool(self.world["agents"][agent]["presence"] == "offline")

    def place_of(self, waiting: str) -> Wait | None:
        """The place of a customer (R3), or of a comment's conversation (R4)."""
        for place in self.queue:
            key = place.conversations[0] if place.kind == "comment" else place.customer
            if key == waiting:
                return place
        return None

    def record(
        self, conversation: str, kind: str, customer: str, agent: str | None, reason: str
    ) -> None:
        row = self.row(conversation)
        row.agent, row.reason, row.version = agent, reason, row.version + 1
        row.waiting = reason == "queued"
        if kind in STICKY:
            self.sticky[customer] = (agent, reason)

    def choose(self, name: str, candidates: list[str], event: str) -> str:
        """R2.1, R2.2."""
        order = [agent for agent, _ in self.pool(name)]
        if self.world["rules"][name]["mode"] == "random":
            drawn = int.from_bytes(blake2b(event.encode(), digest_size=16).digest(), "big")
            agent = candidates[drawn % len(candidates)]
        else:
            agent = in_turn(order, candidates, self.cursors.get(name))
            self.cursors[name] = (agent, order)
        self.choices.append((name, agent))
        return agent


def in_turn(order: list[str], candidates: list[str], cursor: tuple[str, list[str]] | None) -> str:
    """R2.1 and R2.4: who comes next after the last one, or after where that one stood."""
    if cursor is None:
        return next(each for each in order if each in candidates)
    last, before = cursor
    start = before.index(last)
    behind = [last, *before[start + 1 :], *before[:start]]
    anchor = next((each for each in behind if each in order), None)
    at = 0 if anchor is None else order.index(anchor) + (anchor == last)
    return next(each for each in [*order[at:], *order[:at]] if each in candidates)
