"""Random histories of a page's inbox, as records of the log."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from support.inbox_inbound import PAGE, Place
from support.inbox_outbound import OutboundHistory
from tuyen_events.assignments import AssignmentChanged, AssignmentMade, AssignmentQueued, Choice
from tuyen_events.commands import AssignConversation, MarkConversationDone, ReturnToRotation
from tuyen_events.ids import AgentId, ConversationId, CustomerId, RuleId, customer_key
from tuyen_events.marks import ConversationRead
from tuyen_events.pools import Excluded, PoolRecorded
from tuyen_events.topics import ASSIGNMENTS, COMMANDS, INBOUND, MARKS, POOLS
from tuyen_events.vocabulary import Channel, Exclusion, Reason, Strategy
from tuyen_platform.kafka.ports import FetchedRecords, Record


@dataclass
class History(OutboundHistory):
    """Writes records as ingest, the router and the gateway do; the same seed, the same history."""

    versions: dict[ConversationId, int] = field(default_factory=lambda: defaultdict(int))

    def grow(self, steps: int) -> "History":
        """Adds `steps` things that happen."""
        doings = (
            (self.message, 30),
            (self.echo, 12),
            (self.comment, 25),
            (self.page_comment, 10),
            (self.stillborn, 6),
            (self.change_message, 8),
            (self.change_comment, 20),
            (self.progress, 5),
            (self.follow, 4),
            (self.assign, 12),
            (self.read, 10),
            (self.done, 4),
            (self.visit, 6),
            (self.command, 3),
            (self.reply, 15),
            (self.settle, 12),
            (self.echo_reply, 5),
            (self.cancel, 2),
            (self.describe, 6),
            (self.retry, 4),
            (self.act, 8),
            (self.double, 12),
        )
        for _ in range(steps):
            doing = self.random.choices([d for d, _ in doings], [w for _, w in doings])[0]
            doing()
        return self

    def assign(self) -> None:
        conversation, who, kind = self.random.choice(self.conversations())
        if self.random.random() < 0.9:
            self.versions[conversation] += 1
        agent = self.random.choice([AgentId("an"), AgentId("binh.1"), None])
        event_type = (
            AssignmentQueued
            if agent is None
            else self.random.choice([AssignmentMade, AssignmentChanged])
        )
        number = str(next(self.numbers))
        event = event_type(
            organization=self.organization,
            page_id=PAGE,
            conversation_id=conversation,
            customer_id=CustomerId(who.id),
            kind=kind,
            version=max(1, self.versions[conversation]),
            agent_id=agent,
            previous_agent_id=None,
            reason=Reason.ROTATION,
            rule_id=RuleId("rule"),
            mode=Strategy.SEQUENTIAL,
            by=None,
            caused_by=number,
            at=self.clock,
            choice=Choice(pool_id=self.pool(), rule_version=1, after=AgentId("an"), load=2),
            settings_version=4,
        )
        key = customer_key(self.organization, PAGE, who.external_id)
        self.append(ASSIGNMENTS, conversation, event, id_=number, at=key)

    def pool(self) -> str:
        """A pool of a rule, published again now and then."""
        number = self.random.randrange(4)
        event = PoolRecorded(
            id=f"pool-{number}",
            organization=self.organization,
            rule_id=RuleId("rule"),
            rule_version=number,
            mode=Strategy.SEQUENTIAL,
            order=(AgentId("an"), AgentId("binh.1")),
            candidates=(AgentId("an"),),
            excluded=(Excluded(agent_id=AgentId("binh.1"), why=Exclusion.OFFLINE),),
        )
        self.append(POOLS, event.id, event, id_=event.id)
        return event.id

    def command(self) -> None:
        """A manager asks the router for something: this changes nothing in the inbox."""
        conversation, who, kind = self.random.choice(self.conversations())
        number = str(next(self.numbers))
        asked: dict[str, Any] = {
            "command_id": number,
            "organization": self.organization,
            "page_id": PAGE,
            "conversation_id": conversation,
            "customer_id": who.id,
            "customer_external_id": who.external_id,
            "kind": kind,
            "by": AgentId("an"),
            "at": self.clock,
        }
        event = self.random.choice(
            [
                AssignConversation(**asked, agent_id=AgentId("binh.1"), bulk=True),
                ReturnToRotation(**asked, channel=Channel.FACEBOOK, only_from=AgentId("an")),
            ]
        )
        key = customer_key(self.organization, PAGE, who.external_id)
        self.append(COMMANDS, key, event, id_=number)

    def read(self) -> None:
        conversation, _, _ = self.random.choice(self.conversations())
        event = ConversationRead(
            organization=self.organization,
            conversation_id=conversation,
            agent_id=AgentId(self.random.choice(["an", "binh.1"])),
            seen_events=self.random.randrange(6),
            seen=self.random.choice(
                [None, {str(place): self.random.randrange(20) for place in range(24)}]
            ),
            at=self.clock,
        )
        self.append(MARKS, conversation, event, id_=str(next(self.numbers)))

    def done(self) -> None:
        conversation, who, kind = self.random.choice(self.conversations())
        number = str(next(self.numbers))
        event = MarkConversationDone(
            command_id=number,
            organization=self.organization,
            page_id=PAGE,
            conversation_id=conversation,
            customer_id=who.id,
            customer_external_id=who.external_id,
            kind=kind,
            done=self.random.random() < 0.8,
            seen_events=self.random.randrange(6),
            by=AgentId("an"),
            at=self.clock,
        )
        key = customer_key(self.organization, PAGE, who.external_id)
        self.append(COMMANDS, key, event, id_=number)

    def double(self) -> None:
        """A webhook is delivered again, some time after."""
        places = [p for p, records in self.records.items() if p[0] == INBOUND.name and records]
        if places:
            self.again(self.random.choice(self.records[self.random.choice(places)]))


def batches(
    records: dict[Place, list[Record]], random: Random, size: int = 40
) -> Iterator[FetchedRecords]:
    """All records, each partition in its order, cut and mixed at random."""
    rest: dict[Place, Sequence[Record]] = {place: tuple(found) for place, found in records.items()}
    while rest:
        batch: dict[Place, Sequence[Record]] = {}
        for place in random.sample(sorted(rest), random.randint(1, len(rest))):
            count = random.randint(1, max(1, size // 4))
            batch[place], rest[place] = rest[place][:count], rest[place][count:]
            if not rest[place]:
                del rest[place]
        yield batch
