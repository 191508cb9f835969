"""How far the views have read each organization's own records: viewers see it as a position (I13),
which must not show what others write (R7.2).

Written after the rows, so that the rows show at least as much. It never goes back.
"""

import msgspec
from pymongo import UpdateOne

from tuyen_events.ids import OrganizationId
from tuyen_gateway.projections.collections import FOLDED, HEADS
from tuyen_platform.kafka.ports import FetchedRecords
from tuyen_platform.mongodb import Database

_FIRST_PLACES = {
    topic.name: sum(before.partitions for before in FOLDED[:number])
    for number, topic in enumerate(FOLDED)
}


class _Whose(msgspec.Struct):
    """The part of an event that names its organization."""

    organization: OrganizationId | None = None


class HeadsProjection:
    """One document for each organization: by partition (numbered over all topics), the offset after
    its last record that was folded."""

    def __init__(self, database: Database) -> None:
        self._heads = database[HEADS]
        self._whose = msgspec.json.Decoder(_Whose)

    async def fold(self, batch: FetchedRecords) -> None:
        """Folding a batch again changes nothing."""
        heads: dict[OrganizationId, dict[str, int]] = {}
        for (topic, partition), records in batch.items():
            place = f"at.{_FIRST_PLACES[topic] + partition}"
            for record in records:
                if record.value is None:
                    continue
                organization = self._whose.decode(record.value).organization
                if organization is not None:
                    heads.setdefault(organization, {})[place] = record.offset + 1
        if heads:
            await self._heads.bulk_write(
                [
                    UpdateOne({"_id": organization}, {"$max": at}, upsert=True)
                    for organization, at in heads.items()
                ],
                ordered=False,
            )
