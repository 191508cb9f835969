"""The numbers of reports, from the view. MongoDB adds them up, in the time zone of the
organization."""

from collections.abc import Mapping, Sequence

from tuyen_events.audit_limits import REPORT_ROWS
from tuyen_gateway.adapters.in_turn import Reads
from tuyen_gateway.domain.rollups import (
    INFLOW,
    OUTFLOW,
    Counted,
    Period,
    Rollup,
    cut_past,
    cut_span,
)
from tuyen_gateway.errors import InvalidError
from tuyen_gateway.ports.reports import ReportSpan
from tuyen_gateway.projections.reports import NUMBERS
from tuyen_platform.mongodb import Database, Document

_COUNTS = {
    Counted.QUEUE: (INFLOW, OUTFLOW),
    Counted.RULE: ("chosen",),
    Counted.AGENT: (INFLOW, OUTFLOW),
    Counted.PAGE: ("begun",),
    Counted.ORIGIN: (INFLOW, OUTFLOW, "added", "removed"),
    Counted.STEP: (INFLOW, OUTFLOW, "entered", "left"),
}
_WAITS = {
    Counted.QUEUE: ("wait",),
    Counted.AGENT: ("first", "response"),
    Counted.PAGE: ("first", "response"),
}


class MongoReports:
    """`Reports`. Reads take their turn with the organization's others (R9.5)."""

    def __init__(self, database: Database, reads: Reads) -> None:
        self._numbers = database[NUMBERS]
        self._reads = reads

    async def rollups(self, span: ReportSpan, counted: Counted) -> Sequence[Rollup]:
        counts, kinds = _COUNTS[counted], _WAITS.get(counted, ())
        interval = {"date": "$at", "unit": span.by.value, "timezone": span.time_zone}
        query = _match(span, counted, cut_span(span.since, span.until, span.time_zone))
        found = await self._aggregate(
            span,
            [
                {"$match": query},
                {
                    "$group": {
                        "_id": {"at": {"$dateTrunc": interval}, "about": "$about"},
                        **{name: {"$sum": f"${name}"} for name in counts},
                        **{kind: {"$push": f"${kind}"} for kind in kinds},
                    }
                },
                {"$limit": REPORT_ROWS + 1},
            ],
        )
        if len(found) > REPORT_ROWS:
            raise InvalidError("", f"This report has over {REPORT_ROWS} rows: ask for less time.")
        return [rollup for one in found if (rollup := _read(one, counts, kinds)) is not None]

    async def balances(
        self, span: ReportSpan, counted: Counted
    ) -> Mapping[tuple[str | None, ...], int]:
        balance = {"$subtract": [_or_none(f"${INFLOW}"), _or_none(f"${OUTFLOW}")]}
        found = await self._aggregate(
            span,
            [
                {"$match": _match(span, counted, cut_past(span.since))},
                {"$group": {"_id": "$about", "n": {"$sum": balance}}},
            ],
        )
        return {tuple(one["_id"]): one["n"] for one in found}

    async def _aggregate(self, span: ReportSpan, stages: list[Document]) -> list[Document]:
        async with self._reads.turn(span.organization):
            found: list[Document] = await self._numbers.aggregate(stages).to_list(None)
        return found


def _match(span: ReportSpan, counted: Counted, stretches: Sequence[Period]) -> Document:
    """Each stretch is a range of the index."""
    own: Document = {"organization": span.organization, "counted": counted.value}
    if counted in (Counted.ORIGIN, Counted.STEP):
        own["warehouse_id"] = {"$in": sorted(span.warehouses)}
    if counted in (Counted.PAGE, Counted.QUEUE) and span.pages is not None:
        own["about"] = {"$in": [[page_id] for page_id in sorted(span.pages)]}
    return {
        "$or": [
            {**own, "level": one.level.value, "at": {"$gte": one.since, "$lt": one.until}}
            for one in stretches
        ]
    }


def _read(found: Document, counts: Sequence[str], kinds: Sequence[str]) -> Rollup | None:
    """None if all of it was counted and taken back."""
    rollup = Rollup(
        at=found["_id"]["at"],
        about=tuple(found["_id"]["about"]),
        counts={name: found[name] for name in counts},
        waits={kind: _sum_waits(found[kind]) for kind in kinds},
    )
    happened = any(rollup.counts.values()) or any(rollup.waits.values())
    return rollup if happened else None


def _or_none(field: str) -> Document:
    return {"$ifNull": [field, 0]}


def _sum_waits(parts: Sequence[Mapping[str, int]]) -> Mapping[int, int]:
    waits = dict(parts[0]) if parts else {}
    for part in parts[1:]:
        for seconds, count in part.items():
            waits[seconds] = waits.get(seconds, 0) + count
    return {int(seconds): count for seconds, count in waits.items() if count}
