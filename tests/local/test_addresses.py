import socket

import pytest

from tuyen_local.addresses import HOST, free_ports, listens, require_free, until
from tuyen_local.errors import CannotStart

FIRST_OF_CONNECTIONS = 32_768
"""Linux's; macOS begins later."""


def test_free_ports_are_different_and_free() -> None:
    ports = free_ports(3)
    assert len(set(ports)) == 3
    for port in ports:
        require_free(port, "a test", "NOTHING")


def test_free_ports_are_never_those_of_outgoing_connections() -> None:
    """One that is between two starts of its service would be lost to a connection."""
    given = [port for _ in range(200) for port in free_ports(3)]
    assert len(set(given)) == len(given)
    assert max(given) < FIRST_OF_CONNECTIONS


async def test_a_taken_port_is_named_with_its_purpose_and_setting() -> None:
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]
        assert await listens(port)
        with pytest.raises(CannotStart, match=rf"port {port}, for the gateway, is taken.*PORT"):
            require_free(port, "the gateway", "TUYEN_GATEWAY_PORT")
    assert not await listens(port)


async def test_waiting_ends_with_the_reason_when_it_is_over() -> None:
    async def never() -> bool:
        return False

    with pytest.raises(CannotStart, match="Kafka ended at its start: no space"):
        await until(never, lambda: "no space", "Kafka", 60)
    with pytest.raises(CannotStart, match="Kafka does not answer"):
        await until(never, lambda: None, "Kafka", 0)
