"""R4: which partition has a comment thread, so that it has one owner whoever tells of it.

A root comment may be told with its author and without, its removal without either, and those who
reply below it are others: each may come to another partition of stage 1. Stage 2 is the one place
to which all of them lead. It remembers of each organization the threads that it heard of last.

An entry is eight bytes: six of a digest of the conversation, one of the partition that has it, one
of what it is. Entries stand in buckets, for each is one record, those heard of last at the end.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from tuyen_events.ids import ConversationId, CustomerId, OrganizationId
from tuyen_events.routing import (
    ChoiceMade,
    ChoiceRequested,
    Purpose,
    ThreadGiven,
    ThreadRemoved,
    ThreadReported,
    ThreadState,
)
from tuyen_events.vocabulary import ConversationKind

BUCKETS = 8_192
BUCKET_THREADS = 16
"""Together 131,072 threads of an organization, in a megabyte. A bucket is written whole for each
of its threads, so it is small."""

NOWHERE = 255
"""In place of a partition: no partition of stage 1 has the thread."""

_ENTRY = 8
_BUCKET_BYTES = BUCKET_THREADS * _ENTRY
_STATES = (ThreadState.TAKEN, ThreadState.REMOVED, ThreadState.OURS, ThreadState.VACANT)
"""Stored by their places here: more may be added at the end."""

Threads = dict[OrganizationId, dict[int, bytes]]


class Thread(NamedTuple):
    """What is known of a thread."""

    state: ThreadState
    partition: int


class BucketKept(msgspec.Struct, frozen=True):
    """The threads of a bucket are these from now on."""

    organization: OrganizationId
    bucket: int
    entries: bytes


class RemovalTold(msgspec.Struct, frozen=True):
    """The partition that has a thread is told that it is gone at the channel (R4.6)."""

    partition: int
    removed: ThreadRemoved


class GivenTold(msgspec.Struct, frozen=True):
    """The partition that has a thread is told whom another one gave it to."""

    partition: int
    given: ThreadGiven


ThreadStep = BucketKept | RemovalTold | GivenTold


def evolve(threads: Threads, step: BucketKept) -> None:
    """Folds a step, live and in recovery alike."""
    threads.setdefault(step.organization, {})[step.bucket] = step.entries


def find(
    threads: Mapping[OrganizationId, Mapping[int, bytes]],
    organization: OrganizationId,
    conversation: ConversationId,
) -> Thread | None:
    """What is remembered of a thread."""
    buckets = threads.get(organization)
    if buckets is None:
        return None
    bucket, digest = _place(conversation)
    entries = buckets.get(bucket)
    at = -1 if entries is None else _find(entries, digest)
    if entries is None or at < 0:
        return None
    return Thread(_STATES[entries[at + _ENTRY - 1]], entries[at + _ENTRY - 2])


def begins(request: ChoiceRequested) -> bool:
    """Whether a request is for the thread of a comment that nobody had before."""
    return request.kind is ConversationKind.COMMENT and request.purpose is Purpose.FIRST


def may_begin(threads: Threads, request: ChoiceRequested) -> bool:
    """Whether somebody may be asked for: nobody has the thread, and it is not gone (R4.6).

    A reply asks for one that the page began itself, and for one of which nothing was ever heard
    (R4.5). Where something was forgotten, that may be just this thread: it stays with nobody, for
    one owner comes first.
    """
    known = find(threads, request.organization, request.conversation_id)
    if known is None:
        return not (request.reply and _has_forgotten(threads, request))
    return known.state is ThreadState.VACANT or (request.reply and known.state is ThreadState.OURS)


def is_vacant(threads: Threads, request: ChoiceRequested) -> bool:
    """Whether a partition has the thread, and waits for nobody."""
    known = find(threads, request.organization, request.conversation_id)
    return known is not None and known.state is ThreadState.VACANT


def _has_forgotten(threads: Threads, request: ChoiceRequested) -> bool:
    """Whether any thread can have been pushed out of the bucket in which it would stand."""
    bucket, _ = _place(request.conversation_id)
    return len(threads.get(request.organization, {}).get(bucket, b"")) >= _BUCKET_BYTES


def taken(threads: Threads, request: ChoiceRequested) -> BucketKept:
    """The thread is the asking partition's."""
    thread = Thread(ThreadState.TAKEN, request.cause.partition)
    return _kept(threads, request.organization, request.conversation_id, thread)


def on_report(
    threads: Threads, report: ThreadReported, waiting: ChoiceRequested | None
) -> Iterator[ThreadStep]:
    """Stage 1 tells what was heard of a thread; the same told again changes nothing.

    A removal is told on to the partition that has the thread, each time that it is told here;
    `waiting` is the request by which the thread waits in the queue. So is what was decided by hand
    in another partition, before it could be known who has the thread: that one has it no more.
    """
    known = find(threads, report.organization, report.conversation_id)
    after = _after(known, report, waiting)
    if after != known:
        yield _kept(threads, report.organization, report.conversation_id, after)
    if after.state is ThreadState.REMOVED and after.partition != NOWHERE:
        customer = None if waiting is None else waiting.customer_id
        yield RemovalTold(after.partition, _removal(report, customer))
    if report.given is not None and after.partition not in (NOWHERE, report.cause.partition):
        yield GivenTold(after.partition, report.given)
        yield RemovalTold(report.cause.partition, _removal(report, None))


def vacated(
    threads: Threads, report: ThreadReported, waiting: ChoiceRequested
) -> Iterator[ThreadStep]:
    """R4.6: all replies for which the thread waits were taken back."""
    thread = Thread(ThreadState.VACANT, waiting.cause.partition)
    yield _kept(threads, report.organization, report.conversation_id, thread)
    yield left(thread.partition, report, waiting)


def left(
    partition: int, report: ThreadReported, asked: ChoiceRequested | ChoiceMade
) -> RemovalTold:
    """The partition that has the thread is told that it waits no more with what it asked."""
    removed = _removal(report, asked.customer_id)
    return RemovalTold(partition, replace(removed, request_id=asked.request_id))


def _removal(report: ThreadReported, customer: CustomerId | None) -> ThreadRemoved:
    return ThreadRemoved(
        organization=report.organization,
        page_id=report.page_id,
        conversation_id=report.conversation_id,
        customer_id=customer,
        seed=report.seed,
        at=report.at,
    )


def _after(known: Thread | None, report: ThreadReported, waiting: ChoiceRequested | None) -> Thread:
    """What is known of the thread then."""
    match report.state:
        case ThreadState.OURS | ThreadState.VACANT:  # nobody tells the latter
            return known or Thread(ThreadState.OURS, NOWHERE)
        case ThreadState.TAKEN:
            if known is None or known.state is ThreadState.OURS:
                cause = report.cause if waiting is None else waiting.cause
                return Thread(ThreadState.TAKEN, cause.partition)
            if known.state is ThreadState.VACANT:
                return Thread(ThreadState.TAKEN, known.partition)
            return known
        case ThreadState.REMOVED:
            place = NOWHERE if known is None else known.partition
            return Thread(report.state, place if waiting is None else waiting.cause.partition)


def _kept(
    threads: Threads, organization: OrganizationId, conversation: ConversationId, thread: Thread
) -> BucketKept:
    """The bucket with the thread at its end; the oldest of more than there may be is forgotten."""
    bucket, digest = _place(conversation)
    entries = threads.get(organization, {}).get(bucket, b"")
    at = _find(entries, digest)
    if at >= 0:
        entries = entries[:at] + entries[at + _ENTRY :]
    entries += digest + bytes((thread.partition, _STATES.index(thread.state)))
    return BucketKept(organization, bucket, entries[-_BUCKET_BYTES:])


def _find(entries: bytes, digest: bytes) -> int:
    at = entries.find(digest)
    while at >= 0 and at % _ENTRY:  # the bytes of two entries can look like it
        at = entries.find(digest, at + 1)
    return at


@lru_cache(maxsize=1_000)
def _place(conversation: ConversationId) -> tuple[int, bytes]:
    digest = blake2b(conversation.encode(), digest_size=8).digest()
    return int.from_bytes(digest[:2]) % BUCKETS, digest[2:]
