"""The producer: idempotent, acknowledged by all replicas, and used by outboxes only.

Works around trap 1 (`TRAPS.md`).
"""

from collections.abc import Mapping
from typing import Any, NoReturn

from faust.transport.drivers.aiokafka import Producer

from tuyen_stream._faust_logger import FAUST_LOGGER


class BatchProducer(Producer):  # type: ignore[misc]  # Faust publishes no usable types
    """Faust's producer without its buffer.

    Trap 1: `ProducerBuffer.flush` gives up after 0.1 s, and failed deliveries are only logged, so
    Faust commits inputs whose outputs never reached the broker. Here `flush` waits for every
    outbox, and a failure ends the process before any commit.
    """

    logger = FAUST_LOGGER

    def _settings_extra(self) -> Mapping[str, Any]:
        return {**super()._settings_extra(), "acks": "all", "enable_idempotence": True}

    def _new_producer(self, transactional_id: str | None = None) -> Any:
        producer = super()._new_producer(transactional_id)
        self.app.freeze_watchdog.guard(producer.client)
        self.app.membership.guard(producer.client)
        return producer

    async def flush(self) -> None:
        """Wait until the broker has acknowledged everything that was submitted before this call."""
        await self.app.deliveries.wait_until_acknowledged()

    async def send(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuses Faust's own way of sending: nothing would wait for its acknowledgement."""
        raise NotImplementedError("records leave through an Outbox")

    def send_soon(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """As `send`."""
        raise NotImplementedError("records leave through an Outbox")
