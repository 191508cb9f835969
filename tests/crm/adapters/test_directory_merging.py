"""C2: what an organization has set for contacts that different people look after, from the
directory and over the log to the command."""

import asyncio

from crm.rig import SHOP, Shop, Vietnam, until
from support.organizations import directory_record, settings
from tuyen_crm.adapters.directory import OrganizationDirectory
from tuyen_crm.observer import CustomerObserver
from tuyen_events.crm.contacts import ObserveCustomer
from tuyen_events.directory import directory_key
from tuyen_events.ids import OrganizationId
from tuyen_events.topics import CRM_COMMANDS, DIRECTORY
from tuyen_events.vocabulary import Merging

ORGANIZATION = OrganizationId(SHOP)


async def _set(shop: Shop, merging: Merging) -> None:
    changed = settings(organization=ORGANIZATION, merge_contacts=merging)
    await shop.log.append(DIRECTORY, *directory_record(changed))


async def test_c2_the_last_setting_counts_and_by_default_merges_are_proposed() -> None:
    shop = Shop()
    for merging in (Merging.PROPOSE, Merging.AT_ONCE):
        await _set(shop, merging)
    await shop.log.append_bytes(DIRECTORY, directory_key(ORGANIZATION, "rule", "r"), None)
    known = OrganizationDirectory(shop.log)
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        following = tasks.create_task(known.run())
        await known.wait_until_known()
        following.cancel()
    assert known.merging(ORGANIZATION) is Merging.AT_ONCE
    assert known.merging(OrganizationId("other")) is Merging.PROPOSE


async def test_c2_a_customers_command_says_what_is_set() -> None:
    shop = Shop()
    await _set(shop, Merging.AT_ONCE)
    await shop.write("670", "Lan")
    known = OrganizationDirectory(shop.log)
    observer = CustomerObserver(shop.log, Vietnam(), Vietnam(), known)

    async def is_sent() -> bool:
        return bool(await shop.records(CRM_COMMANDS))

    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(loop()) for loop in (known.run, observer.run)]
        await until(is_sent)
        for each in running:
            each.cancel()
    (command,) = await shop.read_events(CRM_COMMANDS)
    assert isinstance(command, ObserveCustomer)
    assert command.merging is Merging.AT_ONCE
