"""MongoDB through motor, behind this one module: its successor has the same calls."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from motor.motor_asyncio import (
    AsyncIOMotorClient,
    AsyncIOMotorClientSession,
    AsyncIOMotorCollection,
    AsyncIOMotorDatabase,
)
from pymongo.errors import ConfigurationError

Document = dict[str, Any]
Database = AsyncIOMotorDatabase[Document]
Collection = AsyncIOMotorCollection[Document]
Session = AsyncIOMotorClientSession

_SELECTION_TIMEOUT_MS = 5_000


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

    They are asked in a transaction, which sees what was written before it began.
    """
    async with await database.client.start_session() as session:
        return await session.with_transaction(questions)
