"""Which new requests of a batch are accepted."""

from collections.abc import Sequence

from tuyen_events.ids import OrganizationId
from tuyen_events.outbound import OutboundRequested
from tuyen_outbound.domain.open_requests import NO_LOAD, OpenRequests, WaitingLoad
from tuyen_outbound.domain.requests import StoredRequest


class Intake:
    """Collects the requests of a batch, which are then added to `requests` all together."""

    def __init__(self, requests: OpenRequests) -> None:
        self._requests = requests
        self._accepted: dict[str, tuple[int, StoredRequest]] = {}
        self._loads: dict[tuple[int, OrganizationId], WaitingLoad] = {}

    @property
    def accepted(self) -> Sequence[tuple[int, StoredRequest]]:
        """What is accepted, each with its partition, in the order of the batch."""
        return tuple(self._accepted.values())

    def take(self, partition: int, offset: int, request: OutboundRequested, size: int) -> bool:
        """Accepts a request, or skips one that was accepted before. False if its organization has
        too much waiting."""
        identity, place = request.request_id, (partition, request.organization)
        if identity in self._accepted or self._requests.is_known(partition, identity):
            return True
        load = self._loads.get(place, NO_LOAD)
        before = self._requests.load_of(*place)
        if not before.change(load.requests, load.size).has_room(size):
            return False
        self._loads[place] = load.change(1, size)
        self._accepted[identity] = (partition, StoredRequest.accept(request, offset))
        return True

    def remove(self, request_id: str) -> StoredRequest | None:
        """Removes a request that is in the same batch as its cancellation."""
        found = self._accepted.pop(request_id, None)
        return None if found is None else found[1]
