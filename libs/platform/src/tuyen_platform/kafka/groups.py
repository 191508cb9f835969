"""Who reads in a group at the moment."""

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, for_code

from tuyen_platform.kafka.ports import LogUnavailableError


async def members(bootstrap_servers: str, group: str) -> int:
    """How many members `group`, with its prefix, has. One that was killed counts for 10 s more.

    Raises LogUnavailableError, also while a broker that never had a group makes itself ready.
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
