"""The last offsets of each organization's own records in partitions that many organizations
share."""

from collections.abc import Mapping

from tuyen_events.ids import OrganizationId

_PLACE_BYTES, _OFFSET_BYTES = 1, 5


class Heads:
    """By organization and partition, the offset after its last record."""

    def __init__(self) -> None:
        self._next: dict[OrganizationId, dict[int, int]] = {}

    def advance(self, organization: OrganizationId, partition: int, offset: int) -> None:
        heads = self._next.setdefault(organization, {})
        heads[partition] = max(offset + 1, heads.get(partition, 0))

    def of(self, organization: OrganizationId) -> bytes:
        """The organization's heads, packed."""
        return pack(self._next.get(organization, {}))


def pack(heads: Mapping[int, int]) -> bytes:
    """Offsets by partition, of which there are at most 256, in six bytes each: the length reveals
    how many partitions there are, and nothing about the offsets."""
    return b"".join(
        place.to_bytes(_PLACE_BYTES) + offset.to_bytes(_OFFSET_BYTES)
        for place, offset in sorted(heads.items())
    )


def unpack(packed: bytes) -> Mapping[int, int]:
    """The inverse. Raises ValueError for anything else."""
    size = _PLACE_BYTES + _OFFSET_BYTES
    if len(packed) % size:
        raise ValueError("these are no heads")
    return {
        packed[start]: int.from_bytes(packed[start + _PLACE_BYTES : start + size])
        for start in range(0, len(packed), size)
    }
