"""MongoDB through motor, behind this one module: its successor has the same calls."""

from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection, AsyncIOMotorDatabase

Document = dict[str, Any]
Database = AsyncIOMotorDatabase[Document]
Collection = AsyncIOMotorCollection[Document]

_SELECTION_TIMEOUT_MS = 5_000


def connect(uri: str, database: str) -> Database:
    """The database of the views. Times come back in UTC; nothing is sent before the first call."""
    client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
        uri, tz_aware=True, serverSelectionTimeoutMS=_SELECTION_TIMEOUT_MS
    )
    return client[database]
