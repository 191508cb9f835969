"""Counts the orders of each customer, and announces the counts."""

import asyncio
import json
import os
from collections.abc import Sequence

from tuyen_stream import (
    Batch,
    ConsumedRecord,
    Outbox,
    StreamApp,
    TableSpec,
    WritePhase,
    build_app,
)


class Phase(WritePhase):
    STATE = 0
    ANNOUNCEMENTS = 1


class Counts:
    """One partition of the table: of each customer the count, and the offset of the last order."""

    def __init__(self, partition: int) -> None:
        self.partition = partition
        self.by_customer: dict[bytes, tuple[int, int]] = {}

    def apply(self, records: Sequence[ConsumedRecord]) -> None:
        for record in records:
            if record.key is not None and record.value is not None:
                count, offset = json.loads(record.value)
                self.by_customer[record.key] = (count, offset)


def build(bootstrap_servers: str) -> StreamApp:
    def handle(batch: Batch, outbox: Outbox) -> None:
        state = app.state("counts", batch.partition)
        assert isinstance(state, Counts)
        for record in batch.records:
            customer = record.key
            if customer is None:
                outbox.add(Phase.STATE, "bad-orders", batch.partition, None, record.value)
                continue
            count, last_offset = state.by_customer.get(customer, (0, -1))
            if record.offset > last_offset:  # otherwise it was counted before a crash
                count += 1
                state.by_customer[customer] = (count, record.offset)
                value = json.dumps([count, record.offset]).encode()
                outbox.add(Phase.STATE, "order-counts", batch.partition, customer, value)
            outbox.add(
                Phase.ANNOUNCEMENTS, "announcements", batch.partition, customer, b"%d" % count
            )

    app = build_app(
        app_id="order-counter",
        bootstrap_servers=bootstrap_servers,
        inputs={"count": ["orders"]},
        handlers={"count": handle},
        tables=[TableSpec("counts", "order-counts", "count", Counts)],
    )
    return app


async def main() -> None:
    app = build(os.environ.get("KAFKA", "localhost:9092"))
    await app.serve()


if __name__ == "__main__":
    asyncio.run(main())
