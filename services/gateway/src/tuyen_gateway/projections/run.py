"""The gateway's projections, as one task."""

from collections.abc import Sequence

from tuyen_gateway.identity import SERVICE
from tuyen_gateway.projections.collections import FOLDED, VIEW, ensure_indexes
from tuyen_gateway.projections.heads import HeadsProjection
from tuyen_gateway.projections.inbox import InboxProjection
from tuyen_platform.kafka.consumer import ConsumerStatus
from tuyen_platform.kafka.ports import Log
from tuyen_platform.mongodb import Database, require_transactions
from tuyen_platform.projection import FoldedEvent, MongoPositions, run_projection

GROUP = "gateway-inbox"
_MIN_INTERVAL_S = 0.05
"""The least time between two batches while there is always something new."""


async def run_projections(log: Log, database: Database, status: ConsumerStatus) -> None:
    """Keeps the inbox up to date until cancelled. Gateways share the work. Waits while Kafka or
    MongoDB is unavailable, and sends what cannot be folded to the dead letters (R9.5)."""
    projection, heads = InboxProjection(database), HeadsProjection(database)
    indexed = False

    async def fold(batch: Sequence[FoldedEvent]) -> None:
        nonlocal indexed
        if not indexed:  # here, so that it is retried while MongoDB is unavailable
            await require_transactions(database)
            await ensure_indexes(database)
            indexed = True
        await projection.fold(batch)
        await heads.fold(batch)

    await run_projection(
        log,
        *FOLDED,
        service=SERVICE,
        view=VIEW,
        group=GROUP,
        positions=MongoPositions(database, VIEW),
        fold=fold,
        min_interval_s=_MIN_INTERVAL_S,
        status=status,
    )
