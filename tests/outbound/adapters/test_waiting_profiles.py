"""The customers who wait to be asked for, held by MongoDB and by the twin in memory."""

from datetime import timedelta

import msgspec
import pytest

from outbound.asking import MOMENT, SHOP
from outbound.knowing import wanted, wanted_post
from tuyen_outbound.adapters.waiting_profiles import (
    KNOWN,
    InMemoryWaitingProfiles,
    MongoWaitingProfiles,
)
from tuyen_outbound.ports import WaitingProfiles
from tuyen_platform.mongodb import Database

MINUTE = timedelta(minutes=1)


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.mongodb)])
def waiting(request: pytest.FixtureRequest) -> WaitingProfiles:
    if request.param == "memory":
        return InMemoryWaitingProfiles()
    return MongoWaitingProfiles(request.getfixturevalue("views"))


async def test_p5a_a_post_waits_like_a_customer(waiting: WaitingProfiles) -> None:
    assert await waiting.add([wanted_post()]) == [wanted_post()]
    first = await waiting.claim(SHOP, MOMENT, MOMENT + MINUTE)
    assert first == msgspec.structs.replace(wanted_post(attempts=1), due=MOMENT + MINUTE)
    await waiting.settle(first, MOMENT + MINUTE)
    assert await waiting.organizations(MOMENT + MINUTE) == []


async def test_c1_who_is_known_waits_no_more(waiting: WaitingProfiles) -> None:
    await waiting.add([wanted(), wanted("671")])
    await waiting.settle(wanted(), MOMENT + MINUTE)
    assert await waiting.add([wanted("671"), wanted()]) == [wanted(), wanted("671")]
    left = await waiting.claim(SHOP, MOMENT, MOMENT)
    assert left is not None
    assert left.external_id == "671"
    await waiting.remove(left)
    assert await waiting.organizations(MOMENT) == []


@pytest.mark.mongodb
async def test_r9_6_what_is_known_is_forgotten(views: Database) -> None:
    waiting = MongoWaitingProfiles(views)
    await waiting.add([wanted()])
    await waiting.settle(wanted(), MOMENT)
    indexes = await views[KNOWN].index_information()
    assert indexes["kept"]["expireAfterSeconds"] == 0
    (kept,) = await views[KNOWN].find().to_list(None)
    assert kept["until"] == MOMENT
