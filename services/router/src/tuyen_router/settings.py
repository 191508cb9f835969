"""The router's settings."""

from tuyen_platform.settings import ServiceSettings


class RouterSettings(ServiceSettings):
    """What the router alone is told."""

    router_session_timeout_s: float = 10.0
    """How long Kafka waits for a silent worker before its partitions go to another."""
