"""A synthetic market, as events: organizations with pages and agents, and their customers.

All of it is derived from numbers, so that every run has the same load.
"""

import asyncio
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import RecordMetadata

from support.organizations import agent, directory_record, page, rule, settings
from tuyen_events import ids
from tuyen_events.assignments import AssignmentMade, InputOffsets
from tuyen_events.codec import encode
from tuyen_events.directory import DirectoryEvent
from tuyen_events.event import Envelope, Event
from tuyen_events.inbound import CommentAdded, Customer, MessageReceived
from tuyen_events.presence import PresenceChanged
from tuyen_events.topic import CUSTOMER_PARTITIONS, Topic
from tuyen_events.topics import ASSIGNMENTS, CUSTOMERS, DIRECTORY, INBOUND, PRESENCE
from tuyen_events.vocabulary import (
    Channel,
    ConversationKind,
    Presence,
    PresenceCause,
    Reason,
    Strategy,
)
from tuyen_platform.kafka.partitions import partition_of
from tuyen_router.domain.customer_records import CustomerRecord
from tuyen_router.domain.customer_state import CustomerState, apply_assignment
from tuyen_router.domain.seen import REMEMBERED_EVENTS, remember_seen
from tuyen_router.domain.snapshot import with_summary
from tuyen_router.stages.records import assignment_record
from tuyen_router.stages.tables import customer_entry, tail_entry

PAGES_PER_ORGANIZATION = 10
_NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
_CHANNEL = Channel.FACEBOOK

_BATCH_BYTES = 512 * 1024

Keyed = tuple[Topic, str, Envelope]


class Placed(NamedTuple):
    """A record for a partition of its topic."""

    partition: int
    key: bytes
    value: bytes | None
    headers: list[tuple[str, bytes]]


def organization_of(page: int) -> ids.OrganizationId:
    return ids.OrganizationId(f"shop-{page // PAGES_PER_ORGANIZATION}")


def page_id(page: int) -> ids.PageId:
    return ids.PageId(f"page-{page}")


def directory(pages: int, agents: int) -> Iterator[Keyed]:
    """`pages` pages, each organization with `agents` agents who are all online."""
    for first in range(0, pages, PAGES_PER_ORGANIZATION):
        organization = organization_of(first)
        about: dict[str, Any] = {"organization": organization, "at": _NOW}
        staff = [ids.AgentId(f"agent-{number}") for number in range(agents)]
        yield _change(settings(**about, assignment=True, auto_assign=True))
        for number in range(first, min(first + PAGES_PER_ORGANIZATION, pages)):
            yield _change(page(page_id(number), **about, external_id=str(number)))
        for one in staff:
            yield _change(agent(one, **about))
            key = f"{organization}/{one}"
            yield PRESENCE, key, _envelope(one, _online(organization, one))
        yield _change(rule("everyone", (), **about))


def message(number: int, page: int, customer: int) -> tuple[str, Envelope]:
    """The key and event of one message; `number` tells it from all others."""
    organization, on = organization_of(page), page_id(page)
    external = f"67{customer:014d}"
    who = ids.customer_id(organization, on, external)
    event = MessageReceived(
        organization=organization,
        page_id=on,
        channel=_CHANNEL,
        occurred_at=_NOW + timedelta(seconds=number),
        accepted_at=_NOW + timedelta(seconds=number),
        customer=Customer(id=who, external_id=external),
        conversation_id=ids.message_thread_id(who),
        message_id=ids.message_id(organization, on, f"m_{number}"),
        external_id=f"m_{number}",
        text="Shop ơi, áo này còn size M không ạ? Cho mình xin giá với",
    )
    return ids.customer_key(organization, on, external), _envelope(f"m_{number}", event)


def comment(number: int, page: int, customer: int) -> tuple[str, Envelope]:
    """The key and event of one root comment on a feed post."""
    organization, on = organization_of(page), page_id(page)
    external = f"67{customer:014d}"
    event = CommentAdded(
        organization=organization,
        page_id=on,
        channel=_CHANNEL,
        occurred_at=_NOW + timedelta(seconds=number),
        accepted_at=_NOW + timedelta(seconds=number),
        customer=Customer(
            id=ids.customer_id(organization, on, external), external_id=external, name="Lan"
        ),
        conversation_id=ids.comment_thread_id(organization, on, f"9_{number}"),
        message_id=ids.message_id(organization, on, f"9_{number}"),
        external_id=f"9_{number}",
        post_external_id=f"{page}_9",
        text="Giá bao nhiêu shop?",
    )
    return ids.customer_key(organization, on, external), _envelope(f"9_{number}", event)


def mix(events: int, pages: int, known: int, first: int = 0) -> Iterator[tuple[str, Envelope]]:
    """70 % messages of known customers, 20 % root comments, 10 % first messages, interleaved.

    `first` is how many of the mix were there before; a multiple of ten.
    """
    for number in range(first, first + events):
        page = (number * 7919) % pages
        match number % 10:
            case 0:
                yield message(number + known, page, known + number)
            case 1 | 6:
                yield comment(number, page, (number * 31) % known)
            case _:
                customer = (number * 104_729) % known
                yield message(number + known, customer % pages, customer)


def acquaintances(pages: int, known: int) -> Iterator[tuple[str, Envelope]]:
    """The first message of each known customer."""
    for customer in range(known):
        yield message(customer, customer % pages, customer)


def make_known(pages: int, agents: int, count: int) -> Iterator[tuple[Topic, Placed]]:
    """`count` customers of long standing, as a router wrote them: the records of its two tables,
    and that all assignments are in the snapshot.

    Every one has an agent, and as many recent events as a customer can have. They were the first in
    the log: to be written together with `history`.
    """
    last = REMEMBERED_EVENTS - 1
    earlier = b""
    for offset in range(last):
        number = ids.event_id("earlier", str(offset))
        earlier = remember_seen(earlier, number, ids.ConversationId("earlier"), offset)
    written = [0] * CUSTOMER_PARTITIONS
    for customer in range(count):
        page = customer % pages
        key, envelope = message(customer, page, customer)
        event = envelope.data
        if not isinstance(event, MessageReceived) or event.conversation_id is None:
            raise TypeError("a message of a customer is expected")
        place = partition_of(key, CUSTOMER_PARTITIONS)
        who = event.customer.id
        made = AssignmentMade(
            organization=event.organization,
            page_id=event.page_id,
            conversation_id=event.conversation_id,
            customer_id=who,
            kind=ConversationKind.MESSAGE,
            version=1,
            agent_id=ids.AgentId(f"agent-{customer % agents}"),
            previous_agent_id=None,
            reason=Reason.ROTATION,
            rule_id=ids.RuleId("everyone"),
            mode=Strategy.SEQUENTIAL,
            by=None,
            caused_by=envelope.id,
            at=_NOW,
            settings_version=1,
            request_id=f"{INBOUND.name}/{place}/0",
            sources=InputOffsets(inbound=last),
        )
        record = assignment_record(made)
        yield ASSIGNMENTS, Placed(place, record.key or b"", record.value, record.headers)
        written[place] += 1
        seen = remember_seen(earlier, ids.EventId(envelope.id), event.conversation_id, last)
        partition = CustomerState(place)
        apply_assignment(partition, made)
        saved = with_summary(partition, who, CustomerRecord(None, seen))
        yield CUSTOMERS, Placed(place, *customer_entry(who, saved), [])
    for place, end in enumerate(written):
        partition = CustomerState(place, handled=InputOffsets(inbound=last), written=end)
        yield CUSTOMERS, Placed(place, *tail_entry(partition), [])


def history() -> Iterator[tuple[Topic, Placed]]:
    """As many places in the inbound log as `known` customers have seen, with nothing in them."""
    for place in range(CUSTOMER_PARTITIONS):
        for _ in range(REMEMBERED_EVENTS):
            yield INBOUND, Placed(place, b"-", None, [])


async def publish(
    bootstrap_servers: str, prefix: str, topic: Topic, events: Iterable[tuple[str, Envelope]]
) -> None:
    """Appends events, in the order of each partition."""
    await write(bootstrap_servers, prefix, ((topic, place_event(topic, *each)) for each in events))


def place_event(topic: Topic, key: str, envelope: Envelope) -> Placed:
    """An event as it is in the log."""
    return Placed(partition_of(key, topic.partitions), key.encode(), *encode(envelope))


async def write(
    bootstrap_servers: str, prefix: str, records: Iterable[tuple[Topic, Placed]]
) -> None:
    """Appends records, in the order of each partition."""
    async with AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers, acks=1, max_batch_size=_BATCH_BYTES
    ) as producer:
        open_batches: dict[tuple[str, int], BatchBuilder] = {}
        sent: list[asyncio.Future[RecordMetadata]] = []

        async def send(place: tuple[str, int]) -> None:
            topic, partition = place
            batch = open_batches.pop(place)
            sent.append(await producer.send_batch(batch, prefix + topic, partition=partition))

        for topic, (partition, key, value, headers) in records:
            place = (topic.name, partition)
            batch = open_batches.get(place)
            if batch is not None:
                if batch.append(timestamp=None, key=key, value=value, headers=headers) is not None:
                    continue
                await send(place)
            batch = open_batches[place] = producer.create_batch()
            batch.append(timestamp=None, key=key, value=value, headers=headers)
        for place in list(open_batches):
            await send(place)
        await asyncio.gather(*sent)


def _envelope(source_id: str, event: Event) -> Envelope:
    return Envelope(
        id=ids.event_id(event.type, source_id), source="market", subject="", time=_NOW, data=event
    )


def _change(event: DirectoryEvent) -> Keyed:
    return DIRECTORY, *directory_record(event)


def _online(organization: ids.OrganizationId, agent: ids.AgentId) -> PresenceChanged:
    return PresenceChanged(
        organization=organization,
        agent_id=agent,
        presence=Presence.ONLINE,
        previous=Presence.OFFLINE,
        cause=PresenceCause.LOGIN,
        at=_NOW,
        version=1,
    )
