"""R5.1: the queue of an organization, in buckets of requests that the same agents can take.

Whether an agent may take a waiting conversation depends on its bucket alone, so a long queue is
searched by buckets instead of by requests. Within a bucket, and among the buckets for which
somebody is available, requests are served in the order of their places: first come, first served.

An organization may have as many buckets as requests. So a search for requests that can be served
looks at one bucket after another, oldest first, and can be interrupted after each of them: the next
call continues where it stopped, and begins again only when somebody may have become a candidate.
Buckets of departments and regions that do not exist, which visitors may name without end, are not
looked at: nobody belongs to any of those (R1.5).

Decides R5.1.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush, heapreplace

import msgspec

from tuyen_directory.candidates import build_pool, find_required_capability, narrow_to_offer
from tuyen_directory.organization import Organization
from tuyen_directory.organization_state import OrganizationState, may_have_gained
from tuyen_directory.pool_cache import OrganizationPools
from tuyen_directory.pools import Offer
from tuyen_events.ids import AgentId, PageId
from tuyen_events.routing import ChoiceRequested
from tuyen_events.vocabulary import Capability

BucketKey = tuple[PageId, Capability, str | None, str | None, tuple[AgentId, ...]]
"""Page, capability, department, region, and the agents who must not get the conversation again
(R6.5). Department and region are those that the visitor named, whether they exist or not, so that
no request changes its bucket when they are set up or removed.

A link's group is not part of the key: when nobody of the group is available, the others may take
the conversation (R1.6).
"""

WantedDepartment = tuple[str | None, str | None]


class WaitingRequest(msgspec.Struct, frozen=True, array_like=True):
    """A request in the queue. `place` orders the queue: first come, first served."""

    place: int
    request: ChoiceRequested


_LEFT_IN_ORDER = 100
"""So many requests that have left a bucket, and as many again as it has, may be in its order."""


@dataclass(slots=True)
class Bucket:
    """Requests that the same agents can take. What it costs to find the first one, to remove one,
    and to add one that comes before others, hardly grows with their number."""

    requests: dict[str, WaitingRequest] = field(default_factory=dict)
    _order: list[tuple[int, str]] = field(default_factory=list, compare=False, repr=False)
    """A heap of places and requests, including some that have left."""

    def first(self) -> WaitingRequest:
        while True:
            place, request_id = self._order[0]
            found = self.requests.get(request_id)
            if found is not None and found.place == place:
                return found
            heappop(self._order)

    def add(self, waiting: WaitingRequest) -> None:
        request_id = waiting.request.request_id
        self.requests[request_id] = waiting
        heappush(self._order, (waiting.place, request_id))

    def remove(self, request_id: str) -> None:
        del self.requests[request_id]
        if len(self._order) > 2 * len(self.requests) + _LEFT_IN_ORDER:
            self._order = [(each.place, name) for name, each in self.requests.items()]
            heapify(self._order)


_BEFORE_ALL: BucketKey = (PageId(""), Capability.FACEBOOK_MESSAGE, None, None, ())
"""Sorts before the keys of all buckets: no page has this id."""


@dataclass(slots=True)
class Section:
    """The buckets of one department and region."""

    heads: list[tuple[int, BucketKey]] = field(default_factory=list)
    """The place of each bucket's first request, ascending. Two workers may have given one place to
    two requests, so the key belongs to the order."""
    passed: tuple[int, BucketKey] = field(default=(-1, _BEFORE_ALL), compare=False)
    """Nobody can take the requests of the buckets with heads up to this one, as far as the search
    with the number `search` has found."""
    search: int = field(default=0, compare=False)

    def move_head(self, key: BucketKey, before: int | None, after: int | None) -> None:
        """A bucket has another first request; None is the place where there is none."""
        if before is not None:
            del self.heads[bisect_left(self.heads, (before, key))]
        if after is not None:
            insort(self.heads, (after, key))

    def next_head(self, search: int) -> int:
        """The index of the first head that a search has not passed."""
        if self.search != search:
            self.search, self.passed = search, (-1, _BEFORE_ALL)
        return bisect_right(self.heads, self.passed)


@dataclass(slots=True)
class Buckets:
    """The queue of one organization."""

    by_key: dict[BucketKey, Bucket] = field(default_factory=dict)
    sections: dict[WantedDepartment, Section] = field(default_factory=dict)
    _search: int = field(default=0, compare=False, repr=False)
    """The number of the present search for requests that can be served."""
    _searched: OrganizationState | None = field(default=None, compare=False, repr=False)
    """The organization as that search found it."""

    def add_request(self, waiting: WaitingRequest, before: WaitingRequest | None = None) -> None:
        """Adds a request; `before` is what was added with its id and is replaced, by the same with
        other `comments`. Requests join in the order of their places, except one that moves from
        another bucket and keeps its place (R3.7): it goes before those that came later."""
        key = _bucket_of(waiting.request)
        if before is not None:
            if (before.place, _bucket_of(before.request)) == (waiting.place, key):
                self.by_key[key].requests[waiting.request.request_id] = waiting
                return
            self.remove_request(before)  # two workers gave it two places
        bucket = self.by_key.get(key)
        first = None if bucket is None else bucket.first().place
        if bucket is None:
            bucket = self.by_key[key] = Bucket()
        bucket.add(waiting)
        if first is None or waiting.place < first:
            section = self.sections.setdefault(_section_of(key), Section())
            section.move_head(key, first, waiting.place)
            section.passed = min(section.passed, (waiting.place, _BEFORE_ALL))

    def remove_request(self, waiting: WaitingRequest) -> None:
        """Removes a request."""
        key = _bucket_of(waiting.request)
        bucket, section = self.by_key[key], self.sections[_section_of(key)]
        first = bucket.first().place
        bucket.remove(waiting.request.request_id)
        if not bucket.requests:
            del self.by_key[key]
            section.move_head(key, first, None)
            if not section.heads:
                del self.sections[_section_of(key)]
        elif waiting.place == first:
            section.move_head(key, first, bucket.first().place)

    def search_again(self) -> None:
        """Begins a new search: somebody may take one more conversation (R1.7)."""
        self._search += 1

    def continue_search(self, organization: OrganizationState) -> int:
        """The number of the search that is going on: a new one, if somebody may have become a
        candidate since the last call."""
        if self._searched is not organization:
            if self._searched is None or may_have_gained(self._searched, organization):
                self._search += 1
            self._searched = organization
        return self._search

    def list_sections(self, directory: Organization) -> list[Section]:
        """The sections of departments and regions that exist: nobody belongs to others (R1.5)."""
        choices = directory.department_choices
        if len(self.sections) < len(choices):
            return [each for choice, each in self.sections.items() if choice in choices]
        return [self.sections[choice] for choice in choices if choice in self.sections]


def serve_in_order(
    pools: OrganizationPools, buckets: Buckets, loads: Mapping[AgentId, int] | None
) -> Iterator[WaitingRequest | None]:
    """The waiting requests that somebody may take now, oldest first; and None after each bucket
    that nobody can take a request of.

    The caller must remove each request from its bucket before it takes the next. It may stop after
    any of them: another call then continues behind the buckets for which nobody was available,
    unless somebody may have become a candidate. `loads` may rise meanwhile; when one has fallen,
    the caller must call `search_again`.
    """
    search = buckets.continue_search(pools.organization)
    sections = buckets.list_sections(pools.organization.directory)
    found = ((_next_place(section, search), number) for number, section in enumerate(sections))
    heads = [(place, number) for place, number in found if place is not None]
    heapify(heads)
    available: set[BucketKey] = set()
    while heads:
        _, number = heads[0]
        section = sections[number]
        head = section.heads[section.next_head(search)]
        key = head[1]
        if key in available or _offer_to(pools, key, loads).has_any():
            if loads is None:
                available.add(key)  # R1.7: else its agents may be at capacity by the next request
            yield buckets.by_key[key].first()
        else:
            section.passed = head
            yield None
        following = _next_place(section, search)
        if following is None:
            heappop(heads)
        else:
            heapreplace(heads, (following, number))
    buckets.search_again()


def _next_place(section: Section, search: int) -> int | None:
    index = section.next_head(search)
    return None if index == len(section.heads) else section.heads[index][0]


@dataclass(slots=True)
class Comparisons:
    """How many more times newcomers may be compared with a bucket of an organization."""

    left: int


def has_competing_request(
    pools: OrganizationPools,
    buckets: Buckets,
    loads: Mapping[AgentId, int] | None,
    offer: Offer,
    *,
    leaving: WaitingRequest | None,
    comparisons: Comparisons,
) -> bool:
    """Whether a waiting request other than `leaving` could be given to one of the agents on offer;
    also true if there are more buckets than may be compared, so that nobody is overtaken."""
    alone = None if leaving is None else _bucket_of(leaving.request)
    search = buckets.continue_search(pools.organization)
    for section in buckets.list_sections(pools.organization.directory):
        for index in range(section.next_head(search), len(section.heads)):
            _, key = section.heads[index]
            if key == alone and len(buckets.by_key[key].requests) == 1:
                continue
            if comparisons.left <= 0:
                return True
            comparisons.left -= 1
            if offer.shares(_offer_to(pools, key, loads)):
                return True
    return False


def build_offer(
    pools: OrganizationPools, request: ChoiceRequested, loads: Mapping[AgentId, int] | None
) -> Offer:
    """Who may be chosen for a request now (R1)."""
    pool = build_pool(
        pools,
        request.page_id,
        find_required_capability(request.channel, request.kind),
        department=request.department,
        region=request.region,
        page_url=request.page_url,
    )
    return narrow_to_offer(pool, loads, request.leavers)


def _offer_to(
    pools: OrganizationPools, key: BucketKey, loads: Mapping[AgentId, int] | None
) -> Offer:
    page, capability, department, region, leavers = key
    pool = build_pool(pools, page, capability, department=department, region=region)
    return narrow_to_offer(pool, loads, leavers)


def _bucket_of(request: ChoiceRequested) -> BucketKey:
    department = request.department
    return (
        request.page_id,
        find_required_capability(request.channel, request.kind),
        department,
        None if department is None else request.region,  # a region exists only in a department
        request.leavers,
    )


def _section_of(key: BucketKey) -> WantedDepartment:
    return key[2], key[3]
