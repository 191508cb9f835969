"""The CRM: how many commands one worker decides, how many claims of fifty members who all want the
same contacts, how soon it has recovered its contacts, how many rows of a file become contacts, and
what the viewers of a million contacts wait for.

The decider runs alone, on a real Kafka; the time for appending the commands is in its figures.
"""

import asyncio
import logging
import os
import random
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import structlog

from bench import log as logs
from bench.contact_lists import measure_lists
from bench.imports import measure_import
from bench.people import name_of
from bench.report import Bar, Row, median_of
from tuyen_crm.decider import CommandDecider
from tuyen_crm.states import OrganizationStates
from tuyen_events.codec import decode, encode
from tuyen_events.crm.claims import ClaimContact, ContactClaimed
from tuyen_events.crm.contacts import ObserveCustomer, RenameContact
from tuyen_events.crm.records import CrmCommand
from tuyen_events.crm.warehouses import PutWarehouse
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, ContactId, CustomerId, OrganizationId, PageId, contact_id
from tuyen_events.topic import Topic
from tuyen_events.topics import CONTACTS, CRM_COMMANDS, CRM_RESULTS, CRM_STATE
from tuyen_events.vocabulary import Channel
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.ports import ProducerRecord
from tuyen_platform.kafka.topics import ensure_topics

CUSTOMERS = int(os.environ.get("BENCH_CUSTOMERS", "10000"))
CLAIMED, MEMBERS = 400, 50
RECOVERED = int(os.environ.get("BENCH_RECOVERED", "100000"))
RUNS = int(os.environ.get("BENCH_RUNS", "3"))

_APPENDED = 1_000
_SHOP, _PAGE = OrganizationId("shop"), PageId("page")
_START = datetime(2026, 1, 1, tzinfo=UTC)


async def measure(kafka: str) -> list[Row]:
    """Each run has topics of its own. The decider's log of each event is left out."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
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
        await _measure_recovery(kafka),
        *await measure_import(kafka),
        *await measure_lists(),
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


async def _measure_recovery(kafka: str) -> Row:
    """How long a worker that has all organizations reads their state, before it decides again."""
    async with _decider(kafka) as (log, prefix):
        await _decide(kafka, log, prefix, [*map(_observe, range(RECOVERED))], CONTACTS)
        started = time.perf_counter()
        await OrganizationStates(log, lambda: None).recover(range(CRM_STATE.partitions))
        taken = time.perf_counter() - started
    return Row(figure=f"CRM, {RECOVERED:,} contacts recovered", value=taken, unit="s")


async def _count_claimed(log: KafkaLog) -> Counter[ContactId]:
    """How many agents got each contact."""
    got = Counter[ContactId]()
    async with log.tail(CONTACTS) as tail:
        async for batch in tail.batches():
            for record in chain.from_iterable(batch.values()):
                event = decode(record.headers, record.value or b"").data
                if isinstance(event, ContactClaimed):
                    got[event.contact_id] += 1
            if tail.is_caught_up:
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
    return _START + timedelta(seconds=number)


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
