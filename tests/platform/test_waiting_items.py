"""What waits, held by MongoDB and by the twin in memory."""

import msgspec
import pytest

from support.errands import MINUTE, NOW, OTHER, SHOP, Errand, errand
from tuyen_platform.fair_work import WaitingItems
from tuyen_platform.mongodb import Document
from tuyen_platform.waiting_items import InMemoryWaitingItems, MongoWaitingItems


def read(document: Document) -> Errand:
    return msgspec.convert(document, Errand)


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.mongodb)])
def waiting(request: pytest.FixtureRequest) -> WaitingItems[Errand]:
    """Two may wait for an organization."""
    if request.param == "memory":
        return InMemoryWaitingItems[Errand](2)
    return MongoWaitingItems(request.getfixturevalue("views")["errands"], read, 2)


async def test_r9_2_the_same_item_waits_once(waiting: WaitingItems[Errand]) -> None:
    assert set(await waiting.add([errand(), errand()])) == {errand()}
    first = await waiting.claim(SHOP, NOW, NOW + MINUTE)
    assert first == msgspec.structs.replace(errand(), due=NOW + MINUTE, attempts=1)
    assert await waiting.add([errand()]) == [errand()]
    assert await waiting.claim(SHOP, NOW, NOW + MINUTE) is None


async def test_r9_5_what_has_been_due_longest_comes_first(waiting: WaitingItems[Errand]) -> None:
    await waiting.add([errand("b", NOW + MINUTE), errand("a"), errand("c", NOW + 5 * MINUTE)])
    claimed = [await waiting.claim(SHOP, NOW + MINUTE, NOW + 9 * MINUTE) for _ in range(3)]
    assert [one and one.id for one in claimed] == ["a", "b", None]


async def test_r9_1_what_was_claimed_and_not_finished_is_due_again(
    waiting: WaitingItems[Errand],
) -> None:
    await waiting.add([errand()])
    await waiting.claim(SHOP, NOW, NOW + MINUTE)
    assert await waiting.organizations(NOW) == []
    again = await waiting.claim(SHOP, NOW + MINUTE, NOW + 2 * MINUTE)
    assert again is not None
    assert again.attempts == 2
    await waiting.put_off(again, NOW + 9 * MINUTE)
    assert await waiting.organizations(NOW + 8 * MINUTE) == []
    assert await waiting.organizations(NOW + 9 * MINUTE) == [SHOP]


async def test_what_was_removed_waits_no_more_until_it_is_added_again(
    waiting: WaitingItems[Errand],
) -> None:
    await waiting.add([errand()])
    await waiting.remove(errand())
    await waiting.put_off(errand(), NOW)
    assert await waiting.organizations(NOW + MINUTE) == []
    await waiting.add([errand()])
    assert await waiting.organizations(NOW) == [SHOP]


async def test_r9_5_too_many_of_an_organization_leave_room_for_others(
    waiting: WaitingItems[Errand],
) -> None:
    assert len(await waiting.add([errand("a"), errand("b")])) == 2
    late, other = errand("c"), errand("d", organization=OTHER)
    assert await waiting.add([late, other]) == [other]
    assert sorted(await waiting.organizations(NOW)) == [OTHER, SHOP]
    claimed = [await waiting.claim(SHOP, NOW, NOW + MINUTE) for _ in range(3)]
    assert [one and one.id for one in claimed] == ["a", "b", None]
