"""The router's settings."""

from tuyen_platform.settings import ServiceSettings


class RouterSettings(ServiceSettings):
    """The settings that only the router has."""

    router_session_timeout_s: float = 10.0
    """How long Kafka waits for a silent worker before it assigns its partitions to another."""
