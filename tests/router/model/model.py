"""R1 to R6 and I12 as a program that handles one thing after another, and nothing else.

Written from the rules alone. No partitions, no requests, no crashes, no records: it says what the
router must come to when everything is handled at once, in the order in which it happened.
"""

from dataclasses import dataclass, field
from hashlib import blake2b

from router.model.candidates import ModelOrganization, Visit, Wait

STICKY = ("message", "livestream")
REASONS = {"sequential": "rotation", "random": "random", "least_loaded": "least_loaded"}


@dataclass
class Conversation:
    """`version` counts the changes; 0 is a conversation of which nothing was ever decided."""

    agent: str | None = None
    reason: str | None = None
    version: int = 0
    waiting: bool = False
    done: bool = False
    vacant: bool = False
    """It waited for replies, all of which were taken back (R4.6)."""


@dataclass
class Model:
    shop: ModelOrganization
    conversations: dict[str, Conversation] = field(default_factory=dict)
    sticky: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    """Customer to assignee and the reason of it."""
    cursors: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    queue: list[Wait] = field(default_factory=list)
    choices: list[tuple[str, str]] = field(default_factory=list)
    """Each choice in order: the rule, and whom it chose."""
    seen: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    """Root comments that are gone (R4.6)."""
    taken_back: set[str] = field(default_factory=set)
    """Messages, replies and comments on livestreams that are gone."""
    named: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    """The department and region that a customer last asked for (R3.7)."""

    def load(self, agent: str) -> int:
        """R1.7: how many open conversations the agent has."""
        return sum(row.agent == agent and not row.done for row in self.conversations.values())

    def message(
        self,
        event: str,
        customer: str,
        page: str,
        conversation: str,
        *,
        kind: str,
        visit: Visit,
        comment: str = "",
    ) -> None:
        """R3: a message or a livestream comment."""
        if self.is_known(event) or comment in self.taken_back:
            return
        row = self.row(conversation)
        row.done = False  # I12
        place = self.place_of(customer)
        if place is None and not self.shop.auto():
            return
        anew = self.names_another(customer, visit)
        if place is not None:  # R3.6
            self.hear(place, conversation, comment)
            if conversation not in place.conversations:
                place.conversations.append(conversation)
                self.record(conversation, kind, customer, None, "queued")
            if anew:  # R3.7: `changed` gives it to somebody, if there is somebody now
                place.visit, place.event = visit, event
            return
        agent, reason = self.sticky.get(customer, (None, None))
        wait = Wait(customer, page, event, kind, [conversation], visit)
        wait.comments.append((conversation, comment))
        if agent is None:
            self.find(wait)  # R3.1
        elif not self.shop.allowed(agent, page):
            self.find(wait, lost="sticky_lost")  # R3.4
        elif anew and not self.shop.in_department(agent, visit):
            self.find(wait, lost="sticky_lost")  # R3.7
        elif self.shop.world["settings"]["auto_reassign"] and self.shop.offline(agent):  # R3.3
            self.find(wait, lost="reassigned_offline")
        elif row.agent != agent:  # R3.2
            self.record(conversation, kind, customer, agent, str(reason))

    def names_another(self, customer: str, visit: Visit) -> bool:
        """R3.7: whether a visitor asks for what they did not ask for before."""
        if visit.department is None:
            return False
        named = (visit.department, visit.region)
        before = self.named.get(customer)
        self.named[customer] = named
        return named != before

    def root_comment(
        self, event: str, customer: str, page: str, conversation: str, *, opens: bool
    ) -> None:
        """R4.1, unless a reply was there before it (R4.5)."""
        if self.is_known(event):
            return
        row = self.row(conversation)
        if conversation in self.removed:  # R4.6
            return
        if opens or row.version == 0:
            row.done = False  # I12
        place = self.place_of(conversation)
        if place is not None and self.shop.auto():
            place.comments.clear()
        elif self.shop.auto() and (row.version == 0 or row.vacant):
            self.find(Wait(customer, page, event, "comment", [conversation]))

    def reply(
        self, event: str, customer: str, page: str, conversation: str, comment: str, *, opens: bool
    ) -> None:
        """R4.3: it belongs to the root's conversation, and opens it again (I12) if it is by whoever
        it is decided for, or counted with them (`opens`). R4.5: where nobody was to answer the
        root, the first one asks for somebody."""
        known = self.is_known(event)
        row = self.row(conversation)
        if comment in self.taken_back or conversation in self.removed:
            return
        if opens and not known:
            row.done = False
        place = self.place_of(conversation)
        if not self.shop.auto():
            return
        if place is not None and place.comments:
            place.comments.append((conversation, comment))
        elif row.version == 0 or row.vacant:
            row.done = row.done and row.version > 0
            wait = Wait(customer, page, event, "comment", [conversation])
            wait.comments.append((conversation, comment))
            self.find(wait)

    def remove(self, customer: str, conversation: str) -> None:
        """R4.6: it waits no more, and takes nobody's place."""
        self.removed.add(conversation)
        row = self.row(conversation)
        if row.version == 0:
            return
        row.done = True
        place = self.place_of(conversation)
        if place is not None:
            self.queue.remove(place)
            self.record(conversation, "comment", customer, None, "unassigned")

    def hear(self, place: Wait, conversation: str, comment: str) -> None:
        """R4.6: what a conversation waits for, if it was known from the first."""
        known = any(each == conversation for each, _ in place.comments)
        if known or conversation not in place.conversations:
            place.comments.append((conversation, comment))

    def take_back(self, waiting: str, customer: str, comment: str, kind: str) -> None:
        """R4.6: a conversation of which nothing is left waits no more; what is taken back before it
        comes is nothing. `waiting` is the customer or, of a reply, the conversation."""
        self.taken_back.add(comment)
        place = self.place_of(waiting)
        entry = (
            next((each for each in place.comments if each[1] == comment), None) if place else None
        )
        if place is None or entry is None:
            return
        place.comments = [each for each in place.comments if each != entry]
        conversation = entry[0]
        if any(each == conversation for each, _ in place.comments):
            return
        place.conversations.remove(conversation)
        if not place.conversations:
            self.queue.remove(place)
        self.record(conversation, kind, customer, None, "unassigned")
        self.row(conversation).vacant = kind == "comment"

    def find(self, wait: Wait, *, lost: str | None = None) -> None:
        """R2 among R1, and R5 where that is nobody. `lost` says why a former assignee goes."""
        name = self.shop.rule(wait.page)
        candidates = [] if name is None else self.shop.candidates(name, wait, self.load)
        nobody = (
            "queued" if self.shop.world["settings"]["when_nobody"] == "queue" else "no_candidate"
        )
        if name is not None and candidates:
            agent = self.choose(name, candidates, wait.event)
            reason = lost or REASONS[self.shop.world["rules"][name]["mode"]]
            self.settle(wait, agent, reason)
        elif lost == "reassigned_offline":  # R3.3: the assignee stays
            agent_now, reason_then = self.sticky[wait.customer]
            if self.row(wait.conversations[0]).agent != agent_now:
                self.settle(wait, agent_now, str(reason_then))
        else:
            if nobody == "queued":  # R5.1, else R5.2
                self.queue.append(wait)
            self.settle(wait, None, nobody)

    def settle(self, wait: Wait, agent: str | None, reason: str) -> None:
        """The same for all conversations of a place; nothing for one of which it is so already."""
        for each in wait.conversations:
            row = self.row(each)
            same = row.agent == agent and (agent is not None or row.reason == reason)
            if not same or (
                agent and wait.kind in STICKY and self.sticky[wait.customer][0] != agent
            ):
                self.record(each, wait.kind, wait.customer, agent, reason)

    def changed(self) -> None:
        """Something did: whoever became a candidate takes what waits, oldest first (R5.1)."""
        for wait in list(self.queue) if self.shop.auto() else []:
            name = self.shop.rule(wait.page)
            candidates = [] if name is None else self.shop.candidates(name, wait, self.load)
            if name is not None and candidates:
                self.queue.remove(wait)
                self.settle(wait, self.choose(name, candidates, wait.event), "queue_drained")

    def assign(
        self,
        customer: str,
        page: str,
        conversation: str,
        kind: str,
        *,
        agent: str | None,
        expected: int | None = None,
        only_from: str | None = None,
        take: bool = False,
    ) -> str:
        """R6.2 to R6.6; says what became of it."""
        row = self.row(conversation)
        refusal = None
        if not self.shop.assigns():
            refusal = "assignment_off"
        elif take and not self.shop.world["settings"]["take_unassigned"]:
            refusal = "taking_off"
        elif take and row.agent not in (None, agent):
            refusal = "already_taken"
        elif expected is not None and expected != row.version:
            refusal = "version_passed"
        elif agent == row.agent or (only_from is not None and row.agent != only_from):
            refusal = "unchanged"
        elif agent is not None and not self.shop.allowed(agent, page):
            refusal = "not_allowed"
        if refusal:
            return refusal
        reason = "taken" if take else "bulk" if only_from else "manual" if agent else "unassigned"
        self.give(conversation, kind, customer, agent, reason)
        return "applied"

    def give(
        self, conversation: str, kind: str, customer: str, agent: str | None, reason: str
    ) -> None:
        """Manually; all that waits for the same answer goes along (R5.3)."""
        place = self.place_of(customer if kind in STICKY else conversation)
        self.record(conversation, kind, customer, agent, reason)
        if place is not None:
            self.queue.remove(place)
            for each in place.conversations:
                if each != conversation:
                    self.record(each, kind, customer, agent, reason)

    def return_to_rotation(
        self, event: str, customer: str, page: str, conversation: str, kind: str, *, only_from: str
    ) -> str:
        """R6.5: the rule chooses somebody else, unless the customer has somebody else by now."""
        if not self.shop.assigns():
            return "assignment_off"
        if self.row(conversation).agent != only_from:
            return "unchanged"
        keeper = self.sticky[customer][0] if kind in STICKY else None
        if not self.shop.auto():
            self.give(conversation, kind, customer, None, "bulk")
        elif keeper not in (None, only_from) and self.shop.allowed(str(keeper), page):
            self.record(conversation, kind, customer, keeper, "bulk")
        else:
            wait = Wait(customer, page, event, kind, [conversation], leavers=[only_from])
            self.record(conversation, kind, customer, None, "queued")
            place = self.place_of(customer) if kind in STICKY else None
            if place is not None and place.leavers:  # R3.6
                place.conversations.append(conversation)
                if only_from not in place.leavers:
                    place.comments.clear()
                    place.leavers.append(only_from)
                    place.event = event
                return "applied"
            if place is not None:
                self.queue.remove(place)
                wait.conversations = [*place.conversations, conversation]
            self.find(wait, lost="bulk")
            if conversation in self.removed and wait in self.queue:  # R4.6
                self.queue.remove(wait)
                self.record(conversation, kind, customer, None, "unassigned")
        return "applied"

    def done(self, customer: str, conversation: str, kind: str, *, done: bool) -> None:
        """I12: it frees its place, and if it waits it waits no more."""
        self.row(conversation).done = done
        if not done and self.row(conversation).version:
            self.removed.discard(conversation)
        place = self.place_of(customer if kind in STICKY else conversation)
        if not done or place is None or conversation not in place.conversations:
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
        row.vacant = False
        row.waiting = reason == "queued"
        if kind in STICKY:
            self.sticky[customer] = (agent, reason)

    def choose(self, name: str, candidates: list[str], event: str) -> str:
        """R2.1 to R2.3."""
        order = [agent for agent, _, _ in self.shop.pool(name)]
        mode = self.shop.world["rules"][name]["mode"]
        if mode == "random":
            drawn = int.from_bytes(blake2b(event.encode(), digest_size=16).digest(), "big")
            agent = candidates[drawn % len(candidates)]
        else:
            if mode == "least_loaded":  # R2.3
                least = min(map(self.load, candidates))
                candidates = [each for each in candidates if self.load(each) == least]
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
