"""MongoDB through motor, behind this one module: its successor has the same calls."""

from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection, AsyncIOMotorDatabase

Document = dict[str, Any]
Database = AsyncIOMotorDatabase[Document]
Collection = AsyncIOMotorCollection[Document]

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
