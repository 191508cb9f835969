"""How consumers fetch: by sessions, with long waits for what is idle."""

from typing import Any

from aiokafka import AIOKafkaConsumer

from tuyen_fetch_sessions import use_fetch_sessions

FETCH_WAIT_MS = 5_000
"""How long a fetch waits for new records; the broker responds at once when some come. Where nothing
happens, this is how often each consumer asks again."""

_TAKEN_WITHIN_S = 60.0
"""How long records may be fetched and not taken before the next fetch is sent without their
partitions. aiokafka gives 0.1 s: then new records of these partitions are first asked for when that
fetch has ended, so the wait of a fetch would be a delay of records."""


async def start_fetching(consumer: AIOKafkaConsumer) -> None:
    """Starts a consumer. Raises KafkaError."""
    await consumer.start()
    use_fetch_sessions(consumer)
    consumer._fetcher._prefetch_backoff = _TAKEN_WITHIN_S
    _look_only_for_what_may_be_done(consumer._fetcher)


def _look_only_for_what_may_be_done(fetcher: Any) -> None:
    """Five times a second, aiokafka looks through all partitions for what to fetch. While all
    brokers have a fetch that waits, and no records are left to be taken, that is nothing."""
    look = fetcher._get_actions_per_node

    def look_unless_all_wait(assignment: Any) -> Any:
        brokers = {each.nodeId for each in fetcher._client.cluster.brokers()}
        if not fetcher._records and brokers and brokers <= fetcher._in_flight:
            return [], {}, fetcher._fetcher_timeout, False, []
        return look(assignment)

    fetcher._get_actions_per_node = look_unless_all_wait
