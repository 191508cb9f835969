"""A synthetic market, as events: organizations with pages and agents, and their customers.

All of it is derived from numbers, so that every run has the same load.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from aiokafka import AIOKafkaProducer

from tuyen_events import ids
from tuyen_events.codec import encode
from tuyen_events.directory import (
    AgentChanged,
    PageChanged,
    RuleChanged,
    SettingsChanged,
    directory_key,
)
from tuyen_events.event import Envelope, Event
from tuyen_events.inbound import CommentAdded, Customer, MessageReceived
from tuyen_events.presence import PresenceChanged
from tuyen_events.topics import DIRECTORY, PRESENCE, Topic
from tuyen_events.vocabulary import Channel, Mode, Presence, PresenceCause, Role
from tuyen_platform.kafka.partitions import partition_of

PAGES_PER_ORGANIZATION = 10
_NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
_CHANNEL = Channel.FACEBOOK

Keyed = tuple[Topic, str, Envelope]


def organization_of(page: int) -> ids.OrganizationId:
    return ids.OrganizationId(f"shop-{page // PAGES_PER_ORGANIZATION}")


def page_id(page: int) -> ids.PageId:
    return ids.PageId(f"page-{page}")


def directory(pages: int, agents: int) -> Iterator[Keyed]:
    """`pages` pages, each organization with `agents` agents who are all online."""
    for first in range(0, pages, PAGES_PER_ORGANIZATION):
        organization = organization_of(first)
        staff = [ids.AgentId(f"agent-{number}") for number in range(agents)]
        yield _entity(
            organization,
            "settings",
            "",
            SettingsChanged(organization=organization, at=_NOW, assignment=True, auto_assign=True),
        )
        for page in range(first, min(first + PAGES_PER_ORGANIZATION, pages)):
            changed = PageChanged(
                organization=organization,
                at=_NOW,
                id=page_id(page),
                channel=_CHANNEL,
                external_id=str(page),
                name=f"Page {page}",
            )
            yield _entity(organization, "page", changed.id, changed)
        for agent in staff:
            yield _entity(
                organization,
                "agent",
                agent,
                AgentChanged(
                    organization=organization,
                    at=_NOW,
                    id=agent,
                    name=agent,
                    username=agent,
                    role=Role.AGENT,
                ),
            )
            yield (
                PRESENCE,
                f"{organization}/{agent}",
                _envelope(agent, _online(organization, agent)),
            )
        rule = RuleChanged(
            organization=organization,
            at=_NOW,
            id=ids.RuleId("everyone"),
            name="Everyone",
            enabled=True,
            mode=Mode.SEQUENTIAL,
        )
        yield _entity(organization, "rule", rule.id, rule)


def message(number: int, page: int, customer: int) -> tuple[str, Envelope]:
    """The key and event of one message; `number` tells it from all others."""
    organization, on = organization_of(page), page_id(page)
    external = f"67{customer:014d}"
    who = ids.customer_id(organization, on, external)
    event = MessageReceived(
        organization=organization,
        page_id=on,
        channel=_CHANNEL,
        occurred_at=_NOW,
        accepted_at=_NOW,
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
        occurred_at=_NOW,
        accepted_at=_NOW,
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


def mix(events: int, pages: int, known: int) -> Iterator[tuple[str, Envelope]]:
    """70 % messages of known customers, 20 % root comments, 10 % first messages, interleaved."""
    for number in range(events):
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


async def publish(
    bootstrap_servers: str, prefix: str, topic: Topic, events: Iterable[tuple[str, Envelope]]
) -> int:
    """Appends events in large batches; returns how many."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, linger_ms=20, acks=1)
    await producer.start()
    count, last = 0, None
    try:
        for key, envelope in events:
            value, headers = encode(envelope)
            raw = key.encode()
            last = await producer.send(
                prefix + topic.name,
                key=raw,
                value=value,
                headers=headers,
                partition=partition_of(raw, topic.partitions),
            )
            count += 1
        await producer.flush()
    finally:
        await producer.stop()
    if last is not None:
        await last
    return count


def _envelope(source_id: str, event: Event) -> Envelope:
    return Envelope(
        id=ids.event_id(event.type, source_id), source="market", subject="", time=_NOW, data=event
    )


def _entity(organization: ids.OrganizationId, entity: str, name: str, event: Event) -> Keyed:
    return DIRECTORY, directory_key(organization, entity, name), _envelope(entity + name, event)


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
