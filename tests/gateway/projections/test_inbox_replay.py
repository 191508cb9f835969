"""Replay equals live: however the log is cut, mixed, doubled and interrupted, the views are one."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import bson
import pytest
from pymongo.errors import AutoReconnect

from support.folding import as_batch, fold_events
from support.inbox_histories import History, batches
from support.inbox_inbound import customer, make_random
from support.views import fold_by_three, plain_counters, without_revision
from tuyen_gateway.projections import collections, counters, inbox
from tuyen_gateway.projections.collections import COLLECTIONS, COUNTERS, MESSAGES, PAGE_POSTS
from tuyen_gateway.projections.inbox import InboxProjection
from tuyen_platform.mongodb import Database

pytestmark = pytest.mark.usefixtures("indexes")


async def _dump(database: Database) -> dict[str, list[bytes]]:
    """What a counter's document or a post says does not hang on the order in which its fields
    came; a revision says how often a document was written."""
    found = {name: await database[name].find().sort("_id", 1).to_list(None) for name in COLLECTIONS}
    found[COUNTERS] = [plain_counters(document) for document in found[COUNTERS]]
    found[PAGE_POSTS] = [dict(sorted(document.items())) for document in found[PAGE_POSTS]]
    return {
        name: [bson.encode(without_revision(each)) for each in documents]
        for name, documents in found.items()
    }


async def _drop(database: Database) -> None:
    for name in COLLECTIONS:
        await database[name].delete_many({})


async def _clean(database: Database, history: History) -> dict[str, list[bytes]]:
    """The views of the whole log, folded place after place in one batch."""
    await _drop(database)
    await InboxProjection(database).fold(as_batch(dict(sorted(history.records.items()))))
    dump = await _dump(database)
    await _drop(database)
    return dump


def _differences(expected: dict[str, list[bytes]], found: dict[str, list[bytes]]) -> list[str]:
    """What differs, readable."""
    said = []
    for name, documents in expected.items():
        old = {bson.decode(d)["_id"]: d for d in documents}
        new = {bson.decode(d)["_id"]: d for d in found[name]}
        for key in sorted(old.keys() | new.keys()):
            if old.get(key) != new.get(key):
                a = bson.decode(old[key]) if key in old else {}
                b = bson.decode(new[key]) if key in new else {}
                fields = {f: (a.get(f), b.get(f)) for f in {*a, *b} if a.get(f) != b.get(f)}
                said.append(f"{name} {key} {fields}")
    return said


@pytest.mark.parametrize("seed", range(12))
async def test_inv6_replay_equals_live_whatever_the_order_of_partitions(
    views: Database, seed: int
) -> None:
    history = History(seed).grow(150)
    expected = await _clean(views, history)
    random = make_random(seed)
    projection = InboxProjection(views)
    for batch in batches(history.records, random, size=random.choice([1, 8, 40])):
        await projection.fold(as_batch(batch))
        if random.random() < 0.2:
            await projection.fold(as_batch(batch))  # it was not committed
    assert _differences(expected, await _dump(views)) == []
    assert await _dump(views) == expected


class _Crash(AutoReconnect):
    pass


@pytest.mark.parametrize("seed", range(20, 28))
async def test_inv6_replay_equals_live_over_crashes_in_the_middle_of_batches(
    views: Database, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(seed).grow(150)
    expected = await _clean(views, history)
    random = make_random(seed)

    def torn(write: Callable[..., Awaitable[bool]]) -> Callable[..., Awaitable[bool]]:
        async def writing(where: Any, before: Any, after: Any) -> bool:
            values = list(after)
            if random.random() < 0.3:
                await write(where, before, values[: random.randrange(len(values) + 1)])
                raise _Crash("in the middle")
            return await write(where, before, values)

        return writing

    monkeypatch.setattr(inbox, "write_documents", torn(collections.write_documents))
    monkeypatch.setattr(inbox, "write_rows", torn(counters.write_rows))
    for batch in batches(history.records, random):
        while True:
            with suppress(_Crash):
                await InboxProjection(views).fold(as_batch(batch))
                break
    assert _differences(expected, await _dump(views)) == []


@pytest.mark.parametrize("seed", range(40, 48))
async def test_inv6_replay_equals_live_with_three_gateways_at_once_one_of_them_late(
    views: Database, seed: int
) -> None:
    history = History(seed).grow(150)
    expected = await _clean(views, history)
    await fold_by_three(views, history, seed)
    assert _differences(expected, await _dump(views)) == []


async def test_an_answer_below_an_answer_is_found_though_its_parent_changes_with_the_root(
    views: Database,
) -> None:
    """The page's words below a livestream know their parent alone. Here the root, and the removal
    of the answer below it, come last and together."""
    history = History(0)
    names: list[str] = []
    records = []
    for who, parent in ((customer(0), None), (None, 0), (None, 1)):
        above = None if parent is None else names[parent]
        records.append(history.add_comment(who, above, live=True))
        names.append(history.newest_comment())
    removal = history.remove_comment(names[1], names[0])
    projection = InboxProjection(views)
    for together in ([records[1]], [records[2]], [records[0], removal]):
        await projection.fold(fold_events(together))
    threads = {found["conversation_id"] async for found in views[MESSAGES].find()}
    assert len(threads) == 1
    assert None not in threads


def test_inv6_o4_replies_that_were_folded_with_another_meaning_of_their_state_are_not_read() -> (
    None
):
    """Up to the sixth shape, the echo of one part was the state of a reply of several."""
    assert int(MESSAGES.removeprefix("messages_")) > 6
    assert MESSAGES in COLLECTIONS
