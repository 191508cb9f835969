"""R5.1: the queue of an organization, in buckets of requests that the same agents can take.

Whether an agent may take a waiting conversation depends on its bucket alone, so a long queue is
searched by buckets instead of by requests. Within a bucket, and among the buckets for which
somebody is available, requests are served in the order of their places: first come, first served.

Decides R5.1.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from heapq import heapify, heappop, heapreplace

import msgspec

from tuyen_directory.candidates import build_pool, find_required_capability, narrow_to_offer
from tuyen_directory.pool_cache import OrganizationPools
from tuyen_directory.pools import Offer
from tuyen_events.ids import AgentId, PageId
from tuyen_events.routing import ChoiceRequested
from tuyen_events.vocabulary import Capability

BucketKey = tuple[PageId, Capability, str | None, str | None, tuple[AgentId, ...]]
"""Page, capability, department, region, and the agents who must not get the conversation again
(R6.5).

A link's group is not part of the key: when nobody of the group is available, the others may take
the conversation (R1.6).
"""


class Waiting(msgspec.Struct, frozen=True, array_like=True):
    """A request in the queue. `place` orders the queue: first come, first served."""

    place: int
    request: ChoiceRequested


Bucket = OrderedDict[str, Waiting]
"""Requests by id, in the order of their places. Removing the first one costs the same however long
the bucket is."""

Buckets = dict[BucketKey, Bucket]


def join(buckets: Buckets, waiting: Waiting) -> None:
    """Adds a request. Requests join in the order of their places, except one that moves from
    another bucket and keeps its place (R3.7): it goes before those that came later."""
    request = waiting.request
    bucket = buckets.setdefault(_bucket_of(request), OrderedDict())
    if request.request_id in bucket:
        bucket[request.request_id] = (
            waiting  # the same request, with other `comments`, keeps its place
        )
        return
    later = []
    for each in reversed(bucket.values()):
        if each.place <= waiting.place:
            break
        later.append(each.request.request_id)
    bucket[request.request_id] = waiting
    for request_id in reversed(later):
        bucket.move_to_end(request_id)


def leave(buckets: Buckets, waiting: Waiting) -> None:
    key = _bucket_of(waiting.request)
    bucket = buckets[key]
    del bucket[waiting.request.request_id]
    if not bucket:
        del buckets[key]


def serve_in_order(
    pools: OrganizationPools, buckets: Buckets, loads: Mapping[AgentId, int] | None
) -> Iterator[Waiting]:
    """The waiting requests that somebody may take now, oldest first.

    The caller must remove each request from its bucket before it takes the next. `loads` may rise
    between two requests, and must never fall.
    """
    heads = [
        (_first(bucket).place, key)
        for key, bucket in buckets.items()
        if _offer_to(pools, key, loads).has_any()
    ]
    heapify(heads)
    while heads:
        _, key = heads[0]
        if loads is not None and not _offer_to(pools, key, loads).has_any():
            heappop(heads)  # R1.7: all of its agents are at capacity now
            continue
        yield _first(buckets[key])
        if key in buckets:
            heapreplace(heads, (_first(buckets[key]).place, key))
        else:
            heappop(heads)


def has_competing_request(
    pools: OrganizationPools,
    buckets: Buckets,
    loads: Mapping[AgentId, int] | None,
    offer: Offer,
    leaving: Waiting | None = None,
) -> bool:
    """Whether a waiting request other than `leaving` could be given to one of the agents on
    offer."""
    alone = None if leaving is None else _bucket_of(leaving.request)
    return any(
        offer.shares(_offer_to(pools, key, loads))
        for key, bucket in buckets.items()
        if key != alone or len(bucket) > 1
    )


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
    capability = find_required_capability(request.channel, request.kind)
    return (
        request.page_id,
        capability,
        request.department,
        request.region,
        request.leavers,
    )


def _first(bucket: Bucket) -> Waiting:
    return next(iter(bucket.values()))
