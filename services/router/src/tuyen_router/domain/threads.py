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
from typing import NamedTuple

import msgspec

from tuyen_events.ids import ConversationId, OrganizationId
from tuyen_events.routing import (
    ChoiceRequested,
    Purpose,
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
_STATES = (ThreadState.TAKEN, ThreadState.REMOVED, ThreadState.OURS)
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


ThreadStep = ThreadBucketChanged | RemovalReported


def apply_thread_step(threads: Threads, step: ThreadBucketChanged) -> None:
    """Applies a step, live and in recovery alike."""
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


def begins_thread(request: ChoiceRequested) -> bool:
    """Whether a request is the first one for a comment thread."""
    return request.kind is ConversationKind.COMMENT and request.purpose is Purpose.FIRST


def may_begin(threads: Threads, request: ChoiceRequested) -> bool:
    """Whether the asking partition may have the thread: no other has it, and it was not removed
    (R4.6).

    A reply may request only a thread that the page began itself (R4.5): of a thread that is not
    remembered here, it is not known whether a partition has it.
    """
    known = find(threads, request.organization, request.conversation_id)
    if request.reply:
        return known is not None and known.state is ThreadState.OURS
    return known is None


def take(threads: Threads, request: ChoiceRequested) -> ThreadBucketChanged:
    """Remembers the thread as the asking partition's."""
    thread = Thread(ThreadState.TAKEN, request.cause.partition)
    return _keep(threads, request.organization, request.conversation_id, thread)


def on_report(
    threads: Threads, report: ThreadReported, waiting: ChoiceRequested | None
) -> Iterator[ThreadStep]:
    """Stage 1 reports an event of a thread; a repeated report changes nothing.

    Each reported removal is forwarded to the partition that has the thread; `waiting` is the
    request with which the thread waits in the queue.
    """
    known = find(threads, report.organization, report.conversation_id)
    after = _next_state(known, report, waiting)
    if after != known:
        yield _keep(threads, report.organization, report.conversation_id, after)
    if after.state is ThreadState.REMOVED and after.partition != NOWHERE:
        told = ThreadRemoved(
            organization=report.organization,
            page_id=report.page_id,
            conversation_id=report.conversation_id,
            customer_id=None if waiting is None else waiting.customer_id,
            seed=report.seed,
            at=report.at,
        )
        yield RemovalReported(after.partition, told)


def _next_state(
    known: Thread | None, report: ThreadReported, waiting: ChoiceRequested | None
) -> Thread:
    """What is known of the thread after the report."""
    match report.state:
        case ThreadState.OURS:
            return known or Thread(ThreadState.OURS, NOWHERE)
        case ThreadState.TAKEN:
            if known is None or known.state is ThreadState.OURS:
                return Thread(ThreadState.TAKEN, report.cause.partition)
            return known
        case ThreadState.REMOVED:
            place = NOWHERE if known is None else known.partition
            return Thread(report.state, place if waiting is None else waiting.cause.partition)


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
