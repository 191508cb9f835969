"""A call to the database ends in time, at the server as well; and what a server has to know."""

from types import SimpleNamespace
from typing import Any

import pytest
from pymongo.errors import OperationFailure, PyMongoError

from tuyen_platform.mongodb import MongoSession, connect, in_one_snapshot, require_transactions


@pytest.mark.mongodb
async def test_r9_5_a_call_takes_no_longer_than_it_may(mongodb: str, database: str) -> None:
    opened = connect(mongodb, database, within_s=0.5)
    await opened["rows"].insert_one({"_id": "one"})
    with pytest.raises(PyMongoError) as raised:
        await opened["rows"].find({"$where": "sleep(60000) || true"}).to_list(None)
    assert raised.value.timeout
    assert await opened["rows"].count_documents({}) == 1
    opened.client.close()


@pytest.mark.mongodb
async def test_a_server_without_transactions_is_refused(mongodb: str, database: str) -> None:
    opened = connect(mongodb, database)
    await require_transactions(opened)
    opened.client.close()

    async def command(_: str) -> dict[str, Any]:
        return {"isWritablePrimary": True}

    alone: Any = SimpleNamespace(client=SimpleNamespace(admin=SimpleNamespace(command=command)))
    with pytest.raises(PyMongoError, match="replica set"):
        await require_transactions(alone)


@pytest.mark.mongodb
async def test_what_is_asked_in_one_snapshot_sees_one_state(mongodb: str, database: str) -> None:
    """All that was acknowledged before, and nothing of what came in between."""
    opened = connect(mongodb, database)
    rows = opened["rows"]

    async def twice(session: MongoSession) -> list[int]:
        first = len(await rows.find(session=session).to_list(None))
        await rows.insert_one({})
        return [first, len(await rows.find(session=session).to_list(None))]

    await rows.insert_one({})
    assert await in_one_snapshot(opened, twice) == [1, 1]
    assert await in_one_snapshot(opened, twice) == [2, 2]
    opened.client.close()


@pytest.mark.mongodb
@pytest.mark.parametrize(("code", "times"), [(246, 3), (239, 3), (50, 1)])
async def test_a_snapshot_that_is_gone_is_taken_again_a_few_times(
    mongodb: str, database: str, code: int, times: int
) -> None:
    opened = connect(mongodb, database)
    asked = 0

    async def gone(_: MongoSession) -> None:
        nonlocal asked
        asked += 1
        raise OperationFailure("gone", code)

    with pytest.raises(OperationFailure):
        await in_one_snapshot(opened, gone)
    assert asked == times
    opened.client.close()
