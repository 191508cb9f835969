"""What MongoDB did for a read: its plans, and how many documents and keys it examined."""

from collections.abc import Awaitable, Callable

from tuyen_platform.mongodb import Database, Document

Read = Callable[[], Awaitable[object]]


async def profile(database: Database, read: Read) -> list[Document]:
    """What the database did for a read."""
    await database.command("profile", 2)
    try:
        await read()
    finally:
        await database.command("profile", 0)
    own = f"{database.name}.system.profile"
    done: list[Document] = await (
        database["system.profile"]
        .find({"planSummary": {"$exists": True}, "ns": {"$ne": own}})
        .to_list(None)
    )
    await database["system.profile"].drop()
    return done
