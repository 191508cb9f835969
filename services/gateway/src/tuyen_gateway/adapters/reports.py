"""Reads the numbers of reports from the view. MongoDB adds them up, in the time zone of the
organization."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager

from tuyen_events.audit_limits import REPORT_ROWS, REPORTS_AT_ONCE
from tuyen_events.ids import OrganizationId
from tuyen_gateway.adapters.read_limits import ReadLimiter
from tuyen_gateway.domain.rollups import (
    INFLOW,
    OUTFLOW,
    Balance,
    Counted,
    Days,
    Period,
    Rollup,
    Waits,
    cut_past,
    cut_span,
    sum_up,
    value_of,
)
from tuyen_gateway.errors import InvalidError
from tuyen_gateway.jobs.turns import Turns
from tuyen_gateway.ports.reports import Interval, ReportSpan
from tuyen_gateway.projections.report_numbers import (
    NUMBERS,
    WAITS_FIELD,
    decode_number,
    read_days,
    read_waits,
)
from tuyen_platform.mongodb import Database, Document

_OF_DEALS = ("added", *(one for name in (INFLOW, "won", "lost") for one in (name, value_of(name))))
_COUNTS: Mapping[Counted, Sequence[str]] = {
    Counted.QUEUE: (INFLOW, OUTFLOW),
    Counted.RULE: ("chosen",),
    Counted.AGENT: (INFLOW, OUTFLOW),
    Counted.PAGE: ("begun",),
    Counted.ORIGIN: (INFLOW, OUTFLOW, "added", "removed"),
    Counted.STEP: (INFLOW, OUTFLOW, "entered", "left"),
    **dict.fromkeys((Counted.DEAL, Counted.DEAL_STEP), _OF_DEALS),
}
_WAITS = {
    Counted.QUEUE: ("wait",),
    Counted.AGENT: ("first", "response"),
    Counted.PAGE: ("first", "response"),
}
_BY_WAREHOUSE = (Counted.ORIGIN, Counted.STEP, Counted.DEAL, Counted.DEAL_STEP)

_UNGROUP: Document = {"$replaceWith": {"$mergeObjects": ["$$ROOT", "$_id"]}}
_LIMIT: Document = {"$limit": REPORT_ROWS + 1}


class MongoReports:
    """`Reports`. Reads take their turn with the organization's others (R9.5)."""

    def __init__(self, database: Database, reads: ReadLimiter) -> None:
        self._database = database
        self._numbers = database[NUMBERS]
        self._reads = reads
        self._turns = Turns(REPORTS_AT_ONCE)

    def turn(self, organization: OrganizationId) -> AbstractAsyncContextManager[object]:
        return self._turns.turn(organization)

    async def rollups(self, span: ReportSpan, counted: Counted) -> Sequence[Rollup]:
        """An interval is added up here only if it is not stored as a whole, because the report
        begins or ends within it, or the time zone was another one."""
        days = await self._find_days(span) if span.by is Interval.DAY else None
        if days is not None and days.time_zone != span.time_zone:
            days = None
        stretches = cut_span(span.since, span.until, span.time_zone, days)
        whole = [one for one in stretches if one.level.value == span.by.value]
        found = await self._read_whole(span, counted, whole)
        found += await self._add_up(span, counted, [one for one in stretches if one not in whole])
        if len(found) > REPORT_ROWS:
            raise InvalidError("", f"This report has over {REPORT_ROWS} rows: ask for less time.")
        return found

    async def _find_days(self, span: ReportSpan) -> Days | None:
        async with self._reads.turn(span.organization):
            return (await read_days(self._database, [span.organization])).get(span.organization)

    async def _read_whole(
        self, span: ReportSpan, counted: Counted, stretches: Sequence[Period]
    ) -> list[Rollup]:
        """They come as one document with a list for each field, which is decoded several times as
        fast as a document for each."""
        counts, kinds = _COUNTS[counted], _WAITS.get(counted, ())
        stages: list[Document] = [{"$match": _match(span, counted, stretches)}]
        if counted in _BY_WAREHOUSE:
            place = {"at": "$at", "about": "$about"}
            stages += [_group(place, counts), _UNGROUP]
        fields: Document = {
            "at": "$at",
            "about": "$about",
            **{name: _or_none(f"${name}") for name in counts},
            **{kind: {"$ifNull": [f"${WAITS_FIELD}.{kind}", []]} for kind in kinds},
        }
        lists = {name: {"$push": field} for name, field in fields.items()}
        stages += [_LIMIT, {"$group": {"_id": None, **lists}}]
        found = await self._aggregate(span, stages) if stretches else []
        rollups = (
            Rollup(
                at=at,
                about=tuple(about),
                counts=dict(zip(counts, map(decode_number, row), strict=False)),
                waits={
                    kind: Waits(*told) for kind, told in zip(kinds, row[len(counts) :], strict=True)
                },
            )
            for columns in found
            for at, about, *row in zip(*(columns[name] for name in fields), strict=True)
        )
        return await asyncio.to_thread(_keep_happened, rollups)

    async def _add_up(
        self, span: ReportSpan, counted: Counted, stretches: Sequence[Period]
    ) -> list[Rollup]:
        counts, kinds = _COUNTS[counted], _WAITS.get(counted, ())
        interval = {"date": "$at", "unit": span.by.value, "timezone": span.time_zone}
        place = {"at": {"$dateTrunc": interval}, "about": "$about"}
        match = {"$match": _match(span, counted, stretches)}
        stages = [match, _group(place, counts, kinds), _LIMIT]
        found = await self._aggregate(span, stages) if stretches else []
        rollups = (
            Rollup(
                at=one["_id"]["at"],
                about=tuple(one["_id"]["about"]),
                counts={name: decode_number(one[name]) for name in counts},
                waits={kind: sum_up(_sum_waits(one[kind])) for kind in kinds},
            )
            for one in found
        )
        return await asyncio.to_thread(_keep_happened, rollups)

    async def balances(
        self, span: ReportSpan, counted: Counted
    ) -> Mapping[tuple[str | None, ...], Balance]:
        balance = {"$subtract": [_or_none(f"${INFLOW}"), _or_none(f"${OUTFLOW}")]}
        past = cut_past(span.since, await self._find_days(span))
        found = await self._aggregate(
            span,
            [
                {"$match": _match(span, counted, past)},
                {
                    "$group": {
                        "_id": "$about",
                        "number": {"$sum": balance},
                        "value": {"$sum": f"${value_of(INFLOW)}"},
                    }
                },
            ],
        )
        return {
            tuple(one["_id"]): Balance(one["number"], decode_number(one["value"])) for one in found
        }

    async def _aggregate(self, span: ReportSpan, stages: list[Document]) -> list[Document]:
        async with self._reads.turn(span.organization):
            found: list[Document] = await self._numbers.aggregate(stages).to_list(None)
        return found


def _match(span: ReportSpan, counted: Counted, stretches: Sequence[Period]) -> Document:
    """Each stretch is a range of the index."""
    own: Document = {"organization": span.organization, "counted": counted.value}
    if counted in _BY_WAREHOUSE:
        own["warehouse_id"] = {"$in": sorted(span.warehouses)}
    if counted in (Counted.PAGE, Counted.QUEUE) and span.pages is not None:
        own["about"] = {"$in": [[page_id] for page_id in sorted(span.pages)]}
    return {
        "$or": [
            {**own, "level": one.level.value, "at": {"$gte": one.since, "$lt": one.until}}
            for one in stretches
        ]
    }


def _group(place: Document, counts: Sequence[str], kinds: Sequence[str] = ()) -> Document:
    sums = {name: {"$sum": f"${name}"} for name in counts}
    return {"$group": {"_id": place, **sums, **{kind: {"$push": f"${kind}"} for kind in kinds}}}


def _keep_happened(rollups: Iterable[Rollup]) -> list[Rollup]:
    """Without those of which all was counted and taken back."""
    return [
        one
        for one in rollups
        if any(one.counts.values()) or any(waits.number for waits in one.waits.values())
    ]


def _or_none(field: str) -> Document:
    return {"$ifNull": [field, 0]}


def _sum_waits(parts: Sequence[Mapping[str, int]]) -> Mapping[int, int]:
    waits = dict(parts[0]) if parts else {}
    for part in parts[1:]:
        for seconds, count in part.items():
            waits[seconds] = waits.get(seconds, 0) + count
    return read_waits(waits)
