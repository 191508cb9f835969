"""Finds what resumed streams have missed.

Decides I13.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tuyen_events.ids import OrganizationId
from tuyen_events.limits import CHANGES_KEPT_S, REPLAYED_CHANGES
from tuyen_gateway.domain.live import NOWHERE, JournalPosition, unpack_place
from tuyen_gateway.live.recent import RecentChanges
from tuyen_gateway.live.stream import LiveStream
from tuyen_gateway.ports.live import JournalEntry, LiveViews

_TRANSACTION = timedelta(seconds=65)
"""MongoDB aborts a transaction after a minute. An entry has the time of its beginning."""

_KEPT = timedelta(seconds=CHANGES_KEPT_S) - _TRANSACTION


@dataclass(slots=True)
class Resumption:
    """Streams that resume together, by what they missed."""

    recent: list[tuple[LiveStream, JournalPosition]] = field(default_factory=list)
    """The streams that resume from the recent changes, each with the place after which it
    continues."""
    recent_entries: Sequence[JournalEntry] = ()
    older: list[LiveStream] = field(default_factory=list)
    older_entries: Sequence[JournalEntry] = ()
    """Older entries, some of which a stream may have seen."""
    lost: list[LiveStream] = field(default_factory=list)


async def find_missed(
    views: LiveViews,
    recent: RecentChanges,
    organization: OrganizationId,
    streams: Sequence[LiveStream],
    *,
    until: JournalPosition,
    now: datetime,
) -> Resumption:
    """The changes that the streams missed up to `until`, read once for all of them."""
    found = Resumption()
    since = now
    for stream in streams:
        if stream.after.inbox is None:
            continue
        place = unpack_place(stream.after.inbox)
        if place >= recent.floor:
            found.recent.append((stream, place))
            continue
        begun = await _find_begin(views, organization, place, now, fetched=stream.after.fetched)
        if begun is None:
            found.lost.append(stream)
        else:
            found.older.append(stream)
            since = min(since, begun)
    if found.recent:
        first = min(place for _, place in found.recent)
        found.recent_entries = recent.since(organization, first, until)
        if _is_too_much(found.recent_entries):
            found.lost += [stream for stream, _ in found.recent]
            found.recent, found.recent_entries = [], ()
        unlisted = _find_unlisted(found.recent_entries)
        found.lost += [stream for stream, place in found.recent if place < unlisted]
        found.recent = [(stream, place) for stream, place in found.recent if place >= unlisted]
    if found.older:
        found.older_entries = await views.entries(organization, since, REPLAYED_CHANGES + 1)
        entries = found.older_entries
        if _is_too_much(entries) or any(entry.changes.unlisted for entry in entries):
            found.lost += found.older
            found.older, found.older_entries = [], ()
    return found


async def _find_begin(
    views: LiveViews,
    organization: OrganizationId,
    place: JournalPosition,
    now: datetime,
    *,
    fetched: bool,
) -> datetime | None:
    """The time from which on the journal's entries have to be sent; null if some of them are no
    longer kept."""
    begun = datetime.fromtimestamp(place.seconds, UTC) - _TRANSACTION
    if begun >= now - _KEPT:
        return begun
    if not fetched or await views.head(organization) != place:
        return None
    return now - _KEPT  # nothing was folded since, except what is not complete yet


def _find_unlisted(entries: Sequence[JournalEntry]) -> JournalPosition:
    """The place of the last change that does not list its rows."""
    places = (entry.place for entry in entries if entry.changes.unlisted)
    return max((place for place in places if place is not None), default=NOWHERE)


def _is_too_much(entries: Sequence[JournalEntry]) -> bool:
    return sum(entry.changes.size for entry in entries) > REPLAYED_CHANGES
