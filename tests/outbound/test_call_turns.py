"""R9.5: whose turn it is, when all share a limit."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from outbound.rig import page
from tuyen_channels.calls import Limit, Pause, PauseScope
from tuyen_events.directory import PageChanged
from tuyen_events.ids import OrganizationId
from tuyen_events.vocabulary import Channel
from tuyen_outbound.call_turns import CallTurns
from tuyen_outbound.domain.pacing import Pacing
from tuyen_outbound.slots import Slots

APP = Limit("app", rate_s=10, burst=1, of_app=True)
SLOW = Limit("own", rate_s=0.1, burst=1)


class Waiting:
    """CallTurns whose time is virtual, so that nobody waits for real."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.pacing = Pacing()
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []
        monkeypatch.setattr("tuyen_outbound.call_turns.asyncio.sleep", self._sleep)
        self.turns = CallTurns({Channel.FACEBOOK: self.pacing}, Slots(), lambda: self.now)

    async def _sleep(self, seconds: float) -> None:
        woken = asyncio.Event()
        self._sleepers.append((self.now + seconds, len(self._sleepers), woken))
        await woken.wait()

    async def run(self, is_done: Callable[[], bool]) -> None:
        while True:
            for _ in range(50):
                await _nothing()
            if is_done():
                return
            self._sleepers.sort(key=lambda one: one[:2])
            at, _, woken = self._sleepers.pop(0)
            self.now = max(self.now, at)
            woken.set()


async def _nothing() -> None:
    loop = asyncio.get_running_loop()
    passed = loop.create_future()
    loop.call_soon(passed.set_result, None)
    await passed


def page_of(organization: str) -> PageChanged:
    return page(organization=OrganizationId(organization), external_id=organization)


@pytest.mark.parametrize("limits", [(APP,), (APP, SLOW)])
async def test_r9_5_a_backlog_of_one_organization_puts_off_no_other_one(
    monkeypatch: pytest.MonkeyPatch, limits: tuple[Limit, ...]
) -> None:
    """A page that was stopped and sends again, or one that its own limit slows down."""
    waiting = Waiting(monkeypatch)
    turns = waiting.turns
    many = [asyncio.create_task(turns.wait(page_of("big"), limits)) for _ in range(1_000)]
    for _ in range(50):
        await _nothing()
    one = asyncio.create_task(turns.wait(page_of("small"), (APP,)))
    await waiting.run(one.done)
    assert waiting.now < 1
    for task in many:
        task.cancel()
    await asyncio.gather(*many, return_exceptions=True)


async def test_r9_5_what_is_not_urgent_leaves_the_limit_that_all_share_to_what_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waiting, order = Waiting(monkeypatch), list[str]()

    async def call(organization: str, *, is_urgent: bool) -> None:
        await waiting.turns.wait(page_of(organization), (APP,), is_urgent=is_urgent)
        order.append("message" if is_urgent else organization)

    names = [asyncio.create_task(call(shop, is_urgent=False)) for shop in [*["big"] * 20, "small"]]
    for _ in range(50):
        await _nothing()
    messages = [asyncio.create_task(call("big", is_urgent=True)) for _ in range(9)]
    await waiting.run(lambda: all(task.done() for task in (*names, *messages)))
    begun = order.index("message")
    assert begun <= 2
    assert order[begun : begun + 9] == ["message"] * 9
    assert order.index("small") <= begun + 9 + 3


async def test_p5_the_end_of_a_pause_is_no_burst(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting, ended = Waiting(monkeypatch), list[float]()
    own = Limit("own", rate_s=10, burst=1)
    waiting.pacing.pause("big", Pause(PauseScope.PAGE, 60), 0)

    async def call() -> None:
        await waiting.turns.wait(page_of("big"), (own,))
        ended.append(waiting.now)

    tasks: list[Any] = [asyncio.create_task(call()) for _ in range(20)]
    await waiting.run(lambda: all(task.done() for task in tasks))
    assert ended[0] >= 60
    assert ended[-1] - ended[0] == pytest.approx(1.9)
