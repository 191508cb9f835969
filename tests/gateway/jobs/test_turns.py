"""R9.5: organizations take turns, whatever number of jobs each has."""

import asyncio

from tuyen_events.ids import OrganizationId
from tuyen_gateway.jobs.turns import Turns

NOISY, INACTIVE, THIRD = OrganizationId("noisy"), OrganizationId("quiet"), OrganizationId("third")


async def settle() -> None:
    """Lets every task go on as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def work(turns: Turns, organization: OrganizationId, order: list[str], slices: int) -> None:
    for _ in range(slices):
        async with turns.turn(organization):
            order.append(organization)
            await asyncio.sleep(0)


async def test_inv7_r9_5_a_job_waits_for_one_slice_of_each_other_organization_at_most() -> None:
    turns, order = Turns(1), list[str]()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(4):
            tasks.create_task(work(turns, NOISY, order, 25))
        await settle()
        before = len(order)
        tasks.create_task(work(turns, INACTIVE, order, 3))
        tasks.create_task(work(turns, THIRD, order, 3))
    assert order.count(NOISY) == 100
    last = max(place for place, one in enumerate(order) if one != NOISY)
    assert last - before < 12  # three slices of each of three, and those under way
    between = "".join(one[0] for one in order[before : last + 1])
    assert "nn" not in between[2:]


async def test_r9_5_no_organization_has_two_places_at_once() -> None:
    turns, order = Turns(8), list[str]()
    async with turns.turn(NOISY):
        waiting = asyncio.create_task(work(turns, NOISY, order, 1))
        await settle()
        assert order == []
        async with turns.turn(INACTIVE):
            assert not waiting.done()
    await waiting


async def test_a_slice_that_only_waits_lets_others_have_its_place() -> None:
    turns, order = Turns(1), list[str]()
    async with turns.turn(NOISY) as turn:
        waiting = asyncio.create_task(work(turns, INACTIVE, order, 1))
        await settle()
        assert order == []
        turn.give_back()
        await waiting
    async with asyncio.TaskGroup() as tasks:  # given back once, not twice
        for _ in range(2):
            tasks.create_task(work(turns, INACTIVE, order, 1))
    assert order == [INACTIVE] * 3


async def test_a_waiter_that_is_cancelled_delays_nobody() -> None:
    turns, order = Turns(1), list[str]()
    async with turns.turn(NOISY):
        gone = [asyncio.create_task(work(turns, INACTIVE, order, 1)) for _ in range(2)]
        await settle()
        gone[0].cancel()
        await settle()
    gone[1].cancel()  # its turn was given to it a moment ago
    await asyncio.gather(*gone, return_exceptions=True)
    await asyncio.wait_for(work(turns, THIRD, order, 1), 5)
    assert order == [THIRD]


async def test_the_end_of_all_at_once_raises_nothing() -> None:
    """A turn that ends meets those who were cancelled a moment ago and do not know it yet."""
    turns, order = Turns(2), list[str]()
    for _ in range(20):
        tasks = [
            asyncio.create_task(work(turns, organization, order, 50))
            for organization in (NOISY, INACTIVE, THIRD)
            for _ in range(4)
        ]
        await settle()
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ends)
    await asyncio.wait_for(work(turns, NOISY, order, 1), 5)
