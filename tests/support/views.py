"""Views as tests look at them: folded by several gateways at once, and what counters come to."""

import asyncio
from typing import Any

from support.folding import as_batch
from support.inbox_histories import History, batches
from support.inbox_inbound import make_random
from tuyen_gateway.projections.counters import DAYS
from tuyen_gateway.projections.inbox import InboxProjection
from tuyen_platform.mongodb import Database, Document


async def fold_by_three(views: Database, history: History, seed: int) -> None:
    """Two share the partitions; a third, paused since the first batch, folds all of them again."""
    shares: list[dict[Any, Any]] = [{}, {}, history.records]
    for place, records in sorted(history.records.items()):
        shares[place[1] % 2][place] = records

    async def run(share: dict[Any, Any], name: int) -> None:
        projection = InboxProjection(views)
        for piece in list(batches(share, make_random(seed + name), size=20)):
            await projection.fold(as_batch(piece))

    async with asyncio.TaskGroup() as tasks:
        for name, share in enumerate(shares):
            tasks.create_task(run(share, name))


def numbers_of(counters: Document) -> dict[str, int]:
    """What a document of counters says, days included, in the order of its fields' names: a zero
    equals a missing number, and the order of fields does not matter."""
    numbers = {name: n for name, n in counters.items() if name not in ("_id", "size", DAYS)}
    for day, of_day in counters.get(DAYS, {}).items():
        numbers.update({f"{day}/{name}": n for name, n in of_day.items()})
    return dict(sorted((name, number) for name, number in numbers.items() if number))


def plain_counters(counters: Document) -> Document:
    """Such a document to be compared with another one."""
    return {"_id": counters["_id"], "size": counters["size"], **numbers_of(counters)}


def without_revision(document: Document) -> Document:
    """A document without what depends on how often, or when, it was written."""
    written = ("revision", "changed", "shown")
    return {name: value for name, value in document.items() if name not in written}
