"""How far each organization's own records reach in partitions that many organizations share."""

from collections.abc import Mapping

from tuyen_events.ids import OrganizationId

_PLACE_BYTES, _OFFSET_BYTES = 1, 5


class Heads:
    """By organization and partition, the offset after its last record."""

    def __init__(self) -> None:
        self._next: dict[OrganizationId, dict[int, int]] = {}

    def saw(self, organization: OrganizationId, partition: int, offset: int) -> None:
        heads = self._next.setdefault(organization, {})
        heads[partition] = max(offset + 1, heads.get(partition, 0))

    def of(self, organization: OrganizationId) -> bytes:
        """The organization's heads as `packed`."""
        return packed(self._next.get(organization, {}))


def packed(heads: Mapping[int, int]) -> bytes:
    """Offsets by place, of which there are 256 at most, in six bytes each: the length says how many
    places there are, and nothing of how far they reach."""
    return b"".join(
        place.to_bytes(_PLACE_BYTES) + offset.to_bytes(_OFFSET_BYTES)
        for place, offset in sorted(heads.items())
    )
