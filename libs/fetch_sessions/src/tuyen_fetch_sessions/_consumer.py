"""Puts sessions between the fetcher of a consumer and its connections."""

import asyncio
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.client import ConnectionGroup
from aiokafka.protocol.fetch import FetchRequest

from tuyen_fetch_sessions._session import FetchSession, IncrementalFetch, WantedRecords, by_topic

_WITH_SESSIONS = 7
_WITH_LEADER_EPOCHS = 9
_WITH_RACKS = 11
"""Versions of the protocol's fetch request, by what they brought."""

_CONSUMER = -1
"""The replica id of a request that is no replica's."""
_UNKNOWN = -1
"""A leader epoch or the start of a log that a consumer does not know."""


def use_fetch_sessions(consumer: AIOKafkaConsumer) -> None:
    """Lets a consumer that has been started fetch by sessions from now on, one for each broker.

    A fetch that is given up, because the consumer got other partitions, also ends at the broker:
    the wait of a fetch may be long.
    """
    fetcher = consumer._fetcher
    fetcher._client = _SessionClient(fetcher._client)


class _SessionClient:
    """aiokafka's client as its fetcher sees it."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._sessions: dict[int, FetchSession] = {}
        """By the broker's id."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def send(self, node_id: int, request: Any) -> Any:
        """Sends a fetch within the broker's session, and any other request as it is."""
        if not isinstance(request, FetchRequest):
            return await self._client.send(node_id, request)
        session = self._sessions.setdefault(node_id, FetchSession())
        fetch = _SessionRequest(request, session)
        try:
            response = await self._client.send(node_id, fetch)
        except asyncio.CancelledError:
            self._disconnect(node_id)
            raise
        if fetch.increment is not None and response.error_code == 0:
            session.confirm(fetch.increment, response.session_id)
        return response

    def _disconnect(self, node_id: int) -> None:
        """The broker reads nothing more from a connection until its fetch has ended."""
        connection = self._client._conns.get((node_id, ConnectionGroup.DEFAULT))
        if connection is not None:
            connection.close()


class _SessionRequest(FetchRequest):  # type: ignore[misc]  # aiokafka has no types
    """A fetch of aiokafka that sends only what differs from its session."""

    def __init__(self, request: FetchRequest, session: FetchSession) -> None:
        self.__dict__.update(request.__dict__)
        self._session = session
        self.increment: IncrementalFetch | None = None
        """None as well if the broker knows no sessions."""

    def build(self, request_struct_class: Any) -> Any:
        """The protocol's request of a version; aiokafka calls it once, when it is sent."""
        version = request_struct_class.API_VERSION
        if version < _WITH_SESSIONS:
            return super().build(request_struct_class)
        increment = self.increment = self._session.begin(
            {
                (topic, partition): WantedRecords(offset, max_bytes)
                for topic, partitions in self._topics
                for partition, offset, max_bytes in partitions
            }
        )
        leader_epoch = (_UNKNOWN,) if version >= _WITH_LEADER_EPOCHS else ()
        return request_struct_class(
            _CONSUMER,
            self._max_wait_ms,
            self._min_bytes,
            self._max_bytes,
            self._isolation_level,
            increment.session_id,
            increment.epoch,
            by_topic(
                (place, (place[1], *leader_epoch, want.offset, _UNKNOWN, want.max_bytes))
                for place, want in increment.added.items()
            ),
            by_topic((place, place[1]) for place in increment.forgotten),
            *((self._rack_id,) if version >= _WITH_RACKS else ()),
        )
