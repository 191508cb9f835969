"""MongoDB through motor, behind this one module: its successor has the same calls."""

import os
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

os.environ.setdefault("MOTOR_MAX_WORKERS", "64")
"""Motor's threads, on which everything of this process waits for the database: it reads this when
it is imported. Its own number, five for each core, is fewer than callers and a fold take together
(READS_AT_ONCE, each with two questions)."""

from motor.motor_asyncio import (  # noqa: E402 - the number of its threads has to stand before
    AsyncIOMotorClient,
    AsyncIOMotorClientSession,
    AsyncIOMotorCollection,
    AsyncIOMotorDatabase,
)
from pymongo.errors import ConfigurationError, OperationFailure  # noqa: E402 - as above

Document = dict[str, Any]
Database = AsyncIOMotorDatabase[Document]
Collection = AsyncIOMotorCollection[Document]
Session = AsyncIOMotorClientSession

_SELECTION_TIMEOUT_MS = 5_000

_MOST_TRIES = 3
_SNAPSHOT_GONE = (239, 246)
"""MongoDB's error codes: of a snapshot that is too old, or that a change of collections hides."""


def connect(uri: str, database: str, *, within_s: float | None = None) -> Database:
    """The database of the views. Times come back in UTC; nothing is sent before the first call.

    With `within_s`, each call takes at most so long, whatever it waits for: then the server gives
    up its part as well, and a PyMongoError is raised whose `timeout` is true.
    """
    client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
        uri,
        tz_aware=True,
        serverSelectionTimeoutMS=_SELECTION_TIMEOUT_MS,
        timeoutMS=None if within_s is None else round(within_s * 1000),
    )
    return client[database]


async def require_transactions(database: Database) -> None:
    """Raises a PyMongoError, as while the server is away, if it knows no transactions."""
    server = await database.client.admin.command("hello")
    if "setName" not in server and server.get("msg") != "isdbgrid":
        raise ConfigurationError(
            "this MongoDB is in no replica set, and so has no transactions: start mongod with "
            "--replSet and initiate the set, of one member if need be"
        )


Found = TypeVar("Found")


async def in_one_snapshot(
    database: Database, questions: Callable[[Session], Coroutine[Any, Any, Found]]
) -> Found:
    """What all of `questions` find in one state of the database, asked again where that is gone.

    It is the last state that a majority of members has, and so holds every write that was
    acknowledged before: writes here are, by a majority. A transaction would end with one more round
    trip.
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
