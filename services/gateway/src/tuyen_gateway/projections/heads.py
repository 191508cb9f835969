"""How far the views have read each organization's own records: viewers see it as a position (I13),
which must not show what others write (R7.2).

Written after the rows, so that the rows show at least as much. It never goes back.
"""

from collections.abc import Iterable, Sequence

from pymongo import UpdateOne

from tuyen_events.ids import OrganizationId
from tuyen_gateway.projections.collections import FOLDED, HEADS
from tuyen_platform.mongodb import Database
from tuyen_platform.projection import FoldedEvent

_FIRST_PLACES = {
    topic.name: sum(before.partitions for before in FOLDED[:number])
    for number, topic in enumerate(FOLDED)
}


CHANGED_AT = "changed"
"""When the database last wrote the document, on the clock by which it orders its commits: later
than all that was written for the records before."""


async def note_crm_change(database: Database, organizations: Iterable[OrganizationId]) -> None:
    """Notes the time of a change that follows from none of the records that the views fold: a
    position from before it is one from before a change. Must be called after the change."""
    changed = {"$currentDate": {CHANGED_AT: {"$type": "timestamp"}}}
    updates = [UpdateOne({"_id": each}, changed, upsert=True) for each in sorted({*organizations})]
    if updates:
        await database[HEADS].bulk_write(updates, ordered=False)


class HeadsProjection:
    """One document for each organization: by partition (numbered over all topics), the offset after
    its last record that was folded."""

    def __init__(self, database: Database) -> None:
        self._heads = database[HEADS]

    async def fold(self, batch: Sequence[FoldedEvent]) -> None:
        """Folding a batch again changes nothing."""
        heads: dict[OrganizationId, dict[str, int]] = {}
        for event, _, position in batch:
            organization: OrganizationId | None = getattr(event, "organization", None)
            if organization is not None:
                place = f"at.{_FIRST_PLACES[position.topic] + position.partition}"
                heads.setdefault(organization, {})[place] = position.offset + 1
        if heads:
            await self._heads.bulk_write(
                [
                    UpdateOne(
                        {"_id": organization},
                        {"$max": at, "$currentDate": {CHANGED_AT: {"$type": "timestamp"}}},
                        upsert=True,
                    )
                    for organization, at in heads.items()
                ],
                ordered=False,
            )
