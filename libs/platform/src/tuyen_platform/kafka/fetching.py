"""How consumers fetch: by sessions, with long waits for what is idle."""

from aiokafka import AIOKafkaConsumer

from tuyen_fetch_sessions import use_fetch_sessions

FETCH_WAIT_MS = 1000
"""How long a fetch waits for new records; the broker responds at once when some come. After a
rebalance, the first fetch waits behind the last one of the old assignment, at most for so long."""

_TAKEN_WITHIN_S = 60.0
"""How long records may be fetched and not taken before the next fetch is sent without their
partitions. aiokafka gives 0.1 s: then new records of these partitions are first asked for when that
fetch has ended, so the wait of a fetch would be a delay of records."""


async def start_fetching(consumer: AIOKafkaConsumer) -> None:
    """Starts a consumer. Raises KafkaError."""
    await consumer.start()
    use_fetch_sessions(consumer)
    consumer._fetcher._prefetch_backoff = _TAKEN_WITHIN_S
