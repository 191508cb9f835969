"""The customers who wait to be asked for, held by MongoDB and by the twin in memory."""

from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest

from outbound.asking import MOMENT, SHOP
from outbound.knowing import wanted, wanted_post
from tuyen_events.ids import OrganizationId
from tuyen_outbound.adapters import waiting_profiles
from tuyen_outbound.adapters.waiting_profiles import (
    KNOWN,
    InMemoryWaitingProfiles,
    MongoWaitingProfiles,
)
from tuyen_outbound.ports import WaitingProfiles
from tuyen_platform.mongodb import Database, connect

OTHER = OrganizationId("other")
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def profiles(mongodb: str, database: str) -> AsyncIterator[Database]:
    opened = connect(mongodb, database)
    yield opened
    opened.client.close()


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.mongodb)])
def waiting(request: pytest.FixtureRequest) -> WaitingProfiles:
    if request.param == "memory":
        return InMemoryWaitingProfiles()
    return MongoWaitingProfiles(request.getfixturevalue("profiles"))


async def test_r9_2_the_same_customer_waits_once(waiting: WaitingProfiles) -> None:
    assert await waiting.add([wanted(), wanted()]) == {wanted().id}
    first = await waiting.claim(SHOP, MOMENT, MOMENT + MINUTE)
    assert first == msgspec.structs.replace(wanted(), due=MOMENT + MINUTE, attempts=1)
    assert await waiting.add([wanted(at=MOMENT + MINUTE)]) == {wanted().id}
    assert await waiting.claim(SHOP, MOMENT, MOMENT + MINUTE) is None


async def test_p5a_a_post_waits_like_a_customer(waiting: WaitingProfiles) -> None:
    assert await waiting.add([wanted_post()]) == {wanted_post().id}
    first = await waiting.claim(SHOP, MOMENT, MOMENT + MINUTE)
    assert first == msgspec.structs.replace(wanted_post(attempts=1), due=MOMENT + MINUTE)
    await waiting.settle(first, MOMENT + MINUTE)
    assert await waiting.organizations(MOMENT + MINUTE) == []


async def test_c1_who_is_known_waits_no_more(waiting: WaitingProfiles) -> None:
    await waiting.add([wanted(), wanted("671")])
    await waiting.settle(wanted(), MOMENT + MINUTE)
    assert await waiting.add([wanted(), wanted("671")]) == {wanted().id, wanted("671").id}
    left = await waiting.claim(SHOP, MOMENT, MOMENT + MINUTE)
    assert left is not None
    assert left.external_id == "671"
    await waiting.remove(left)
    assert await waiting.organizations(MOMENT + MINUTE) == []
    await waiting.add([left])
    assert await waiting.organizations(MOMENT + MINUTE) == [SHOP]


async def test_p5_what_was_claimed_and_not_finished_is_due_again(
    waiting: WaitingProfiles,
) -> None:
    await waiting.add([wanted()])
    await waiting.claim(SHOP, MOMENT, MOMENT + MINUTE)
    assert await waiting.organizations(MOMENT) == []
    again = await waiting.claim(SHOP, MOMENT + MINUTE, MOMENT + 2 * MINUTE)
    assert again is not None
    assert again.attempts == 2
    await waiting.put_off(again, MOMENT + 9 * MINUTE)
    assert await waiting.organizations(MOMENT + 8 * MINUTE) == []
    assert await waiting.organizations(MOMENT + 9 * MINUTE) == [SHOP]
    await waiting.remove(again)
    await waiting.put_off(again, MOMENT)
    assert await waiting.organizations(MOMENT + 9 * MINUTE) == []


async def test_r9_5_organizations_have_their_own(
    waiting: WaitingProfiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting_profiles, "PROFILES_WAITING", 2)
    assert len(await waiting.add([wanted("1"), wanted("2")])) == 2
    late, other = wanted("3"), wanted("4", OTHER)
    assert await waiting.add([late, other]) == {other.id}
    assert sorted(await waiting.organizations(MOMENT)) == sorted([OTHER, SHOP])


@pytest.mark.mongodb
async def test_r9_6_what_is_known_is_forgotten(profiles: Database) -> None:
    waiting = MongoWaitingProfiles(profiles)
    await waiting.add([wanted()])
    await waiting.settle(wanted(), MOMENT)
    indexes = await profiles[KNOWN].index_information()
    assert indexes["kept"]["expireAfterSeconds"] == 0
    (kept,) = await profiles[KNOWN].find().to_list(None)
    assert kept["until"] == MOMENT
