"""A call to the database ends in time, at the server as well; and what a server has to know."""

from types import SimpleNamespace
from typing import Any

import pytest
from pymongo.errors import PyMongoError

from tuyen_platform.mongodb import connect, require_transactions


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
