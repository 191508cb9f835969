"""The pages and their credentials, as they change in the log."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr

from channels.calling import ScriptedTransport, answer
from outbound.asking import PAGE, SHOP
from outbound.rig import page, until
from tuyen_channels.calls import ChannelRefusal, HiddenToken, RefusalKind
from tuyen_channels.connectors import connector_settings, open_connectors
from tuyen_events.directory import PageChanged, directory_key
from tuyen_events.event import Envelope
from tuyen_events.topics import DIRECTORY
from tuyen_outbound.adapters.accounts import TableAccounts
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import LogUnavailableError
from tuyen_platform.page_credentials import (
    AccountCredentials,
    PageCredentials,
    PageProblem,
    name_account,
)
from tuyen_platform.page_tokens import PageTokens
from tuyen_platform.settings import LOCAL_SECRETS_KEY

KEYS = SecretStr(LOCAL_SECRETS_KEY)
DEAD = ChannelRefusal(RefusalKind.DEAD_TOKEN, "token_dead", "Facebook 190")


class Table:
    """The adapter on a log."""

    def __init__(self) -> None:
        self.log = InMemoryLog()
        transport = ScriptedTransport(answer({}))
        connectors = open_connectors(connector_settings(), transport, transport)
        self.accounts = TableAccounts(self.log, KEYS, connectors)

    async def connect(self, connected: PageChanged) -> None:
        envelope = Envelope(id="e", source="t", subject="s", time=connected.at, data=connected)
        key = directory_key(SHOP, "page", connected.id)
        await self.log.append(DIRECTORY, key, envelope)

    async def give(self, connected: PageChanged, token: str, **more: Any) -> str:
        """Sets credentials; returns the account."""
        account = name_account(SHOP, connected.channel, connected.external_id)
        credentials = AccountCredentials(access_token=SecretStr(token), **more)
        await self.log.append_all([PageCredentials(KEYS).set_record(account, credentials)])
        await self.accounts.catch_up()
        return account


@pytest.fixture
async def table() -> AsyncIterator[Table]:
    made = Table()
    async with running(made.accounts):
        yield made


@asynccontextmanager
async def running(accounts: TableAccounts) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(each.run()) for each in accounts.tables]
    for each in accounts.tables:
        await each.wait_until_following(5)
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_p1_a_page_can_send_while_it_is_connected_and_has_a_token(table: Table) -> None:
    connected = page()
    assert table.accounts.find_page(SHOP, PAGE) is None
    await table.connect(connected)
    await table.accounts.catch_up()
    assert table.accounts.find_page(SHOP, PAGE) == connected
    assert table.accounts.find_token(connected) is None
    changed = asyncio.create_task(table.accounts.wait_for_change(connected))
    await asyncio.sleep(0)
    await table.give(connected, "T1")
    await asyncio.wait_for(changed, 5)
    assert table.accounts.find_token(connected) == HiddenToken("T1")
    await table.connect(page(status="inactive"))
    await table.accounts.catch_up()
    assert table.accounts.find_page(SHOP, PAGE) is None


async def test_p5_a_refused_token_stops_the_page_until_it_is_given_another(table: Table) -> None:
    connected = page()
    account = await table.give(connected, "T1")
    await table.accounts.stop(connected, HiddenToken("T1"), DEAD)
    assert table.accounts.find_token(connected) is None
    await table.accounts.catch_up()
    problem = table.accounts.find_problem(account)
    assert problem is not None
    assert problem.code == "token_dead"
    assert table.accounts.stopped_accounts == [account]
    await table.give(connected, "T2")
    assert table.accounts.find_token(connected) == HiddenToken("T2")
    assert table.accounts.find_problem(account) is None


async def test_p5_a_page_whose_problem_could_not_be_written_is_tried_again(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise it would be stopped in one process, without a problem that anybody sees."""
    connected = page()
    account = await table.give(connected, "T1")
    with monkeypatch.context() as down:

        async def fail(_: object) -> None:
            raise LogUnavailableError("Kafka is away")

        down.setattr(table.log, "append_all", fail)
        with pytest.raises(LogUnavailableError):
            await table.accounts.stop(connected, HiddenToken("T1"), DEAD)
    assert table.accounts.find_token(connected) == HiddenToken("T1")
    await table.accounts.stop(connected, HiddenToken("T1"), DEAD)
    await table.accounts.catch_up()
    assert table.accounts.find_problem(account) is not None


async def test_p5_a_call_with_an_older_token_stops_nothing(table: Table) -> None:
    connected = page()
    await table.give(connected, "T2")
    await table.accounts.stop(connected, HiddenToken("T1"), DEAD)
    assert table.accounts.find_token(connected) == HiddenToken("T2")


async def test_p5_a_token_that_can_be_renewed_is_said_to_be(table: Table) -> None:
    official = page(channel="zalo", external_id="388")
    account = await table.give(official, "T1", refresh_token=SecretStr("R1"))
    assert table.accounts.refreshed_accounts == [account]
    await table.accounts.stop(official, HiddenToken("T1"), DEAD)
    await table.accounts.catch_up()
    problem, before = table.accounts.find_problem(account), table.accounts.find_credentials(account)
    assert problem is not None
    assert before is not None
    assert problem.code == "token_renewing"
    refreshed = AccountCredentials(access_token=SecretStr("T2"), stamp=before.stamp)
    await table.accounts.keep_refreshed(account, refreshed)
    await table.accounts.catch_up()
    assert table.accounts.find_token(official) == HiddenToken("T2")


async def test_p5_a_page_whose_token_will_end_sends_until_it_is_refused(table: Table) -> None:
    official, dead = page(channel="zalo", external_id="388"), HiddenToken("T1")
    account = await table.give(official, "T1")
    credentials = table.accounts.find_credentials(account)
    assert credentials is not None
    ending = PageProblem(code="token_ending", vi="", en="", stops=False)
    await table.accounts.keep_problem(account, credentials, ending)
    await table.accounts.catch_up()
    assert table.accounts.find_problem(account) == ending
    assert table.accounts.stopped_accounts == []
    assert table.accounts.find_token(official) == dead
    await table.accounts.stop(official, dead, DEAD)
    await table.accounts.catch_up()
    assert table.accounts.stopped_accounts == [account]
    assert table.accounts.find_token(official) is None


async def test_l5_a_livechat_page_signs_with_its_own_token(table: Table) -> None:
    site = page(channel="livechat", external_id="app_1")
    assert table.accounts.find_token(site) is None
    await table.log.append_all([PageTokens(KEYS).record("app_1", "t0ken")])

    async def has_token() -> bool:
        return table.accounts.find_token(site) == HiddenToken("t0ken")

    await until(has_token)
