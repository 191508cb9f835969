"""What happened to a shop so far, for the router and for the model alike."""

from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from router.model.model import STICKY, Model
from router.model.simulation import START, Simulation
from router.model.threads import Thread, partition_of
from router.model.world import PARTITIONS, PEOPLE, World
from support.organizations import SHOP
from tuyen_events.assignments import AssignmentEvent
from tuyen_events.codec import decode_data, encode
from tuyen_events.event import Envelope, Event
from tuyen_events.ids import ConversationId, CustomerId, MessageId, PageId
from tuyen_events.inbound import Customer
from tuyen_events.topics import ASSIGNMENTS
from tuyen_events.vocabulary import Channel
from tuyen_stream import OutRecord


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

    def customer_of(self, thread: Thread) -> str | None:
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
        return thread.customer if thread.id in self.rooted else self.first_replier(thread)

    def first_replier(self, thread: Thread) -> str | None:
        return next(iter(self.repliers.get(thread.id, [])), None)

    def about(self, thread: Thread, by: str | None = None) -> dict[str, Any]:
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

    def append(
        self, topic: str, thread: Thread, key: str, body: Event, place: int | None = None
    ) -> None:
        value, headers = encode(
            Envelope(id=key, source="test", subject=thread.id, time=START, data=body)
        )
        self.simulation.topics.append(
            (topic, thread.partition if place is None else place),
            OutRecord(thread.customer.encode(), value, headers),
        )

    def events_of(self, thread: Thread) -> list[int]:
        """The inbound offsets of a conversation's events in the partition where commands about it
        go, of those delivered twice the first."""
        place = partition_of(str(self.customer_of(thread)))
        offsets = self.offsets.get(thread.id, {}).values()
        return [offset for partition, offset in offsets if partition == place]


def assignments(simulation: Simulation) -> dict[str, list[AssignmentEvent]]:
    """Each conversation's records, in the order of the log."""
    found: dict[str, list[AssignmentEvent]] = {}
    for event in simulation.topics.events(ASSIGNMENTS.name):
        assert isinstance(event, AssignmentEvent)
        found.setdefault(event.conversation_id, []).append(event)
    return found
