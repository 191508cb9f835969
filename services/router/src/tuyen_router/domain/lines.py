"""R5.1: those who wait, in lines of their own for what they wait for.

Whether somebody may take a conversation depends on its line alone, so a long queue is looked
through by lines. Within a line, and among those lines for which there is somebody, the order is
that of the places: first come, first served.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from heapq import heapify, heappop, heapreplace

import msgspec

from tuyen_events.ids import AgentId, PageId
from tuyen_events.routing import ChoiceRequested
from tuyen_events.vocabulary import Capability
from tuyen_router.domain.candidates import capability_for, offered, pool_for
from tuyen_router.domain.organization import Organization
from tuyen_router.domain.pools import Offer

LineKey = tuple[PageId, Capability, str | None, str | None, tuple[AgentId, ...]]
"""Page, capability, department, region, and those who are not to have it again (R6.5).

A link's group is no part of it: with nobody of the group the others take it (R1.6)."""


class Waiting(msgspec.Struct, frozen=True, array_like=True):
    """A request in the queue. `place` orders the queue: first come, first served."""

    place: int
    request: ChoiceRequested


Line = OrderedDict[str, Waiting]
"""By request, in the order of the places; the first leaves at the same cost however long it is."""

Lines = dict[LineKey, Line]


def join(lines: Lines, waiting: Waiting) -> None:
    """Requests join in the order of their places, but for one that comes from another line with
    its old place (R3.7): it goes before those who came later."""
    request = waiting.request
    line = lines.setdefault(_line_of(request), OrderedDict())
    if request.request_id in line:
        line[request.request_id] = waiting  # it waits for more, or for less, in the same place
        return
    later = []
    for each in reversed(line.values()):
        if each.place <= waiting.place:
            break
        later.append(each.request.request_id)
    line[request.request_id] = waiting
    for request_id in reversed(later):
        line.move_to_end(request_id)


def leave(lines: Lines, waiting: Waiting) -> None:
    key = _line_of(waiting.request)
    line = lines[key]
    del line[waiting.request.request_id]
    if not line:
        del lines[key]


def next_served(
    organization: Organization, lines: Lines, loads: Mapping[AgentId, int] | None
) -> Iterator[Waiting]:
    """Who may be given to somebody now, oldest first.

    The caller takes each out of its line before it asks for the next. `loads` may rise meanwhile,
    and never falls.
    """
    heads = [
        (_first(line).place, key)
        for key, line in lines.items()
        if _offer_to(organization, key, loads).has_any()
    ]
    heapify(heads)
    while heads:
        _, key = heads[0]
        if loads is not None and not _offer_to(organization, key, loads).has_any():
            heappop(heads)  # R1.7: the last of its agents got as many as they may have
            continue
        yield _first(lines[key])
        if key in lines:
            heapreplace(heads, (_first(lines[key]).place, key))
        else:
            heappop(heads)


def contested(
    organization: Organization,
    lines: Lines,
    loads: Mapping[AgentId, int] | None,
    offer: Offer,
    leaving: Waiting | None = None,
) -> bool:
    """Whether somebody who waits, other than who is leaving, may take one of those on offer."""
    alone = None if leaving is None else _line_of(leaving.request)
    return any(
        offer.shares(_offer_to(organization, key, loads))
        for key, line in lines.items()
        if key != alone or len(line) > 1
    )


def offer_for(
    organization: Organization, request: ChoiceRequested, loads: Mapping[AgentId, int] | None
) -> Offer:
    """Who may be chosen for a request now (R1)."""
    pool = pool_for(
        organization,
        request.page_id,
        capability_for(request.channel, request.kind),
        department=request.department,
        region=request.region,
        page_url=request.page_url,
    )
    return offered(pool, loads, request.leavers)


def _offer_to(
    organization: Organization, key: LineKey, loads: Mapping[AgentId, int] | None
) -> Offer:
    page, capability, department, region, leavers = key
    pool = pool_for(organization, page, capability, department=department, region=region)
    return offered(pool, loads, leavers)


def _line_of(request: ChoiceRequested) -> LineKey:
    capability = capability_for(request.channel, request.kind)
    return (
        request.page_id,
        capability,
        request.department,
        request.region,
        request.leavers,
    )


def _first(line: Line) -> Waiting:
    return next(iter(line.values()))
