"""The journal says of every write of a row who saw it before, whatever breaks in between."""

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from pymongo.errors import AutoReconnect

from support.folding import as_batch
from support.inbox_histories import History, batches
from support.inbox_inbound import make_random
from support.views import fold_by_three
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.live import Changes, RowChange, journal_row
from tuyen_gateway.projections import inbox
from tuyen_gateway.projections.collections import CONVERSATIONS, JOURNAL, MESSAGES, read_all
from tuyen_gateway.projections.inbox import InboxProjection
from tuyen_gateway.projections.journal import note_messages
from tuyen_platform.mongodb import Database

pytestmark = pytest.mark.usefixtures("indexes")


async def noted(views: Database) -> tuple[dict[str, list[RowChange]], set[str]]:
    """The changes of each row by revision, and the messages that were noted."""
    rows: dict[str, list[RowChange]] = {}
    messages: set[str] = set()
    async for document in views[JOURNAL].find():
        changes = msgspec.msgpack.decode(document["changes"], type=Changes)
        for change in changes.rows:
            rows.setdefault(change.conversation_id, []).append(change)
        messages |= {message_id for _, message_id in changes.messages}
    for several in rows.values():
        several.sort(key=lambda change: change.revision)
    return rows, messages


async def expect_chains(views: Database) -> None:
    """The changes of a listed row follow each other, each once, and lead to what is stored."""
    rows, messages = await noted(views)
    stored = await read_all(views[CONVERSATIONS], InboxRow, {"organization": {"$ne": None}})
    assert stored
    for key, found in stored.items():
        changes = rows[key]
        last = changes[-1]
        assert last.revision == found.value.revision
        assert last.after == journal_row(found.value)
        revisions = [change.revision for change in changes]
        assert revisions == sorted(set(revisions))
        for before, after in pairwise(changes):
            assert after.previous == before.after
    threads = views[MESSAGES].find({"conversation_id": {"$ne": None}})
    assert {document["_id"] async for document in threads} <= messages


@pytest.mark.parametrize("seed", range(3))
async def test_r7_3_every_write_of_a_row_is_noted_once(views: Database, seed: int) -> None:
    history = History(seed).grow(120)
    for batch in batches(history.records, make_random(seed), size=15):
        await InboxProjection(views).fold(as_batch(batch))
    await expect_chains(views)


@pytest.mark.parametrize("seed", range(3))
async def test_r7_3_every_write_is_noted_once_with_three_gateways_at_once(
    views: Database, seed: int
) -> None:
    history = History(seed).grow(120)
    await fold_by_three(views, history, seed)
    await expect_chains(views)


async def test_i11_a_message_is_noted_again_after_a_crash(
    views: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(5).grow(60)
    note, crashed = note_messages, False

    async def torn(*arguments: Any) -> None:
        nonlocal crashed
        if not crashed:
            crashed = True
            raise AutoReconnect("before the note")
        await note(*arguments)

    monkeypatch.setattr(inbox, "note_messages", torn)
    batch = as_batch(history.records)
    with pytest.raises(AutoReconnect):
        await InboxProjection(views).fold(batch)
    await InboxProjection(views).fold(batch)
    await expect_chains(views)
