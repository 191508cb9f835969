"""Drops the inbox's views, to be folded again from the log: `python -m tuyen_gateway.rebuild`.

Stop every gateway first: one that runs would go on from where it was. The gateways fold the views
again when they start, and are ready to serve while they do.
"""

import asyncio

import structlog

from tuyen_gateway.projections.collections import COLLECTIONS, VIEW
from tuyen_platform.logging import configure_logging
from tuyen_platform.mongodb import Database, connect
from tuyen_platform.projection import MongoPositions
from tuyen_platform.settings import ServiceSettings

_log = structlog.get_logger()


async def rebuild(database: Database) -> None:
    """Drops the views and forgets how far they had come. Safe to repeat when it broke off."""
    # In this order: folding into views that are still there changes nothing, so nothing is lost
    # when it ends between the two.
    await MongoPositions(database, VIEW).forget()
    for name in COLLECTIONS:
        await database.drop_collection(name)
    _log.info("views_dropped", view=VIEW)


if __name__ == "__main__":
    settings = ServiceSettings()
    configure_logging("gateway", settings.log_format)
    asyncio.run(rebuild(connect(settings.mongodb, settings.database)))
