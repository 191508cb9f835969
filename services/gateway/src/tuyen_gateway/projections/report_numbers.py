"""Stores the numbers of reports, added up by quarters of an hour, by hours, days and months (O3).

The days are those of the time zone that the organization had at its first event. When it gets
another one, numbers are added up by the days of that zone from the next day on; those of the
days before stay as they were, and are not read any more.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from bson import Decimal128
from pymongo import ASCENDING, IndexModel, UpdateOne

from tuyen_events.directory import DEFAULT_TIME_ZONE
from tuyen_events.ids import OrganizationId
from tuyen_gateway.domain.rollups import (
    LEVELS_WITH_WAITS,
    VALUE,
    Days,
    Level,
    Slot,
    count_by_level,
    day_of,
    sum_up,
)
from tuyen_platform.mongodb import Database, Document, MongoSession

NUMBERS = "report_numbers_3"
DAYS_OF_REPORTS = "report_days_1"
"""`Days` by organization, and the version of the organization's profile that says so."""

WAITS_FIELD = "told"
"""The field with the `Waits` of each kind, at the levels that have it."""

BY_TIME = "by_time"
INDEX = IndexModel(
    [(name, ASCENDING) for name in ("organization", "counted", "level", "at")], name=BY_TIME
)

_EVER = datetime.min.replace(tzinfo=UTC)
_AHEAD = timedelta(hours=1)
"""Days of another time zone begin so late that nothing can have happened in them yet that a gateway
which does not know of the change has counted."""

AddedNumbers = Mapping[Slot, Counter[str]]


class OrganizationZone(NamedTuple):
    """The time zone of an organization, and the version of the profile that has it; 0 if it has no
    profile."""

    time_zone: str = DEFAULT_TIME_ZONE
    version: int = 0


ZoneOf = Callable[[OrganizationId], OrganizationZone]


async def learn_days(database: Database, zones: Mapping[OrganizationId, OrganizationZone]) -> None:
    """Stores by which days the numbers of organizations are added up from now on. Comes before any
    number of an organization is stored."""
    days = database[DAYS_OF_REPORTS]
    found = await days.find({"_id": {"$in": list(zones)}}).to_list(None)
    stored = {one["_id"]: one for one in found}
    for organization, zone in zones.items():
        known = stored.get(organization)
        if known is None:
            first = {**zone._asdict(), "since": _EVER}
            await days.update_one({"_id": organization}, {"$setOnInsert": first}, upsert=True)
        elif known["version"] < zone.version:
            changed: Document = zone._asdict()
            if known["time_zone"] != zone.time_zone:
                soon = datetime.now(UTC) + _AHEAD
                changed["since"] = day_of(soon, zone.time_zone, after=1)
            before = {"_id": organization, "version": known["version"]}
            await days.update_one(before, {"$set": changed})


async def read_days(
    database: Database,
    organizations: Collection[OrganizationId],
    session: MongoSession | None = None,
) -> Mapping[OrganizationId, Days]:
    query = {"_id": {"$in": list(organizations)}}
    found = await database[DAYS_OF_REPORTS].find(query, session=session).to_list(None)
    return {one["_id"]: Days(one["time_zone"], one["since"]) for one in found}


async def store_numbers(database: Database, added: AddedNumbers, session: MongoSession) -> None:
    """Adds to the numbers, in a transaction."""
    if not added:
        return
    days = await read_days(database, {slot.organization for slot in added}, session)
    places = add_by_place(added, days)
    keys = [key for key, (place, counts) in places.items() if place.has_waits(counts)]
    stored = {}
    if keys:
        found = await database[NUMBERS].find({"_id": {"$in": keys}}, session=session).to_list(None)
        stored = {one["_id"]: one for one in found}
    await database[NUMBERS].bulk_write(list_additions(places, stored), session=session)


class StoredPlace(NamedTuple):
    """Where numbers are added up."""

    slot: Slot
    level: Level

    @property
    def key(self) -> str:
        slot = self.slot
        named = (slot.organization, slot.counted, self.level, slot.quarter.isoformat())
        about = ("" if one is None else f"={one}" for one in slot.about)
        return "|".join((*named, slot.warehouse_id or "", *about))

    def has_waits(self, counts: Mapping[str, int]) -> bool:
        """Whether the `Waits` of these counts are stored."""
        return self.level in LEVELS_WITH_WAITS and any("." in name for name in counts)


Places = Mapping[str, tuple[StoredPlace, Counter[str]]]
"""By their keys, in the order of these, so that two gateways do not wait for each other."""


def add_by_place(added: AddedNumbers, days: Mapping[OrganizationId, Days]) -> Places:
    total: dict[StoredPlace, Counter[str]] = defaultdict(Counter)
    for slot, counts in added.items():
        for level, at, part in count_by_level(slot, counts, days.get(slot.organization)):
            total[StoredPlace(replace(slot, quarter=at), level)].update(part)
    by_key = {place.key: (place, counts) for place, counts in total.items()}
    return {key: by_key[key] for key in sorted(by_key)}


def list_additions(places: Places, stored: Mapping[str, Document]) -> list[UpdateOne]:
    """The writes. `stored` has the documents as they are of slots whose `Waits` are stored."""
    return [_add(key, *place, stored.get(key, {})) for key, place in places.items()]


def _add(key: str, place: StoredPlace, counts: Counter[str], stored: Document) -> UpdateOne:
    slot = place.slot
    update: dict[str, Any] = {
        "$setOnInsert": {
            "organization": slot.organization,
            "counted": slot.counted.value,
            "level": place.level.value,
            "at": slot.quarter,
            "about": list(slot.about),
            "warehouse_id": slot.warehouse_id,
        },
        "$inc": {name: _encode(name, number) for name, number in counts.items()},
    }
    if place.has_waits(counts):
        update["$set"] = _tell(counts, stored)
    return UpdateOne({"_id": key}, update, upsert=True)


def _encode(name: str, number: int) -> int | Decimal128:
    """Sums of values may be longer than an integer of the database."""
    return Decimal128(str(number)) if name.endswith(VALUE) else number


def decode_number(number: int | Decimal128) -> int:
    return int(number.to_decimal()) if isinstance(number, Decimal128) else number


def _tell(counts: Mapping[str, int], stored: Document) -> Document:
    waits: dict[str, Counter[str]] = {}
    for name, number in counts.items():
        kind, _, seconds = name.partition(".")
        if seconds:
            waits.setdefault(kind, Counter(stored.get(kind)))[seconds] += number
    return {f"{WAITS_FIELD}.{kind}": [*sum_up(read_waits(all_))] for kind, all_ in waits.items()}


def read_waits(stored: Mapping[str, int]) -> dict[int, int]:
    """How many waited how long. What was counted and taken back is still there, as 0."""
    return {int(seconds): count for seconds, count in stored.items() if count}
