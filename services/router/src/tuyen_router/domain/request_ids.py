"""The ids of requests, which are derived from the records that caused them, and their order."""

from tuyen_events.topics import COMMANDS, INBOUND


def request_id(partition: int, inbound: int, command: int = -1) -> str:
    """The id of the request that a record causes: the same however often the record is handled.

    It consists of the inbound offset or, for a command, of the command's offset and the last
    inbound offset that was handled before it.
    """
    if command < 0:
        return f"{INBOUND.name}/{partition}/{inbound}"
    return f"{COMMANDS.name}/{partition}/{command}@{inbound}"


def order_of(request: str) -> tuple[int, int]:
    """The inbound offset and the command's offset in a request's id, by which the requests of one
    customer are ordered."""
    offset, _, inbound = request.rpartition("/")[2].partition("@")
    return (int(inbound), int(offset)) if inbound else (int(offset), -1)
