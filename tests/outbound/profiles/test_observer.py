"""Customers without names are noted from the log."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from outbound.asking import MOMENT, PAGE, SHOP
from outbound.knowing import POST, WROTE_BELOW, KnownAccounts, wanted, wanted_post
from outbound.rig import World, page, read_records, until
from tuyen_events.event import Envelope
from tuyen_events.ids import MessageId, customer_key
from tuyen_events.inbound import Customer, MessageReceived
from tuyen_events.topics import DEAD_LETTERS, INBOUND
from tuyen_events.vocabulary import Channel
from tuyen_outbound.adapters.waiting_profiles import InMemoryWaitingProfiles
from tuyen_outbound.profiles.observer import AskedLately, ProfileObserver
from tuyen_platform.clock import ManualClock


class Observed:
    """An observer of a world."""

    def __init__(self) -> None:
        self.world = World()
        self.clock = ManualClock(MOMENT)
        self.waiting = InMemoryWaitingProfiles()
        self.accounts = KnownAccounts(self.world)
        self.numbers = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        observer = ProfileObserver(self.world.log, self.clock, self.accounts, self.waiting)
        task = asyncio.create_task(observer.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def write(
        self,
        customer: str = "670",
        name: str | None = None,
        channel: Channel = Channel.FACEBOOK,
        picture: str | None = None,
    ) -> None:
        self.numbers += 1
        mid, who = f"mid-{self.numbers}", wanted(customer)
        event = MessageReceived(
            organization=SHOP,
            page_id=PAGE,
            channel=channel,
            occurred_at=MOMENT,
            accepted_at=MOMENT,
            customer=Customer(id=who.id, external_id=customer, name=name, picture=picture),
            conversation_id=who.conversation_id,
            message_id=MessageId(mid),
            external_id=mid,
        )
        envelope = Envelope(
            id=f"evt_{self.numbers}",
            source="tuyen/ingest",
            subject=who.conversation_id,
            time=MOMENT,
            data=event,
        )
        await self.world.log.append(INBOUND, customer_key(SHOP, PAGE, customer), envelope)

    async def until(self, *customers: str) -> None:
        """Those wait, and nobody else."""

        async def wait() -> bool:
            return {one.external_id for one in self.waiting.waiting.values()} == set(customers)

        await until(wait)

    async def until_looked_up(self, customers: int) -> None:
        """So many customers were noted, or not."""

        async def are_looked_up() -> bool:
            return self.accounts.lookups == customers

        await until(are_looked_up)


@pytest.fixture
def observed() -> Observed:
    return Observed()


async def test_c1_a_customer_without_a_name_is_asked_for_once(observed: Observed) -> None:
    async with observed.running():
        await observed.write("shown", "Lan", picture="https://p.example/670")
        await observed.write(channel=Channel.LIVECHAT, customer="visitor")
        for _ in range(3):
            await observed.write()
        await observed.write("last")
        await observed.until("670", "last")
    assert observed.waiting.waiting[wanted().id] == wanted(caused_by="evt_3")


async def test_p5a_the_post_of_a_comment_is_asked_for_once(observed: Observed) -> None:
    async with observed.running():
        for number in range(3):
            envelope = Envelope(
                id=f"evt_{number}",
                source="tuyen/ingest",
                subject="c",
                time=MOMENT,
                data=WROTE_BELOW,
            )
            await observed.world.log.append(INBOUND, customer_key(SHOP, PAGE, "670"), envelope)
        await observed.until(POST)
    assert list(observed.waiting.waiting.values()) == [wanted_post()]


async def test_p1_a_page_without_credentials_asks_with_the_next_event_after_it_is_connected(
    observed: Observed,
) -> None:
    observed.accounts.has_credentials = False
    async with observed.running():
        await observed.write()
        await observed.until_looked_up(1)
        observed.accounts.has_credentials = True
        assert observed.waiting.waiting == {}
        await observed.write()
        await observed.until("670")


async def test_r9_5_a_record_that_cannot_be_read_stops_nobody(observed: Observed) -> None:
    headers = [("ce_type", MessageReceived.type.encode()), ("ce_id", b"x")]
    await observed.world.log.append_bytes(INBOUND, "k", b"{", headers)
    async with observed.running():
        await observed.write()
        await observed.until("670")
    assert len(await read_records(observed.world.log, DEAD_LETTERS)) == 1


async def test_r9_2_a_restart_asks_for_nobody_who_is_known(observed: Observed) -> None:
    observed.waiting.known[wanted().id] = MOMENT + timedelta(days=1)
    async with observed.running():
        await observed.write()
        await observed.write("671")
        await observed.until("671")


async def test_a_page_that_was_removed_asks_for_nobody(observed: Observed) -> None:
    observed.world.page = page(id="another")
    async with observed.running():
        await observed.write()
        await observed.until_looked_up(1)
        observed.world.page = page()
        await observed.write("671")
        await observed.until("671")


def test_r9_6_so_many_customers_are_remembered_for_a_while() -> None:
    asked = AskedLately(most=2)
    first, second, third = (wanted(str(number)).id for number in range(3))
    asked.note([first, second], MOMENT)
    asked.note([first, third], MOMENT)
    assert asked.has(first, MOMENT)
    assert not asked.has(second, MOMENT)
    assert not asked.has(first, MOMENT + timedelta(minutes=10))
