"""The requests of this worker's partitions that are not settled, in order for each conversation."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice, takewhile

from tuyen_events.ids import ConversationId, OrganizationId
from tuyen_events.outbound_limits import (
    OUTBOUND_CLOSED_KEPT,
    OUTBOUND_REQUEST_BYTES,
    OUTBOUND_UNKNOWN_KEPT,
    OUTBOUND_WAITING,
    OUTBOUND_WAITING_BYTES,
)
from tuyen_outbound.domain.requests import ClosedRequest, RequestPhase, StoredRequest


@dataclass(slots=True)
class _Entry:
    stored: StoredRequest
    partition: int
    size: int


@dataclass(frozen=True, slots=True)
class WaitingLoad:
    """What one organization has waiting in one partition: requests, and their bytes."""

    requests: int = 0
    size: int = 0

    def has_room(self, size: int) -> bool:
        """Whether one more request of so many bytes may wait."""
        if size > OUTBOUND_REQUEST_BYTES or self.requests >= OUTBOUND_WAITING:
            return False
        return self.size + size <= OUTBOUND_WAITING_BYTES

    def change(self, requests: int, size: int) -> "WaitingLoad":
        return WaitingLoad(self.requests + requests, self.size + size)


NO_LOAD = WaitingLoad()


@dataclass(slots=True)
class _Kept:
    """What is remembered of one partition beside what waits, oldest first."""

    closed: "OrderedDict[str, ClosedRequest]" = field(default_factory=OrderedDict)
    unknown: "OrderedDict[str, StoredRequest]" = field(default_factory=OrderedDict)
    made: set[str] = field(default_factory=set)
    """The ids at the channel that are in `closed`."""


class OpenRequests:
    """All requests of the partitions that a worker owns.

    Of each conversation, only the first one may be carried out; `waiting` and `calling` requests
    are in its queue, `unknown` ones are beside it. An organization can have a limited number and
    size of requests waiting in a partition.
    """

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._queues: dict[ConversationId, list[str]] = {}
        self._loads: dict[tuple[int, OrganizationId], WaitingLoad] = {}
        self._kept: dict[int, _Kept] = {}
        self._unknown: dict[ConversationId, dict[str, StoredRequest]] = {}
        """The `unknown` requests of each conversation, oldest first."""

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, request_id: str) -> StoredRequest | None:
        """A request that waits or is under way."""
        entry = self._entries.get(request_id)
        return None if entry is None else entry.stored

    def find_any(self, request_id: str) -> StoredRequest | None:
        """A request that is not settled, also one whose result is unknown."""
        found = self.find(request_id)
        if found is not None:
            return found
        kept = (kept.unknown.get(request_id) for kept in self._kept.values())
        return next((stored for stored in kept if stored is not None), None)

    def find_partition(self, request_id: str) -> int | None:
        """The partition of a request that is not settled; None for any other one."""
        entry = self._entries.get(request_id)
        if entry is not None:
            return entry.partition
        return next(
            (partition for partition, kept in self._kept.items() if request_id in kept.unknown),
            None,
        )

    def is_known(self, partition: int, request_id: str) -> bool:
        """Whether a request was accepted already, settled or not."""
        kept = self._kept.get(partition, _NOTHING_KEPT)
        return (
            request_id in self._entries or request_id in kept.closed or request_id in kept.unknown
        )

    def has_made(self, partition: int, external_id: str) -> bool:
        """Whether a request that is settled is known to have made what has this id."""
        return external_id in self._kept.get(partition, _NOTHING_KEPT).made

    def first_of(self, conversation: ConversationId) -> StoredRequest | None:
        """The request of a conversation that is carried out next, or at the moment."""
        queue = self._queues.get(conversation)
        return self._entries[queue[0]].stored if queue else None

    def conversations(self) -> Sequence[ConversationId]:
        """Those that have something in their queue."""
        return tuple(self._queues)

    def load_of(self, partition: int, organization: OrganizationId) -> WaitingLoad:
        """What the organization has waiting in the partition."""
        return self._loads.get((partition, organization), NO_LOAD)

    def add(self, partition: int, stored: StoredRequest, size: int) -> None:
        """Adds a request with its encoded size: at its place in the queue of its conversation, or
        beside it if it is `unknown`."""
        if stored.phase is RequestPhase.UNKNOWN:
            self._keep_unknown(partition, stored)
            return
        request = stored.request
        self._entries[stored.id] = _Entry(stored, partition, size)
        place = (partition, request.organization)
        self._loads[place] = self.load_of(*place).change(1, size)
        queue = self._queues.setdefault(request.conversation_id, [])
        queue.append(stored.id)
        if len(queue) > 1 and self._entries[queue[-2]].stored.offset > stored.offset:
            queue.sort(key=lambda each: self._entries[each].stored.offset)

    def replace(self, stored: StoredRequest) -> None:
        """Puts a changed request in the place of the one before. One that became `unknown` leaves
        its queue."""
        if stored.phase is RequestPhase.UNKNOWN:
            self._keep_unknown(self._remove(stored.id), stored)
        else:
            self._entries[stored.id].stored = stored

    def close(self, partition: int, request_id: str, closed: ClosedRequest) -> None:
        """Removes a request that is settled, and remembers that it is."""
        kept = self._keep(partition)
        if request_id in self._entries:
            self._remove(request_id)
        self._forget_unknown(kept, request_id)
        kept.closed[request_id] = closed
        kept.made.update(closed.external_ids)

    def find_sent(self, conversation: ConversationId) -> Iterator[StoredRequest]:
        """The requests of a conversation that an echo may be of: `unknown` ones, oldest first, and
        then those in its queue."""
        yield from self._unknown.get(conversation, {}).values()
        for request_id in self._queues.get(conversation, ()):
            yield self._entries[request_id].stored

    def forget(self, now: datetime, unknown_before: datetime) -> list[tuple[int, str]]:
        """Forgets what need not be remembered any more: partition and id of each."""
        forgotten: list[tuple[int, str]] = []
        for partition, kept in self._kept.items():
            # They are about in the order of their ends, and may be half a million.
            ended = takewhile(lambda one: one[1].until <= now, kept.closed.items())
            old = [each for each, _ in ended]
            old += islice(kept.closed, max(0, len(kept.closed) - OUTBOUND_CLOSED_KEPT))
            unknown = [
                each
                for each, stored in kept.unknown.items()
                if stored.since is None or stored.since <= unknown_before
            ]
            unknown += list(kept.unknown)[: max(0, len(kept.unknown) - OUTBOUND_UNKNOWN_KEPT)]
            for each in dict.fromkeys(old):
                kept.made.difference_update(kept.closed.pop(each).external_ids)
            for each in unknown:
                self._forget_unknown(kept, each)
            forgotten += [(partition, each) for each in dict.fromkeys(old + unknown)]
        return forgotten

    def _keep(self, partition: int) -> _Kept:
        return self._kept.setdefault(partition, _Kept())

    def _keep_unknown(self, partition: int, stored: StoredRequest) -> None:
        """Remembers a request whose result is unknown."""
        self._keep(partition).unknown[stored.id] = stored
        self._unknown.setdefault(stored.request.conversation_id, {})[stored.id] = stored

    def _forget_unknown(self, kept: _Kept, request_id: str) -> None:
        """Forgets that the result of a request is unknown, if it was."""
        stored = kept.unknown.pop(request_id, None)
        if stored is None:
            return
        others = self._unknown[stored.request.conversation_id]
        del others[request_id]
        if not others:
            del self._unknown[stored.request.conversation_id]

    def _remove(self, request_id: str) -> int:
        """Takes a request out of its queue; returns its partition."""
        entry = self._entries.pop(request_id)
        request = entry.stored.request
        queue = self._queues[request.conversation_id]
        queue.remove(request_id)
        if not queue:
            del self._queues[request.conversation_id]
        place = (entry.partition, request.organization)
        self._loads[place] = self._loads[place].change(-1, -entry.size)
        if not self._loads[place].requests:
            del self._loads[place]
        return entry.partition


_NOTHING_KEPT = _Kept()
