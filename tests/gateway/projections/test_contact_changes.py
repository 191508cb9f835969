"""What readers of live streams have of the inbox is what they would fetch, also after contacts were
merged, separated, named or removed (I13, C2)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from crm.proposing import A, decide, hoa, place, put_warehouse, quan, remove
from crm.world import MOMENT, SHOP, World
from gateway.feed import Feed
from gateway.listening import Listener, listening
from gateway.rig import Rig, User, running, until
from support.live import Copy
from tuyen_crm.projections.crm import CrmProjection
from tuyen_events.crm.contacts import ObserveCustomer
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, ContactId, PageId, contact_id
from tuyen_events.topics import CONTACTS
from tuyen_events.vocabulary import Channel
from tuyen_gateway.projections import contact_changes
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database
from tuyen_platform.projection import MongoPositions, has_folded_up_to, run_projection
from tuyen_views.view import CRM_VIEWS
from tuyen_views.warehouses import WAREHOUSES_VIEW, WarehouseDocument


@asynccontextmanager
async def showing(log: InMemoryLog, views: Database) -> AsyncIterator[None]:
    """The CRM's views are folded until the block is left."""
    projection = run_projection(
        log,
        CONTACTS,
        service="crm",
        view=CRM_VIEWS,
        group="crm-contacts",
        positions=MongoPositions(views, CRM_VIEWS),
        fold=CrmProjection(views).fold,
        min_interval_s=0.0,
    )
    task = asyncio.create_task(projection)
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def show_warehouse(views: Database, warehouse: str, manager: AgentId) -> None:
    """As if the CRM had folded it."""
    document = WarehouseDocument(
        key=f"{SHOP}/{warehouse}",
        id=warehouse,
        organization=SHOP,
        sequence=1,
        created_at=MOMENT,
        created_by=None,
        updated_at=MOMENT,
        name=warehouse,
        managers=(manager,),
    )
    await views[WAREHOUSES_VIEW.collection].insert_one(WAREHOUSES_VIEW.encode(document))


@dataclass
class Shop:
    """A shop to which customers write, and whose CRM decides."""

    log: InMemoryLog
    boss: User
    feed: Feed
    rig: Rig
    world: World = field(default_factory=World)
    copy: Copy = field(default_factory=Copy)
    position: str = ""
    _published: int = 0

    def contact(self, who: str) -> ContactId:
        return contact_id(self.feed.customer(who).id)

    async def customer(self, who: str, name: str | None = None) -> None:
        """Somebody writes for the first time."""
        await self.feed.message(who, name=name)
        await self.observe(who, name)

    async def observe(self, who: str, name: str | None) -> None:
        """The CRM reads an event of theirs."""
        customer = self.feed.customer(who, name)
        self.world.do(
            ObserveCustomer(
                **self.world._common(self.contact(who)),
                customer_id=customer.id,
                page_id=PageId("page"),
                channel=Channel.FACEBOOK,
                external_id=who,
                name=name,
                caused_by=f"evt_{who}_{name}",
            )
        )
        await self.publish()

    async def publish(self) -> None:
        """Writes what was decided to the log, as the CRM does."""
        published, self._published = self._published, len(self.world.events)
        for number, event in enumerate(self.world.events[published:], published):
            key = event.contact_id
            data = Envelope(id=f"e{number}", source="t", subject=key, time=event.at, data=event)
            await self.log.append(CONTACTS, key, data)

    async def fetch(self) -> dict[str, Any]:
        answer = await self.boss.done("GET", "/v1/conversations?after=0")
        self.position = self.position or answer["position"]
        return {row["id"]: row for row in answer["items"]}

    async def expect(self, stream: Listener, who: str, contact: str, name: str | None) -> None:
        """The reader of the stream gets to know this of a customer's row, and knows by then what it
        would fetch."""
        key = self.feed.thread(who)
        await stream.ever(
            "conversation.upserted",
            lambda data: (
                data["conversation"]["id"] == key
                and data["conversation"]["contact_id"] == self.contact(contact)
                and data["conversation"]["customer"]["name"] == name
            ),
        )

        async def equal() -> bool:
            self.copy.apply_all(reversed(stream.events))
            return self.copy.conversations == await self.fetch()

        await until(equal)
        shown = self.copy.conversations[key]
        assert shown["contact_id"] == self.contact(contact)
        assert shown["customer"]["name"] == name


@pytest.fixture
async def shop(log: InMemoryLog, clock: ManualClock, views: Database) -> AsyncIterator[Shop]:
    """Lan has a name, and Minh has none."""
    async with running(log, clock, views) as rig:
        boss = await rig.organization(SHOP)
        shop = Shop(log, boss, Feed(log, organization=SHOP), rig)
        await shop.customer("lan", "Lan")
        await shop.customer("minh")
        shop.copy.conversations = await shop.fetch()
        yield shop


async def test_i13_rows_follow_a_merge_a_name_the_undo_and_a_removal(
    shop: Shop, log: InMemoryLog, views: Database
) -> None:
    lan, minh = shop.contact("lan"), shop.contact("minh")
    async with showing(log, views), listening(shop.rig, shop.boss, shop.position) as stream:
        shop.world.merge(minh, lan)
        await shop.publish()
        await shop.expect(stream, "minh", "lan", "Lan")
        shop.world.patch(lan, name="Chị Lan")
        await shop.publish()
        await shop.expect(stream, "minh", "lan", "Chị Lan")
        shop.world.undo(lan)
        shop.world.patch(minh, name="Minh")
        await shop.publish()
        await shop.expect(stream, "minh", "minh", "Minh")
        shop.world.merge(minh, lan)
        shop.world.patch(lan, name="Lan và Minh")
        await shop.publish()
        await shop.expect(stream, "minh", "lan", "Lan và Minh")
        before = await shop.rig.gateway.inbox.head(SHOP)
        remove(shop.world, lan)
        await shop.publish()
        await shop.expect(stream, "minh", "minh", None)

        async def moved() -> bool:
            return await shop.rig.gateway.inbox.head(SHOP) > before

        await until(moved)  # so that an older position is not one from after it


async def test_i13_a_row_is_sent_again_once_the_views_of_the_crm_show_the_merge(
    shop: Shop, log: InMemoryLog, views: Database
) -> None:
    """Otherwise it would be sent as it was before, and never again."""
    shop.world.merge(shop.contact("minh"), shop.contact("lan"))
    await shop.publish()
    async with listening(shop.rig, shop.boss, shop.position) as stream:
        await shop.feed.message("lan", name="Lan")
        await stream.until("conversation.upserted")
        async with showing(log, views):
            await shop.expect(stream, "minh", "lan", "Lan")


async def test_a_row_is_not_sent_again_for_a_name_that_it_shows_already(
    shop: Shop, log: InMemoryLog, views: Database
) -> None:
    """Nearly every customer of Facebook gets a name so, a moment after the first message."""
    await shop.feed.describe("minh", "Minh")

    async def find_minh() -> dict[str, Any]:
        row: dict[str, Any] = (await shop.fetch())[shop.feed.thread("minh")]
        return row

    async def is_named() -> bool:
        return bool((await find_minh())["customer"]["name"] == "Minh")

    await until(is_named)
    before = await find_minh()
    reached = MongoPositions(views, contact_changes.VIEW)
    async with showing(log, views):
        await shop.observe("minh", "Minh")
        await shop.publish()
        ends = {(CONTACTS.name, p): end for p, end in (await log.end_offsets(CONTACTS)).items()}
        await until(partial(has_folded_up_to, reached, ends))
    assert await find_minh() == before


async def test_i13_r9_6_a_merge_of_more_rows_than_are_sent_asks_to_fetch_again(
    shop: Shop, log: InMemoryLog, views: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact_changes, "ROWS_OF_CONTACT", 1)
    async with showing(log, views), listening(shop.rig, shop.boss, shop.position) as stream:
        shop.world.merge(shop.contact("minh"), shop.contact("lan"))
        await shop.publish()
        reset = await stream.until("reset")
    rows = await shop.fetch()
    assert rows[shop.feed.thread("minh")]["contact_id"] == shop.contact("lan")
    async with listening(shop.rig, shop.boss, last=reset.id) as stream:
        await shop.feed.message("lan", name="Lan")
        await stream.until("conversation.upserted")
    assert "reset" not in stream.kinds()
    async with listening(shop.rig, shop.boss, shop.position) as stream:
        await stream.until("reset")


async def test_c2_i13_managers_of_either_contact_get_a_proposal_until_it_ends(
    shop: Shop, log: InMemoryLog, views: Database
) -> None:
    """And nobody else. Who listened meanwhile knows what they would fetch."""
    world, lan, minh = shop.world, shop.contact("lan"), shop.contact("minh")
    put_warehouse(world, "north", quan)
    users = {
        name: await shop.rig.staff(shop.boss, name, organization=SHOP) for name in ("quan", "hoa")
    }
    users["boss"] = shop.boss
    await show_warehouse(views, "north", quan)
    known: dict[str, dict[str, Any]] = {name: {} for name in users}
    async with showing(log, views), AsyncExitStack() as stack:
        streams = {
            name: await stack.enter_async_context(listening(shop.rig, user, shop.position))
            for name, user in users.items()
        }

        async def expect(kind: str, *proposals: str) -> None:
            for name in ("quan", "boss"):
                event = await streams[name].until(kind)
                if kind.endswith("upserted"):
                    shown = event.data["merge_proposal"]
                    known[name][shown["id"]] = shown
                else:
                    known[name].pop(event.data["id"])
                items = (await users[name].done("GET", "/v1/merge-proposals"))["items"]
                assert {each["id"]: each for each in items} == known[name]
                assert [each["state"] for each in items] == [*proposals]

        place(world, minh, warehouse_id="north")
        world.patch(lan, phones=(A,))
        world.patch(minh, phones=(A,))
        await shop.publish()
        await expect("merge_proposal.upserted", "open")
        decide(world, minh, lan, by=quan)
        await shop.publish()
        await expect("merge_proposal.upserted", "open")
        assert known["quan"] == known["boss"]
        world.patch(lan, phones=())
        await shop.publish()
        await expect("merge_proposal.removed")
        world.patch(lan, phones=(A,))
        await shop.publish()
        await expect("merge_proposal.upserted", "open")
        decide(world, minh, lan, by=quan, accept=False)
        await shop.publish()
        await expect("merge_proposal.upserted", "declined")
        await shop.feed.message("lan", name="Lan")
        await streams["boss"].until("conversation.upserted")
        assert not any(kind.startswith("merge_proposal") for kind in streams["hoa"].kinds())


async def test_c2_i13_a_proposal_follows_its_contact_into_another_warehouse(
    shop: Shop, log: InMemoryLog, views: Database
) -> None:
    """Who manages one of its contacts keeps it, those of the new warehouse get it, and those of
    the old one alone lose it; back again, too."""
    world, lan, minh = shop.world, shop.contact("lan"), shop.contact("minh")
    managers = {"north": quan, "south": hoa}
    users = {"boss": shop.boss}
    for warehouse, manager in managers.items():
        put_warehouse(world, warehouse, manager)
        users[manager] = await shop.rig.staff(shop.boss, manager, organization=SHOP)
        await show_warehouse(views, warehouse, manager)
    async with showing(log, views), AsyncExitStack() as stack:
        streams = {
            name: await stack.enter_async_context(listening(shop.rig, user, shop.position))
            for name, user in users.items()
        }

        async def expect(name: str, kind: str) -> None:
            await streams[name].until(kind)
            items = (await users[name].done("GET", "/v1/merge-proposals"))["items"]
            assert bool(items) == kind.endswith("upserted")

        place(world, minh, warehouse_id="north")
        world.patch(lan, phones=(A,))
        world.patch(minh, phones=(A,))
        await shop.publish()
        await expect("boss", "merge_proposal.upserted")
        await expect(quan, "merge_proposal.upserted")
        for target, gets, loses in (("south", hoa, quan), ("north", quan, hoa)):
            place(world, minh, warehouse_id=target)
            await shop.publish()
            await expect(gets, "merge_proposal.upserted")
            await expect(loses, "merge_proposal.removed")
            await expect("boss", "merge_proposal.upserted")
        place(world, lan, warehouse_id="south")
        await shop.publish()
        await expect(hoa, "merge_proposal.upserted")
        place(world, lan, warehouse_id="north")
        place(world, minh, warehouse_id="south")
        await shop.publish()
        await expect(quan, "merge_proposal.upserted")
        assert "merge_proposal.removed" not in streams["boss"].kinds()
