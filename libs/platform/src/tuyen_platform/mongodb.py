"""MongoDB through motor. Only this module imports motor, whose successor has the same methods."""

import os
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

os.environ.setdefault("MOTOR_MAX_WORKERS", "64")
"""The number of Motor's threads, in which this process waits for the database; Motor reads it when
it is imported. Its default, five for each core, is less than callers and a fold need together
(READS_AT_ONCE, each with two queries)."""

from bson import Timestamp  # noqa: E402 - as above
from motor.motor_asyncio import (  # noqa: E402 - the number of its threads must be set first
    AsyncIOMotorClient,
    AsyncIOMotorClientSession,
    AsyncIOMotorCollection,
    AsyncIOMotorDatabase,
)
from pymongo import InsertOne, ReplaceOne, UpdateOne  # noqa: E402 - as above
from pymongo.errors import (  # noqa: E402 - as above
    BulkWriteError,
    ConfigurationError,
    OperationFailure,
)

Document = dict[str, Any]
Database = AsyncIOMotorDatabase[Document]
Collection = AsyncIOMotorCollection[Document]
MongoSession = AsyncIOMotorClientSession
Operation = InsertOne[Document] | ReplaceOne[Document] | UpdateOne

DUPLICATE_KEY = 11000
"""MongoDB's error code for a document that exists already."""

_SELECTION_TIMEOUT_MS = 5_000

_MOST_TRIES = 3
_SNAPSHOT_GONE = (239, 246)
"""MongoDB's error codes for a snapshot that is too old, and for one from before a change of
collections."""


def connect(uri: str, database: str, *, within_s: float | None = None) -> Database:
    """The database of the views. Times are returned in UTC; nothing is sent before the first call.

    With `within_s`, each call takes at most so long, whatever it waits for: then the server aborts
    its part as well, and a PyMongoError is raised whose `timeout` is true.
    """
    client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
        uri,
        tz_aware=True,
        serverSelectionTimeoutMS=_SELECTION_TIMEOUT_MS,
        timeoutMS=None if within_s is None else round(within_s * 1000),
    )
    return client[database]


async def require_transactions(database: Database) -> None:
    """Raises a PyMongoError if the server does not support transactions, or is unavailable."""
    server = await database.client.admin.command("hello")
    if "setName" not in server and server.get("msg") != "isdbgrid":
        raise ConfigurationError(
            "this MongoDB is not in a replica set, so it has no transactions: start mongod with "
            "--replSet and initiate the set; one member is enough"
        )


async def write_unchanged(collection: Collection, operations: Sequence[Operation]) -> bool:
    """Stores new documents, and changes of documents that are still as they were read: the filter
    of each change must contain what changes with every write, such as a sequence or a digest.

    Returns false if another writer was faster for some of them; the others are stored.
    """
    if not operations:
        return True
    try:
        result = await collection.bulk_write(list(operations), ordered=False)
    except BulkWriteError as error:
        if any(failure["code"] != DUPLICATE_KEY for failure in error.details["writeErrors"]):
            raise
        return False
    return bool(result.inserted_count + result.matched_count == len(operations))


async def read_at(
    database: Database, command: Mapping[str, object], at: Timestamp | None
) -> list[Document]:
    """All that a `find` or an `aggregate` returns, from the state that the database had at the time
    of a commit; from the latest one with None, or if that state is no longer kept (after five
    minutes)."""
    concern = {} if at is None else {"readConcern": {"level": "snapshot", "atClusterTime": at}}
    try:
        cursor = await database.cursor_command(
            {**command, **concern}, codec_options=database.codec_options
        )
    except OperationFailure as error:
        if at is None or error.code not in _SNAPSHOT_GONE:
            raise
        return await read_at(database, command, None)
    found: list[Document] = await cursor.to_list(None)
    return found


Found = TypeVar("Found")


async def in_one_snapshot(
    database: Database, questions: Callable[[MongoSession], Coroutine[Any, Any, Found]]
) -> Found:
    """Runs all reads of `questions` on one snapshot of the database, and repeats them if the
    snapshot is no longer available.

    The snapshot is the latest state that a majority of members has, so it contains every write that
    was acknowledged before: all writes here use majority write concern. A transaction would need
    one more round trip to end it.
    """
    tries = 0
    while True:
        try:
            async with await database.client.start_session(snapshot=True) as session:
                return await questions(session)
        except OperationFailure as error:
            tries += 1
            if error.code not in _SNAPSHOT_GONE or tries == _MOST_TRIES:
                raise
