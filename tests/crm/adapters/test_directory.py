"""W5: who can be given new contacts, from the directory, and over the log to the contact."""

import asyncio

from crm.lan import PAGE
from crm.rig import MOMENT, SHOP, Shop
from support.organizations import agent, directory_record, profile
from tuyen_crm.adapters.directory import OrganizationDirectory
from tuyen_crm.bootstrap import compose
from tuyen_events.crm.claims import ContactAssigned
from tuyen_events.crm.warehouses import PutWarehouse
from tuyen_events.directory import CrmRights, directory_key
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.topics import DIRECTORY
from tuyen_events.vocabulary import Strategy
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database

ORGANIZATION = OrganizationId(SHOP)


async def _hire(
    log: InMemoryLog, name: str, *, disabled: bool = False, access: bool = True
) -> None:
    crm = CrmRights(access=access)
    changed = agent(name, organization=ORGANIZATION, disabled=disabled, crm=crm)
    await log.append(DIRECTORY, *directory_record(changed))


async def test_c2_an_organization_has_its_country() -> None:
    log = InMemoryLog()
    changed = profile(organization=ORGANIZATION, country="TH")
    await log.append(DIRECTORY, *directory_record(changed))
    directory = OrganizationDirectory(log)
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        following = tasks.create_task(directory.run())
        await directory.wait_until_known()
        following.cancel()
    assert directory.country(ORGANIZATION) == "TH"
    assert directory.country(OrganizationId("other")) == "VN"


async def test_w5_c11_agents_who_are_disabled_removed_or_have_no_access_are_not_active() -> None:
    log = InMemoryLog()
    for name in ("minh", "lan", "hoa", "tu", "vy"):
        await _hire(log, name)
    await _hire(log, "minh", disabled=True)
    await _hire(log, "vy", access=False)
    await log.append_bytes(DIRECTORY, directory_key(ORGANIZATION, "agent", "tu"), None)
    await log.append_bytes(DIRECTORY, directory_key(ORGANIZATION, "rule", "r"), None)
    agents = OrganizationDirectory(log)
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        following = tasks.create_task(agents.run())
        await agents.wait_until_known()
        following.cancel()
    assert agents.active(ORGANIZATION) == ("hoa", "lan")
    assert agents.active(OrganizationId("other")) == ()


async def test_w5_new_customers_are_given_in_turn_to_the_active_members(
    shop: Shop, views: Database
) -> None:
    for name in ("lan", "minh"):
        await _hire(shop.log, name)
    await _hire(shop.log, "tu", disabled=True)
    await _hire(shop.log, "vy", access=False)
    put = PutWarehouse(
        command_id="cmd_1",
        organization=ORGANIZATION,
        at=MOMENT,
        by=AgentId("admin"),
        id="north",
        name="North",
        members=tuple(map(AgentId, ("lan", "tu", "minh", "vy"))),
        sources=(PAGE,),
        distribute=Strategy.SEQUENTIAL,
    )
    await shop.ask(put)
    composed = compose(shop.log, views)
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(loop()) for loop in composed.loops()]
        await shop.wait_until_made(1)
        for number in range(4):
            await shop.write(str(number))
        await shop.wait_until_made(9)
        for each in running:
            each.cancel()
    given = [each for each in await shop.contacts() if isinstance(each, ContactAssigned)]
    assert sorted(str(each.assignee) for each in given) == ["lan", "lan", "minh", "minh"]
