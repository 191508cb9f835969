"""Which messages are named does not depend on how the log is cut."""

from datetime import datetime, timedelta

import msgspec
import pytest

from support.folding import fold_events
from support.inbox_histories import History
from support.inbox_inbound import customer
from tuyen_events.topics import INBOUND
from tuyen_gateway.domain.live import Changes
from tuyen_gateway.projections import author_names as naming
from tuyen_gateway.projections.collections import JOURNAL, MESSAGES
from tuyen_gateway.projections.inbox import InboxProjection
from tuyen_platform.kafka.ports import Record
from tuyen_platform.mongodb import Database

pytestmark = pytest.mark.usefixtures("indexes")


@pytest.fixture
def records(monkeypatch: pytest.MonkeyPatch) -> list[Record]:
    """Three messages of somebody without a name, who is then described, and writes again."""

    def rise(history: History) -> datetime:
        history.clock += timedelta(seconds=1)
        return history.clock

    monkeypatch.setattr(History, "now", rise)
    history, nameless = History(1), customer(0)
    records = [history.message(nameless) for _ in range(3)]
    records.append(history.describe(nameless, "Lan"))
    records.append(history.message(nameless))
    records.append(history.describe(nameless, "Mai"))
    assert {record.topic for record in records} == {INBOUND.name}
    return records


async def names_in(views: Database) -> list[str | None]:
    found = await views[MESSAGES].find().sort("offset", 1).to_list(None)
    return [one.get("customer_name") for one in found]


@pytest.mark.parametrize("cuts", [[6], [1] * 6, [2, 2, 2], [4, 2], [3, 3]])
async def test_inv6_the_last_messages_before_a_description_are_named(
    views: Database, records: list[Record], monkeypatch: pytest.MonkeyPatch, cuts: list[int]
) -> None:
    monkeypatch.setattr(naming, "MESSAGES_NAMED", 2)
    projection = InboxProjection(views)
    for cut in cuts:
        batch, records = records[:cut], records[cut:]
        for _ in range(2):  # it was not committed
            await projection.fold(fold_events(batch))
    assert await names_in(views) == [None, "Lan", "Lan", "Mai"]


async def test_i13_what_is_named_is_noted_for_live_streams(
    views: Database, records: list[Record]
) -> None:
    projection = InboxProjection(views)
    await projection.fold(fold_events(records[:1]))
    before = await views[MESSAGES].find_one()
    await projection.fold(fold_events(records[3:4]))
    after = await views[MESSAGES].find_one()
    assert before is not None
    assert after is not None
    assert after["revision"] == before["revision"] + 1
    noted = [
        message_id
        async for entry in views[JOURNAL].find()
        for _, message_id in msgspec.msgpack.decode(entry["changes"], type=Changes).messages
    ]
    assert noted == [after["_id"], after["_id"]]
