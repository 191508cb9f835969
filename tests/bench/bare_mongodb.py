"""The least that a projection can do: guarded upserts of documents that are there, in batches."""

import asyncio
import os
import sys
import time
from collections.abc import Iterator

import uvloop
from pymongo import UpdateOne

from tuyen_gateway.projections.collections import (
    CONVERSATIONS,
    HISTORY,
    MESSAGES,
    ensure_indexes,
)
from tuyen_platform.mongodb import Database, Document, connect

_BATCH = 2_000
"""As many events as the gateway folds at once."""


async def main() -> None:
    """Prints how many seconds the documents of one database took to be written into another."""
    uri, name = os.environ["BENCH_MONGODB"], os.environ["BENCH_DATABASE"]
    source, target = connect(uri, name), connect(uri, f"{name}-bare")
    messages = await source[MESSAGES].find().sort([("partition", 1), ("offset", 1)]).to_list(None)
    history = await source[HISTORY].find().to_list(None)
    rows = {row["_id"]: row for row in await source[CONVERSATIONS].find().to_list(None)}
    await ensure_indexes(target)
    started = time.perf_counter()
    version = 0
    for collection, events in ((MESSAGES, messages), (HISTORY, history)):
        for batch in _batches(events):
            version += 1
            touched = {event["conversation_id"] for event in batch}
            await _write(target, collection, batch, version)
            await _write(target, CONVERSATIONS, [rows[each] for each in touched], version)
    sys.stdout.write(f"{time.perf_counter() - started}\n")


def _batches(events: list[Document]) -> Iterator[list[Document]]:
    for start in range(0, len(events), _BATCH):
        yield events[start : start + _BATCH]


async def _write(target: Database, name: str, documents: list[Document], version: int) -> None:
    """One guarded upsert each: a document that has seen more stays as it is."""
    await target[name].bulk_write(
        [
            UpdateOne(
                {"_id": document["_id"], "guard": {"$lt": version}},
                {"$set": {**document, "guard": version}},
                upsert=True,
            )
            for document in documents
        ],
        ordered=False,
    )


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(main())
