"""The CRM: how many commands one worker decides, how many claims of fifty members who all want the
same contacts, and what a manager waits for in a list of a million contacts.

The decider runs alone, on a real Kafka; the time for appending the commands is in its figures. The
lists are read in the gateway's own code, beside a MongoDB.
"""

import asyncio
import os
import random
import secrets
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from bench import log as logs
from bench.people import name_of
from bench.report import Bar, Row, median_of
from tuyen_crm.decider import CommandDecider
from tuyen_events.codec import decode, encode
from tuyen_events.conversation_filter import Holder
from tuyen_events.crm.claims import ClaimContact, ContactClaimed
from tuyen_events.crm.contacts import ObserveCustomer, RenameContact
from tuyen_events.crm.records import CrmCommand
from tuyen_events.crm.warehouses import PutWarehouse
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, ContactId, CustomerId, OrganizationId, PageId, contact_id
from tuyen_events.topic import Topic
from tuyen_events.topics import CONTACTS, CRM_COMMANDS, CRM_RESULTS
from tuyen_events.vocabulary import Channel
from tuyen_gateway.adapters.crm import MongoCrm
from tuyen_gateway.domain.contact_filter import ContactFilter, ContactOrder
from tuyen_gateway.domain.contact_visibility import ContactScope
from tuyen_local import mongodb, server
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.ports import ProducerRecord
from tuyen_platform.kafka.topics import ensure_topics
from tuyen_platform.mongodb import Database, connect
from tuyen_platform.text import fold_accents
from tuyen_views.contacts import CONTACTS_VIEW, ContactDocument
from tuyen_views.names import list_suffixes

IN_A_LIST = int(os.environ.get("BENCH_CONTACTS", "1000000"))
CUSTOMERS = 10_000
CLAIMED, MEMBERS = 400, 50
RUNS = 3
ASKED = 200
PAGE = 50
BAR_MS = 50.0

_UNMEASURED = 10
_AT_ONCE = 5_000
_APPENDED = 1_000
_SHOP, _PAGE = OrganizationId("shop"), PageId("page")
_START = datetime(2026, 1, 1, tzinfo=UTC)

_SEARCHES = {
    "a family name": ContactFilter(words="nguyễn"),
    "a part of a name": ContactFilter(words="ốc khánh"),
    "one letter": ContactFilter(words="a"),
    "a name that nobody has": ContactFilter(words="zuyên thị"),
    "a part of a phone number": ContactFilter(words="0903 123 456"),
    "the last digits of a phone number": ContactFilter(phone="123456"),
    "the last two digits": ContactFilter(phone="56"),
    "an email": ContactFilter(email="khach.123456@shop.example"),
    "an agent": ContactFilter(held_by=Holder(agent_id=AgentId("agent-7"))),
    "nobody": ContactFilter(held_by=Holder(agent_id=None)),
}


async def measure(kafka: str) -> list[Row]:
    """Each run has topics of its own."""
    commands, claims = [], []
    for _ in range(RUNS):
        commands.append(await _measure_commands(kafka))
        claims.append(await _measure_claims(kafka))
    return [
        median_of("CRM, decided by one worker", "commands/s", commands),
        median_of(f"CRM, claims by {MEMBERS} members", "claims/s", [rate for rate, _ in claims]),
        Row(
            figure="CRM, contacts that two members got",
            value=sum(doubled for _, doubled in claims),
            unit="contacts",
            runs=RUNS,
            bar=Bar(most=0),
        ),
        *await _measure_lists(),
    ]


async def _measure_commands(kafka: str) -> float:
    """Half create a contact, half change the name of one."""
    commands = [
        *(_observe(number) for number in range(CUSTOMERS)),
        *(_rename(number) for number in range(CUSTOMERS)),
    ]
    async with _decider(kafka) as (log, prefix):
        taken = await _decide(kafka, log, prefix, commands, CONTACTS)
    return len(commands) / taken


async def _measure_claims(kafka: str) -> tuple[float, int]:
    """All members claim each contact, in any order; returns the claims decided per second, and how
    many contacts more than one of them got."""
    members = tuple(AgentId(f"agent-{number}") for number in range(MEMBERS))
    put = PutWarehouse(
        **_common(0), by=members[0], id="north", name="North", members=members, sources=(_PAGE,)
    )
    claims = [_claim(number, each) for number in range(CLAIMED) for each in members]
    random.Random(0).shuffle(claims)  # noqa: S311 - no secret
    async with _decider(kafka) as (log, prefix):
        await _decide(kafka, log, prefix, [put, *map(_observe, range(CLAIMED))], CONTACTS)
        taken = await _decide(kafka, log, prefix, claims, CRM_RESULTS)
        got = await _count_claimed(log)
    if len(got) != CLAIMED:
        raise RuntimeError(f"{len(got)} of {CLAIMED} contacts were claimed")
    return len(claims) / taken, sum(count > 1 for count in got.values())


@asynccontextmanager
async def _decider(kafka: str) -> AsyncIterator[tuple[KafkaLog, str]]:
    """A log with topics of its own, and a decider that has decided something already."""
    prefix = f"bench{secrets.token_hex(3)}."
    await ensure_topics(kafka, prefix, 1)
    async with KafkaLog(kafka, prefix) as log:
        running = asyncio.create_task(CommandDecider(log).run())
        try:
            await _decide(kafka, log, prefix, [_observe(-1)], CONTACTS)
            yield log, prefix
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def _decide(
    kafka: str, log: KafkaLog, prefix: str, commands: Sequence[CrmCommand], answered: Topic
) -> float:
    """Seconds from the first command to the last record that follows; each command gives one in
    this topic."""
    before = await logs.ends(kafka, prefix, answered)
    records = [_record(each) for each in commands]
    started = time.time()
    for start in range(0, len(records), _APPENDED):
        await log.append_all(records[start : start + _APPENDED])
    expected = sum(before.values()) + len(commands)
    await logs.wait_for_records(kafka, prefix, answered, expected)
    _, last = await logs.span(kafka, prefix + answered.name, before)
    return last - started


async def _count_claimed(log: KafkaLog) -> Counter[ContactId]:
    """How many agents got each contact."""
    got = Counter[ContactId]()
    async with log.tail(CONTACTS) as tail:
        async for batch in tail.batches():
            for record in chain.from_iterable(batch.values()):
                event = decode(record.headers, record.value or b"").data
                if isinstance(event, ContactClaimed):
                    got[event.contact_id] += 1
            if tail.caught_up:
                return got
    return got


def _record(command: CrmCommand) -> ProducerRecord:
    envelope = Envelope(
        id=command.command_id, source="bench", subject="", time=command.at, data=command
    )
    return ProducerRecord(CRM_COMMANDS, command.organization, *encode(envelope))


def _common(number: int) -> dict[str, Any]:
    return {"command_id": f"cmd_{secrets.token_hex(12)}", "organization": _SHOP, "at": _at(number)}


def _customer(number: int) -> CustomerId:
    return CustomerId(f"cus_{number:024}")


def _at(number: int) -> datetime:
    return _START + timedelta(seconds=number * 7919 % IN_A_LIST)


def _observe(number: int) -> ObserveCustomer:
    return ObserveCustomer(
        **_common(number),
        contact_id=contact_id(_customer(number)),
        customer_id=_customer(number),
        page_id=_PAGE,
        channel=Channel.FACEBOOK,
        external_id=f"psid-{number}",
        name=name_of(number),
        caused_by=f"evt_{number}",
    )


def _rename(number: int) -> RenameContact:
    return RenameContact(
        **_common(number),
        contact_id=contact_id(_customer(number)),
        name=f"Chị {number}",
        by=AgentId("agent-0"),
    )


def _claim(number: int, by: AgentId) -> ClaimContact:
    return ClaimContact(
        **_common(number),
        contact_id=contact_id(_customer(number)),
        warehouse_id="north",
        by=by,
    )


async def _measure_lists() -> list[Row]:
    """The 99th percentile of each question, asked one after the other."""
    with tempfile.TemporaryDirectory(prefix="tuyen-bench-") as name:
        place = Path(name)
        views = await server.start(
            mongodb, place / "mongodb", place, os.environ.get("TUYEN_MONGODB")
        )
        try:
            database = connect(views.address, f"bench{secrets.token_hex(3)}")
            await _fill(database)
            return await _ask(MongoCrm(database))
        finally:
            await views.stop()


async def _fill(database: Database) -> None:
    collection = database[CONTACTS_VIEW.collection]
    for start in range(0, IN_A_LIST, _AT_ONCE):
        numbers = range(start, start + _AT_ONCE)
        documents = [CONTACTS_VIEW.encode(_contact(number)) for number in numbers]
        await collection.insert_many(documents, ordered=False)
    await collection.create_indexes(list(CONTACTS_VIEW.indexes))


def _contact(number: int) -> ContactDocument:
    """One in three has an assignee."""
    name = name_of(number)
    return ContactDocument(
        id=contact_id(_customer(number)),
        organization=_SHOP,
        name=name,
        name_folded=fold_accents(name),
        name_suffixes=list_suffixes(fold_accents(name)),
        phones=(f"+84903{number:06}",),
        emails=(f"khach.{number}@shop.example",),
        customers=(),
        warehouse_id="north",
        source=_PAGE,
        assignee=AgentId(f"agent-{number % 1000}") if number % 3 == 0 else None,
        created_at=_at(number),
        updated_at=_at(number * 13),
        version=1,
        sequence=1,
    )


async def _ask(crm: MongoCrm) -> list[Row]:
    agent, north = AgentId("agent-7"), frozenset({"north"})
    scopes = {
        "manager": ContactScope(organization=_SHOP, agent_id=agent, managed=north),
        "member": ContactScope(organization=_SHOP, agent_id=agent, joined=north),
    }
    orders = {f"by {order.value}": ContactFilter(order=order) for order in ContactOrder}
    rows = []
    for who, scope in scopes.items():
        for what, wanted in {**orders, **_SEARCHES}.items():
            ask = partial(crm.contacts, scope, wanted, PAGE, None)
            figure = f"{IN_A_LIST:,} contacts, a {who}'s list, {what}, p99"
            value = await _percentile(ask)
            rows.append(
                Row(figure=figure, value=value, unit="ms", runs=ASKED, bar=Bar(most=BAR_MS))
            )
    return rows


async def _percentile(ask: Callable[[], Awaitable[object]]) -> float:
    for _ in range(_UNMEASURED):
        await ask()
    taken = []
    for _ in range(ASKED):
        started = time.perf_counter()
        await ask()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.quantiles(taken, n=100, method="inclusive")[98]
