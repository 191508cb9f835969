"""What the broker remembers of one consumer's fetches, and what the next request must contain."""

from collections.abc import Iterator
from typing import Any, NamedTuple

NO_SESSION = 0
"""The session id of a request that has no session yet, and of a response that gave none."""

_FIRST_EPOCH = 0
"""Of a request that names all partitions and opens a session, in the place of an older one."""

_LAST_EPOCH = 2**31 - 1

PartitionName = tuple[str, int]
"""A topic, and the number of a partition."""


class WantedRecords(NamedTuple):
    """What a consumer wants of one partition."""

    offset: int
    """The first record to be returned."""
    max_bytes: int


class IncrementalFetch(NamedTuple):
    """What a fetch request contains: the session, and what differs from what the broker remembers
    of it."""

    session_id: int
    epoch: int
    """The number of the request within its session."""
    added: dict[PartitionName, WantedRecords]
    """Partitions that are new, or whose offset has changed."""
    forgotten: list[PartitionName]


class FetchSession:
    """One consumer's session at one broker. Requests are made one after another: each waits for the
    response to the one before.

    Whatever leaves open what the broker remembers (an error, a response that was not awaited) ends
    the session; the next request names everything again.
    """

    def __init__(self) -> None:
        self._id = NO_SESSION
        self._epoch = _FIRST_EPOCH
        self._remembered: dict[PartitionName, WantedRecords] = {}

    def begin(self, wanted: dict[PartitionName, WantedRecords]) -> IncrementalFetch:
        """The next request, for these partitions and no others. Until `confirm`, the session counts
        as lost."""
        session_id, epoch = self._id, self._epoch
        remembered = self._remembered if epoch != _FIRST_EPOCH else {}
        added = {place: want for place, want in wanted.items() if remembered.get(place) != want}
        forgotten = [place for place in remembered if place not in wanted]
        self._remembered = wanted
        self._epoch = _FIRST_EPOCH
        return IncrementalFetch(session_id, epoch, added, forgotten)

    def confirm(self, increment: IncrementalFetch, response_session_id: int) -> None:
        """The broker has carried out this request without an error."""
        self._id = response_session_id
        if response_session_id == NO_SESSION:
            return  # it has no room for another session
        self._epoch = 1 if increment.epoch in (_FIRST_EPOCH, _LAST_EPOCH) else increment.epoch + 1


def by_topic(places: Iterator[tuple[PartitionName, Any]]) -> list[tuple[str, list[Any]]]:
    """In the shape of the protocol: topics, and what belongs to each."""
    topics: dict[str, list[Any]] = {}
    for (topic, _), part in places:
        topics.setdefault(topic, []).append(part)
    return list(topics.items())
