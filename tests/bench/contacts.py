"""A million contacts of one organization, as the CRM's projection stores them.

Each is folded from an event by the product's own function, so its document has the shape, and the
indexes the entries, that a replay would give.
"""

import asyncio
import os
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

from bench.people import name_of
from tuyen_crm.entities import fold_contact
from tuyen_events.crm.contacts import ContactAdded, ContactContent
from tuyen_events.crm.shares import CareStatus
from tuyen_events.ids import AgentId, CustomerId, OrganizationId, contact_id
from tuyen_platform.mongodb import Document, connect
from tuyen_views.contacts import CONTACTS_VIEW, ContactDocument

IN_A_LIST = int(os.environ.get("BENCH_CONTACTS", "1000000"))
SHOP = OrganizationId("shop")
DEFAULT, NORTH, SOUTH = "default", "north", "south"
BUSY, RARELY, READER = AgentId("busy"), AgentId("rarely"), AgentId("reader")
TEAM = frozenset(AgentId(f"agent-{number}") for number in range(20))

_AT_ONCE = 2_000
_AGENTS = 500
_START = datetime(2026, 1, 1, tzinfo=UTC)
_FEW = IN_A_LIST // 10


async def fill(address: str, database: str) -> None:
    """Stores all contacts, and then makes the indexes, which is sooner done than the other way
    round."""
    workers = os.cpu_count() or 1
    each = -(-IN_A_LIST // workers)
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(workers) as pool:
        parts = [
            loop.run_in_executor(
                pool, partial(_fill_part, address, database, range(IN_A_LIST)[at : at + each])
            )
            for at in range(0, IN_A_LIST, each)
        ]
        await asyncio.gather(*parts)
    collection = connect(address, database)[CONTACTS_VIEW.collection]
    await collection.create_indexes(list(CONTACTS_VIEW.indexes))


def moment(number: int) -> datetime:
    """When the contact was created: the numbers are in no order of time."""
    return _START + timedelta(seconds=number * 7919 % IN_A_LIST)


def make_contact(number: int) -> ContactDocument:
    """Six of ten contacts are in the default warehouse, three in the north, where nearly all are
    taken, and one in the south."""
    drawn = random.Random(number).randrange(7 * 10**8)  # noqa: S311 - no secret
    event = ContactAdded(
        contact_id=contact_id(CustomerId(f"cus_{number:024}")),
        organization=SHOP,
        sequence=1,
        at=moment(number),
        caused_by=f"cmd_{number:024}",
        content=ContactContent(
            name=name_of(number),
            phones=(f"+849{drawn % 10**8:08}",),
            emails=(f"khach.{number}@shop.example",) if drawn % 7 < 4 else (),
            address=f"{number % 900} Lê Lợi, Quận {number % 12 + 1}",
            tags=tuple(_tags(number)),
            steps=_steps(number),
            source=f"page-{number % 20}",
            warehouse_id=_warehouse(number),
            assignee=_assignee(number),
            campaign_id="tet" if number % 50 == 0 else None,
            care_status=CareStatus.MULTI_ASSIGNED if number % 50 == 0 else None,
            shares={READER: ("",)} if number % _FEW == 3 else {},
        ),
    )
    document = fold_contact(None, event)
    if document is None:
        raise TypeError("an event that creates a contact removed it")
    return document


def _warehouse(number: int) -> str:
    return (DEFAULT, DEFAULT, NORTH, DEFAULT, NORTH, DEFAULT, SOUTH, DEFAULT, NORTH, DEFAULT)[
        number % 10
    ]


def _assignee(number: int) -> AgentId | None:
    """One in three of the default warehouse and of the south has somebody; of the north all but a
    few at the end, so that a list of those that may be claimed has far to go."""
    if number % _FEW == 4:
        return RARELY
    if number % 50 == 2:
        return BUSY
    if _warehouse(number) == NORTH:
        return AgentId(f"agent-{number % _AGENTS}")
    return AgentId(f"agent-{number % _AGENTS}") if number % 3 == 0 else None


def _tags(number: int) -> Iterator[str]:
    if number % 3 == 0:
        yield "khách lẻ"
    if number % 100 == 7:
        yield "VIP"
    if number % 20_000 == 11:
        yield "đối tác"


def _steps(number: int) -> dict[str, str]:
    steps = {0: "new", 1: "quoted", 2: "won"}
    place = 0 if number % 3 else 1 if number % 60 else 2
    return {"retail": steps[place]}


async def _store(address: str, database: str, numbers: range) -> None:
    collection = connect(address, database)[CONTACTS_VIEW.collection]
    for start in range(0, len(numbers), _AT_ONCE):
        documents: list[Document] = [
            CONTACTS_VIEW.encode(make_contact(number)) for number in numbers[start:][:_AT_ONCE]
        ]
        await collection.insert_many(documents, ordered=False)


def _fill_part(address: str, database: str, numbers: range) -> None:
    asyncio.run(_store(address, database, numbers))
