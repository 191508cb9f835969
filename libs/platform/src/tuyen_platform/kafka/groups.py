"""The present members of a consumer group."""

import asyncio

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, for_code

from tuyen_platform.kafka.ports import LogUnavailableError

_POLL_S = 0.1
_GONE_WITHIN_S = 15.0
"""Kafka counts a member that was killed for 10 s more."""


class StillRunningError(RuntimeError):
    """A process folds a view that is to be rebuilt, or that cannot be ruled out."""


async def require_stopped(
    bootstrap_servers: str, group: str, who: str, within_s: float = _GONE_WITHIN_S
) -> None:
    """Returns when `group`, with its prefix, has no member. Raises StillRunningError when it has
    one after `within_s` seconds, with `who`, the name of its members, in the message."""
    problem = "Kafka does not answer"
    try:
        async with asyncio.timeout(within_s):
            while True:
                try:
                    if not await count_members(bootstrap_servers, group):
                        return
                    problem = f"{who} is running: stop every one of them, then run this again"
                except LogUnavailableError as error:
                    problem = str(error)
                await asyncio.sleep(_POLL_S)
    except TimeoutError:
        raise StillRunningError(problem) from None


async def count_members(bootstrap_servers: str, group: str) -> int:
    """The number of members of `group`, whose name includes the prefix. A killed member
    counts for 10 s more.

    Raises LogUnavailableError, also while a broker that never had a group is creating its offsets
    topic.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    try:
        await admin.start()
        found = 0
        for answer in await admin.describe_consumer_groups([group]):
            for code, name, _, _, _, joined, *_ in answer.groups:
                if code:
                    raise for_code(code)(name)
                found += len(joined)
        return found
    except KafkaError as error:
        raise LogUnavailableError(f"count_members of {group}: {error!r}") from error
    finally:
        await admin.close()
