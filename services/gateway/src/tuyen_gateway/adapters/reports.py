"""The numbers of reports, from the view. MongoDB adds the quarters up, in the time zone of the
organization."""

from collections import Counter
from collections.abc import Mapping, Sequence

from tuyen_events.crm_limits import REPORT_ROWS
from tuyen_events.ids import PageId
from tuyen_gateway.adapters.in_turn import Reads
from tuyen_gateway.domain.reports import ChoiceRow, Counted, QueueNumbers
from tuyen_gateway.errors import InvalidError
from tuyen_gateway.ports.reports import ReportSpan
from tuyen_gateway.projections.reports import NUMBERS
from tuyen_platform.mongodb import Database, Document


class MongoReports:
    """`Reports`. Reads take their turn with the organization's others (R9.5)."""

    def __init__(self, database: Database, reads: Reads) -> None:
        self._numbers = database[NUMBERS]
        self._reads = reads

    async def queue(self, span: ReportSpan) -> tuple[Mapping[PageId, int], Sequence[QueueNumbers]]:
        earlier: Document = {
            "organization": span.organization,
            "counted": Counted.QUEUE.value,
            "quarter": {"$lt": span.since},
        }
        waiting = {"$subtract": [_or_none("$entered"), _or_none("$left")]}
        async with self._reads.turn(span.organization):
            standing = self._numbers.aggregate(
                [{"$match": earlier}, {"$group": {"_id": "$page_id", "n": {"$sum": waiting}}}]
            )
            before = {one["_id"]: one["n"] for one in await standing.to_list(None)}
            found = await self._group(
                span,
                Counted.QUEUE,
                ("page_id",),
                {
                    "entered": {"$sum": "$entered"},
                    "left": {"$sum": "$left"},
                    "waits": {"$push": "$wait"},
                },
            )
        return before, [
            QueueNumbers(
                at=one["_id"]["at"],
                page_id=one["_id"]["page_id"],
                entered=one["entered"],
                left=one["left"],
                waits=_sum_waits(one["waits"]),
            )
            for one in found
        ]

    async def choices(self, span: ReportSpan) -> Sequence[ChoiceRow]:
        async with self._reads.turn(span.organization):
            found = await self._group(
                span, Counted.RULE, ("rule_id", "agent_id"), {"chosen": {"$sum": "$chosen"}}
            )
        return [
            ChoiceRow(
                at=one["_id"]["at"],
                rule_id=one["_id"]["rule_id"],
                agent_id=one["_id"]["agent_id"],
                chosen=one["chosen"],
            )
            for one in found
        ]

    async def _group(
        self, span: ReportSpan, counted: Counted, fields: Sequence[str], sums: Document
    ) -> list[Document]:
        """The sums of each interval and combination of `fields`, in that order."""
        interval = {"date": "$quarter", "unit": span.by.value, "timezone": span.time_zone}
        by = {"at": {"$dateTrunc": interval}, **{name: f"${name}" for name in fields}}
        rows = self._numbers.aggregate(
            [
                {
                    "$match": {
                        "organization": span.organization,
                        "counted": counted.value,
                        "quarter": {"$gte": span.since, "$lt": span.until},
                    }
                },
                {"$group": {"_id": by, **sums}},
                {"$sort": {f"_id.{name}": 1 for name in by}},
                {"$limit": REPORT_ROWS + 1},
            ]
        )
        found: list[Document] = await rows.to_list(None)
        if len(found) > REPORT_ROWS:
            raise InvalidError("", f"This report has over {REPORT_ROWS} rows: ask for less time.")
        return found


def _or_none(field: str) -> Document:
    return {"$ifNull": [field, 0]}


def _sum_waits(parts: Sequence[Mapping[str, int]]) -> Mapping[int, int]:
    waits: Counter[int] = Counter()
    for part in parts:
        waits.update({int(seconds): count for seconds, count in part.items()})
    return waits
