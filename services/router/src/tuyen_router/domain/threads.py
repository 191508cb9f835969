"""R4: which partition has a comment thread, so that the thread has one assignee whoever reports it.

The channel may deliver a root comment with its author and without, and its removal without either;
replies to it are written by others. Each of these may come to another partition of stage 1. All of
them lead to stage 2, which remembers the most recent threads of each organization.

An entry consists of eight bytes: six of a digest of the conversation's id, one for the partition
that has the thread, and one for its state. Entries are grouped into buckets, each of which is one
record; within a bucket, the most recent entry is last.

Decides R4.1 and R4.5.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple, assert_never

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
"""Together with BUCKETS, 131,072 threads of an organization, in a megabyte. A bucket is written as
a whole for each change of one of its threads, so it is small."""

NOWHERE = 255
"""Stored in place of a partition: no partition of stage 1 has the thread."""

_ENTRY = 8
_BUCKET_BYTES = BUCKET_THREADS * _ENTRY
_STATES = (
    ThreadState.TAKEN,
    ThreadState.REMOVED,
    ThreadState.BEGUN_BY_PAGE,
    ThreadState.NOT_WAITING,
)
"""An entry stores the index of its state: add new states at the end only."""

Threads = dict[OrganizationId, dict[int, bytes]]


class Thread(NamedTuple):
    """What is remembered of a thread."""

    state: ThreadState
    partition: int


class ThreadBucketChanged(msgspec.Struct, frozen=True):
    """The new content of a bucket."""

    organization: OrganizationId
    bucket: int
    entries: bytes


class RemovalReported(msgspec.Struct, frozen=True):
    """The partition that has a thread is informed that it was removed at the channel (R4.6)."""

    partition: int
    removed: ThreadRemoved


class ManualAssignmentReported(msgspec.Struct, frozen=True):
    """The partition that has a thread is informed of its manual assignment in another one."""

    partition: int
    given: ThreadGiven


ThreadStep = ThreadBucketChanged | RemovalReported | ManualAssignmentReported


def apply_thread_step(threads: Threads, step: ThreadBucketChanged) -> None:
    """Applies a step, live and in recovery alike."""
    threads.setdefault(step.organization, {})[step.bucket] = step.entries


def find_thread(
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


def begins_thread(request: ChoiceRequested) -> bool:
    """Whether a request is the first one for a comment thread."""
    return request.kind is ConversationKind.COMMENT and request.purpose is Purpose.FIRST


def may_begin(threads: Threads, request: ChoiceRequested) -> bool:
    """Whether an agent may be requested: no partition has the thread, and its root was not removed
    (R4.6).

    A reply also requests an agent for a thread that the page began, and for one that is unknown
    (R4.5). But if its bucket has forgotten a thread, an unknown thread may be that one, so a reply
    requests nobody: it is better unassigned than assigned twice.
    """
    known = find_thread(threads, request.organization, request.conversation_id)
    if known is None:
        return not (request.reply and _has_forgotten(threads, request))
    return known.state is ThreadState.NOT_WAITING or (
        request.reply and known.state is ThreadState.BEGUN_BY_PAGE
    )


def is_vacant(threads: Threads, request: ChoiceRequested) -> bool:
    """Whether a partition has the thread, which waits for no reply there any more."""
    known = find_thread(threads, request.organization, request.conversation_id)
    return known is not None and known.state is ThreadState.NOT_WAITING


def _has_forgotten(threads: Threads, request: ChoiceRequested) -> bool:
    """Whether the thread's bucket is full, so that it may have forgotten a thread."""
    bucket, _ = _place(request.conversation_id)
    return len(threads.get(request.organization, {}).get(bucket, b"")) >= _BUCKET_BYTES


def take_thread(threads: Threads, request: ChoiceRequested) -> ThreadBucketChanged:
    """Remembers that the requesting partition has the thread."""
    thread = Thread(ThreadState.TAKEN, request.cause.partition)
    return _keep(threads, request.organization, request.conversation_id, thread)


def on_thread_report(
    threads: Threads, report: ThreadReported, waiting: ChoiceRequested | None
) -> Iterator[ThreadStep]:
    """Applies a report of stage 1 about a thread; a repeated report changes nothing.

    Every report of a removal is forwarded to the partition that has the thread; `waiting` is the
    request with which the thread is in the queue. A manual assignment in another partition, made
    before that one could know where the thread is, is forwarded as well: that partition gives it
    up.
    """
    known = find_thread(threads, report.organization, report.conversation_id)
    after = _next_state(known, report, waiting)
    if after != known:
        yield _keep(threads, report.organization, report.conversation_id, after)
    if after.state is ThreadState.REMOVED and after.partition != NOWHERE:
        customer = None if waiting is None else waiting.customer_id
        yield RemovalReported(after.partition, _removal(report, customer))
    if report.given is not None and after.partition not in (NOWHERE, report.cause.partition):
        yield ManualAssignmentReported(after.partition, report.given)
        yield RemovalReported(report.cause.partition, _removal(report, None))


def vacate(
    threads: Threads, report: ThreadReported, waiting: ChoiceRequested
) -> Iterator[ThreadStep]:
    """R4.6: all replies for which the thread waits were removed."""
    thread = Thread(ThreadState.NOT_WAITING, waiting.cause.partition)
    yield _keep(threads, report.organization, report.conversation_id, thread)
    yield report_dequeued(thread.partition, report, waiting)


def report_dequeued(
    partition: int, report: ThreadReported, request: ChoiceRequested | ChoiceMade
) -> RemovalReported:
    """The partition that has the thread is informed that its request left the queue."""
    removed = _removal(report, request.customer_id)
    return RemovalReported(partition, replace(removed, request_id=request.request_id))


def _removal(report: ThreadReported, customer: CustomerId | None) -> ThreadRemoved:
    return ThreadRemoved(
        organization=report.organization,
        page_id=report.page_id,
        conversation_id=report.conversation_id,
        customer_id=customer,
        seed=report.seed,
        at=report.at,
    )


def _next_state(
    known: Thread | None, report: ThreadReported, waiting: ChoiceRequested | None
) -> Thread:
    """What is known of the thread after the report."""
    match report.state:
        case ThreadState.BEGUN_BY_PAGE | ThreadState.NOT_WAITING:  # the latter is never reported
            return known or Thread(ThreadState.BEGUN_BY_PAGE, NOWHERE)
        case ThreadState.TAKEN:
            if known is None or known.state is ThreadState.BEGUN_BY_PAGE:
                cause = report.cause if waiting is None else waiting.cause
                return Thread(ThreadState.TAKEN, cause.partition)
            if known.state is ThreadState.NOT_WAITING:
                return Thread(ThreadState.TAKEN, known.partition)
            return known
        case ThreadState.REMOVED:
            place = NOWHERE if known is None else known.partition
            return Thread(report.state, place if waiting is None else waiting.cause.partition)
        case _:
            assert_never(report.state)


def _keep(
    threads: Threads, organization: OrganizationId, conversation: ConversationId, thread: Thread
) -> ThreadBucketChanged:
    """The bucket with the thread as its last entry; when it is full, the oldest entry is
    dropped."""
    bucket, digest = _place(conversation)
    entries = threads.get(organization, {}).get(bucket, b"")
    at = _find(entries, digest)
    if at >= 0:
        entries = entries[:at] + entries[at + _ENTRY :]
    entries += digest + bytes((thread.partition, _STATES.index(thread.state)))
    return ThreadBucketChanged(organization, bucket, entries[-_BUCKET_BYTES:])


def _find(entries: bytes, digest: bytes) -> int:
    at = entries.find(digest)
    while at >= 0 and at % _ENTRY:  # a match across two entries is not an entry
        at = entries.find(digest, at + 1)
    return at


@lru_cache(maxsize=1_000)
def _place(conversation: ConversationId) -> tuple[int, bytes]:
    digest = blake2b(conversation.encode(), digest_size=8).digest()
    return int.from_bytes(digest[:2]) % BUCKETS, digest[2:]
