"""The present members of a consumer group."""

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, for_code

from tuyen_platform.kafka.ports import LogUnavailableError


async def members(bootstrap_servers: str, group: str) -> int:
    """The number of members of `group`, whose name includes the prefix. A killed member counts for
    10 s more.

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
        raise LogUnavailableError(f"members of {group}: {error!r}") from error
    finally:
        await admin.close()
