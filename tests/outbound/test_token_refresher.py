"""P5: one refresher for each account, and tokens that work once."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from outbound.asking import MOMENT
from tuyen_channels.calls import ChannelRefusal, ExchangedTokens, HiddenToken, RefusalKind
from tuyen_channels.zalo.connector import ZaloConnector
from tuyen_events.outbound_topics import OUTBOUND
from tuyen_events.vocabulary import Channel
from tuyen_outbound.live_calls import LiveCalls
from tuyen_outbound.token_refresher import TokenRefresher
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.page_credentials import AccountCredentials, PageProblem

ACCOUNT = "hoa-sen/zalo/388"
RENEWING = PageProblem(code="token_renewing", vi="", en="")
DEAD = ChannelRefusal(RefusalKind.DEAD_TOKEN, "token_dead")


def pair(number: int, lasts_s: float = 90_000) -> ExchangedTokens:
    return ExchangedTokens(HiddenToken(f"AT{number}"), HiddenToken(f"RT{number}"), lasts_s)


class StoredAccounts:
    """One account."""

    def __init__(self, expires_at: datetime | None) -> None:
        self.credentials = AccountCredentials(
            access_token=SecretStr("AT0"),
            refresh_token=SecretStr("RT0"),
            expires_at=expires_at,
            stamp="s",
        )
        self.problem: PageProblem | None = None
        self.kept: list[str] = []
        self.written = 0

    refreshed_accounts = (ACCOUNT,)

    @property
    def stopped_accounts(self) -> tuple[str, ...]:
        return (ACCOUNT,) if self.problem and self.problem.stops else ()

    def find_credentials(self, account: str) -> AccountCredentials:
        return self.credentials

    def find_problem(self, account: str) -> PageProblem | None:
        return self.problem

    async def catch_up(self) -> bool:
        return True

    async def keep_refreshed(self, account: str, credentials: AccountCredentials) -> None:
        self.credentials, self.problem = credentials, None
        self.kept.append(credentials.access_token.get_secret_value())

    async def keep_problem(
        self, account: str, credentials: AccountCredentials, problem: PageProblem | None
    ) -> None:
        self.problem = problem
        self.written += 1


class Refreshing:
    """The refresher of one account, at a channel whose answers a test decides."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        answers: Iterator[ExchangedTokens | ChannelRefusal],
        **given: Any,
    ) -> None:
        self.used: list[str] = []

        async def refresh(_: object, token: HiddenToken) -> ExchangedTokens | ChannelRefusal:
            self.used.append(token.reveal())
            return next(answers)

        monkeypatch.setattr(ZaloConnector, "refresh", refresh)
        settings: dict[str, str] = dict.fromkeys(ZaloConnector.settings, "")
        connector = ZaloConnector(settings, None)  # type: ignore[arg-type]  # no call is made
        self.clock = ManualClock(MOMENT)
        self.accounts = StoredAccounts(given.get("expires_at", MOMENT + timedelta(hours=25)))
        own = partition_of(ACCOUNT, OUTBOUND.partitions)
        self.partitions = given.get("partitions", {own})
        self.refresher = TokenRefresher(
            self.accounts,  # type: ignore[arg-type]  # what the refresher uses of it
            {Channel.ZALO: connector},
            self.clock,
            LiveCalls(),
            lambda: self.partitions,
        )

    async def turn(self, **after: float) -> None:
        self.clock.advance(timedelta(**after))
        await self.refresher.turn()


async def test_p5_a_token_is_refreshed_before_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    refreshing = Refreshing(monkeypatch, iter([pair(1), pair(2)]))
    await refreshing.turn(hours=22)
    assert refreshing.used == []
    await refreshing.turn(hours=1.5)
    await refreshing.turn(minutes=1)
    assert (refreshing.used, refreshing.accounts.kept) == (["RT0"], ["AT1"])
    assert refreshing.accounts.credentials.stamp == "s"
    assert refreshing.accounts.credentials.expires_at is not None
    await refreshing.turn(hours=24)
    assert refreshing.used == ["RT0", "RT1"]


async def test_p5_a_refused_token_is_refreshed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    refreshing = Refreshing(monkeypatch, iter([pair(1)]))
    refreshing.accounts.problem = RENEWING
    await refreshing.turn(minutes=1)
    assert refreshing.accounts.kept == ["AT1"]
    assert refreshing.accounts.stopped_accounts == ()


async def test_p5_another_worker_is_the_refresher(monkeypatch: pytest.MonkeyPatch) -> None:
    refreshing = Refreshing(monkeypatch, iter([pair(1)]), partitions=set())
    refreshing.accounts.problem = RENEWING
    await refreshing.turn(hours=24)
    assert refreshing.used == []


async def test_p5_after_a_lost_answer_the_old_refresh_token_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lost = ChannelRefusal(RefusalKind.LOST, "answer_lost")
    refreshing = Refreshing(monkeypatch, iter([lost, pair(1)]))
    refreshing.accounts.problem = RENEWING
    await refreshing.turn()
    await refreshing.turn(seconds=5)
    assert refreshing.used == ["RT0"]
    await refreshing.turn(seconds=6)
    assert (refreshing.used, refreshing.accounts.kept) == (["RT0", "RT0"], ["AT1"])


async def test_p5_a_page_whose_refresh_token_is_dead_says_so_and_sends_until_its_token_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As after a crash between Zalo's answer and the record of the new pair."""
    refreshing = Refreshing(monkeypatch, iter([DEAD] * 9))
    accounts = refreshing.accounts
    await refreshing.turn(hours=24)
    assert accounts.problem is not None
    assert (accounts.problem.code, accounts.problem.stops) == ("token_ending", False)
    await refreshing.turn(minutes=30)
    assert (accounts.problem.code, accounts.written) == ("token_ending", 1)
    await refreshing.turn(minutes=31)
    assert (accounts.problem.code, accounts.problem.stops) == ("token_dead", True)
    await refreshing.turn(minutes=61)
    assert len(refreshing.used) == 3


async def test_p5_a_page_that_was_said_to_end_is_well_once_it_is_refreshed_after_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refreshing = Refreshing(monkeypatch, iter([DEAD, pair(1)]))
    await refreshing.turn(hours=24)
    await refreshing.turn(minutes=3)
    assert refreshing.accounts.kept == ["AT1"]
    assert refreshing.accounts.problem is None


async def test_p5_a_new_token_that_is_refused_at_once_is_not_refreshed_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refreshing = Refreshing(monkeypatch, iter([pair(1), pair(2)]))
    for _ in range(3):
        refreshing.accounts.problem = RENEWING
        await refreshing.turn(seconds=10)
    assert refreshing.accounts.problem is not None
    assert refreshing.accounts.problem.code == "token_dead"
    assert refreshing.used == ["RT0"]


async def test_p5_a_call_that_is_refused_as_its_token_is_exchanged_does_not_stop_the_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its worker had not read of the new token yet, and noted the refusal after that."""
    refreshing = Refreshing(monkeypatch, iter([pair(1), pair(2)]))
    await refreshing.turn(hours=24)
    refreshing.accounts.problem = RENEWING
    await refreshing.turn(seconds=2)
    assert refreshing.accounts.stopped_accounts == ()
    assert refreshing.used == ["RT0"]


async def test_p5_a_token_that_lasts_for_a_short_time_is_refreshed_towards_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refreshing = Refreshing(monkeypatch, iter([pair(n, 3600) for n in range(1, 9)]))
    await refreshing.turn(hours=24)
    for _ in range(60):
        await refreshing.turn(minutes=1)
    assert len(refreshing.used) == 2


async def test_p5_a_page_that_was_blocked_tries_again_after_an_hour(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refreshing = Refreshing(monkeypatch, iter([]))
    blocked = PageProblem(code="blocked_by_policy", vi="", en="")
    refreshing.accounts.problem = blocked
    await refreshing.turn()
    await refreshing.turn(minutes=59)
    assert refreshing.accounts.problem == blocked
    await refreshing.turn(minutes=2)
    assert refreshing.accounts.problem is None


async def test_p5_ending_waits_until_the_new_pair_is_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refreshing = Refreshing(monkeypatch, iter([pair(1)]))
    refreshing.accounts.problem = RENEWING
    answered = asyncio.Event()

    async def refresh(_: object, token: HiddenToken) -> ExchangedTokens:
        await answered.wait()
        return pair(1)

    monkeypatch.setattr(ZaloConnector, "refresh", refresh)
    turn = asyncio.create_task(refreshing.refresher.turn())
    await asyncio.sleep(0.01)
    turn.cancel()
    await asyncio.gather(turn, return_exceptions=True)
    answered.set()
    await refreshing.refresher._calls.drain(5)
    assert refreshing.accounts.kept == ["AT1"]


async def test_r9_5_an_account_that_raises_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refreshing = Refreshing(monkeypatch, iter([pair(1)]))
    refreshing.accounts.problem = RENEWING

    async def fail(_: object, token: HiddenToken) -> ExchangedTokens:
        raise RuntimeError("a bug")

    with monkeypatch.context() as broken:
        broken.setattr(ZaloConnector, "refresh", fail)
        await refreshing.turn()
        await refreshing.turn(seconds=20)
    await refreshing.turn(minutes=2)
    assert refreshing.accounts.kept == ["AT1"]


class ManyAccounts(StoredAccounts):
    """Accounts whose tokens were refused, of several organizations."""

    def __init__(self, *accounts: str) -> None:
        super().__init__(None)
        self.problem = RENEWING
        self.refreshed_accounts = accounts  # type: ignore[assignment]  # there may be several
        self.refreshed: list[str] = []

    def find_problem(self, account: str) -> PageProblem | None:
        return None if account in self.refreshed else self.problem

    def find_credentials(self, account: str) -> AccountCredentials:
        return replace(self.credentials, refresh_token=SecretStr(account))

    async def keep_refreshed(self, account: str, credentials: AccountCredentials) -> None:
        self.refreshed.append(account)


async def test_r9_5_a_slow_page_delays_neither_its_organization_nor_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refreshing = Refreshing(monkeypatch, iter(()))
    slow = [f"big/zalo/{number}" for number in range(9)]
    quick = ["big/zalo/quick", *(f"shop-{number}/zalo/1" for number in range(9))]
    accounts = ManyAccounts(slow[0], *quick, *slow[1:])
    refreshing.refresher._accounts = accounts  # type: ignore[assignment]  # as above
    refreshing.partitions.update(range(OUTBOUND.partitions))
    hold, asked = asyncio.Event(), list[str]()

    async def refresh(_: object, token: HiddenToken) -> ExchangedTokens:
        asked.append(token.reveal())
        if token.reveal() in slow:
            await hold.wait()
        return pair(1)

    monkeypatch.setattr(ZaloConnector, "refresh", refresh)
    working = asyncio.create_task(refreshing.refresher.run())
    async with asyncio.timeout(5):
        while not set(quick) <= set(accounts.refreshed):  # noqa: ASYNC110 - nobody sets an event
            await asyncio.sleep(0.01)
    assert len([one for one in asked if one in slow]) == 2
    hold.set()
    async with asyncio.timeout(5):
        while not set(slow) <= set(accounts.refreshed):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert sorted(asked) == sorted(accounts.refreshed_accounts)


async def test_r9_5_organizations_take_turns_at_being_refreshed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refreshing = Refreshing(monkeypatch, iter(()))
    many = [f"big/zalo/{number}" for number in range(20)]
    accounts = ManyAccounts(*many, *(f"shop-{number}/zalo/1" for number in range(9)))
    refreshing.refresher._accounts = accounts  # type: ignore[assignment]  # as above
    refreshing.partitions.update(range(OUTBOUND.partitions))

    async def refresh(_: object, token: HiddenToken) -> ExchangedTokens:
        return pair(1)

    monkeypatch.setattr(ZaloConnector, "refresh", refresh)
    await refreshing.turn()
    assert len(accounts.refreshed) == 8
    assert len([one for one in accounts.refreshed if one in many]) == 1
    await refreshing.turn(minutes=2)
    others = {one for one in accounts.refreshed if one not in many}
    assert len(others) == 9
