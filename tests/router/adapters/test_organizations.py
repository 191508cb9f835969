import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from support.organizations import (
    AT,
    SHOP,
    department,
    directory_record,
    group,
    link,
    region,
    rule,
    settings,
)
from tuyen_events.directory import DirectoryEvent, directory_key
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.presence import PresenceChanged
from tuyen_events.topics import DIRECTORY, PRESENCE
from tuyen_events.vocabulary import Presence, PresenceCause, Strategy
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_router.adapters.organizations import OrganizationTables

AN = AgentId("an")


def _ignore(_: OrganizationId) -> None:
    pass


async def _presence(log: InMemoryLog, presence: Presence, version: int) -> None:
    changed = PresenceChanged(
        organization=SHOP,
        agent_id=AN,
        presence=presence,
        previous=Presence.OFFLINE,
        cause=PresenceCause.LOGIN,
        at=AT,
        version=version,
    )
    await log.append(
        PRESENCE,
        f"{SHOP}/{AN}",
        Envelope(id="evt_1", source="test", subject="shop", time=AT, data=changed),
    )


@asynccontextmanager
async def _following(organizations: OrganizationTables) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(table.run()) for table in organizations.tables]
    try:
        async with asyncio.timeout(10):
            await organizations.wait_until_caught_up()
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_r1_an_organization_of_which_nothing_was_read_assigns_nothing() -> None:
    organizations = OrganizationTables(InMemoryLog(), _ignore, _ignore)
    assert not organizations.get(SHOP).assigns


async def test_r5_1_a_change_or_an_agent_who_comes_stirs_the_organization() -> None:
    log, dirty = InMemoryLog(), list[OrganizationId]()
    assigning = settings(assignment=True, auto_assign=True)
    await log.append(DIRECTORY, *directory_record(assigning))
    await _presence(log, Presence.ONLINE, 1)
    organizations = OrganizationTables(log, dirty.append, _ignore)
    async with _following(organizations):
        assert dirty == [SHOP, SHOP]
        assert organizations.get(SHOP).assigns_by_itself
        assert organizations.get(SHOP).presence_of(AN) is Presence.ONLINE


async def test_r5_1_who_leaves_stirs_nobody() -> None:
    """Nobody becomes a candidate by it, and thousands may leave at once."""
    log, dirty = InMemoryLog(), list[OrganizationId]()
    for version, presence in enumerate([Presence.ONLINE, Presence.AWAY, Presence.OFFLINE], 1):
        await _presence(log, presence, version)
    await log.append_bytes(PRESENCE, f"{SHOP}/{AN}", None)
    organizations = OrganizationTables(log, dirty.append, _ignore)
    async with _following(organizations):
        assert dirty == [SHOP]
        assert organizations.get(SHOP).presence == {}


async def test_r1_1_a_removed_rule_is_gone() -> None:
    log = InMemoryLog()
    key, changed = directory_record(rule("main"))
    await log.append(DIRECTORY, key, changed)
    await log.append_bytes(DIRECTORY, key, None)
    organizations = OrganizationTables(log, _ignore, _ignore)
    async with _following(organizations):
        assert organizations.get(SHOP).directory.rules == {}


async def test_r1_5_r1_6_departments_regions_groups_and_links_come_and_go() -> None:
    changes: list[DirectoryEvent] = [
        department("sales"),
        region("sales", "north"),
        group("shoes"),
        link("https://shop.example/giay", "shoes", id="l"),
    ]
    log = InMemoryLog()
    for change in changes:
        await log.append(DIRECTORY, *directory_record(change))
    organizations = OrganizationTables(log, _ignore, _ignore)
    async with _following(organizations):
        found = organizations.get(SHOP).directory
        assert list(found.departments) == ["sales"]
        assert list(found.regions) == ["sales/north"]
        assert list(found.groups) == ["shoes"]
        assert list(found.links) == ["l"]
    for change in changes:
        await log.append_bytes(DIRECTORY, directory_record(change)[0], None)
    organizations = OrganizationTables(log, _ignore, _ignore)
    async with _following(organizations):
        found = organizations.get(SHOP).directory
        assert (found.departments, found.regions, found.groups, found.links) == ({}, {}, {}, {})


async def test_r1_7_an_organization_that_begins_to_ask_for_loads_is_named_once() -> None:
    log, begun = InMemoryLog(), list[OrganizationId]()
    for mode in (
        Strategy.SEQUENTIAL,
        Strategy.LEAST_LOADED,
        Strategy.LEAST_LOADED,
        Strategy.RANDOM,
    ):
        await log.append(DIRECTORY, *directory_record(rule(mode=mode)))
    await _presence(log, Presence.ONLINE, 1)
    organizations = OrganizationTables(log, _ignore, begun.append)
    async with _following(organizations):
        assert begun == [SHOP]
        assert not organizations.get(SHOP).counts_loads


async def test_r8_a_late_record_of_a_frozen_presence_worker_has_no_effect() -> None:
    log = InMemoryLog()
    await _presence(log, Presence.OFFLINE, 2)
    await _presence(log, Presence.ONLINE, 1)
    organizations = OrganizationTables(log, _ignore, _ignore)
    async with _following(organizations):
        assert organizations.get(SHOP).presence_of(AN) is Presence.OFFLINE


async def test_p4_an_unreadable_record_delays_nothing() -> None:
    log = InMemoryLog()
    await log.append_bytes(PRESENCE, f"{SHOP}/{AN}", b"{", [("ce_type", b"presence.changed.v1")])
    await _presence(log, Presence.ONLINE, 1)
    organizations = OrganizationTables(log, _ignore, _ignore)
    async with _following(organizations):
        assert organizations.get(SHOP).presence_of(AN) is Presence.ONLINE


async def test_r8_of_two_records_of_one_version_the_first_counts() -> None:
    """Two presence workers that both took the agent for theirs: the second was frozen."""
    log = InMemoryLog()
    await _presence(log, Presence.ONLINE, 1)
    await _presence(log, Presence.OFFLINE, 1)
    organizations = OrganizationTables(log, _ignore, _ignore)
    async with _following(organizations):
        assert organizations.get(SHOP).presence_of(AN) is Presence.ONLINE


async def test_r9_6_of_an_agent_who_was_removed_no_presence_is_kept() -> None:
    """Whoever gets the id again begins with the first version."""
    log = InMemoryLog()
    organizations = OrganizationTables(log, _ignore, _ignore)
    await _presence(log, Presence.ONLINE, 7)
    await log.append_bytes(PRESENCE, f"{SHOP}/{AN}", None)
    async with _following(organizations):
        assert organizations.get(SHOP).presence == {}
    await _presence(log, Presence.AWAY, 1)
    organizations = OrganizationTables(log, _ignore, _ignore)
    async with _following(organizations):
        assert organizations.get(SHOP).presence_of(AN) is Presence.AWAY


async def test_inv7_r9_5_a_record_that_raises_an_unexpected_error_delays_nothing() -> None:
    def raises(organization: OrganizationId) -> None:
        if organization == "odd":
            raise ZeroDivisionError

    log = InMemoryLog()
    _, changed = directory_record(rule(organization=OrganizationId("odd"), mode=Strategy.RANDOM))
    await log.append(DIRECTORY, directory_key(SHOP, "rule", "main"), changed)
    await _presence(log, Presence.ONLINE, 1)
    organizations = OrganizationTables(log, raises, _ignore)
    async with _following(organizations):
        assert organizations.get(SHOP).presence_of(AN) is Presence.ONLINE


async def test_r4_1_an_organization_says_how_much_of_the_directory_it_was_made_from() -> None:
    log = InMemoryLog()
    for version in (1, 2):
        await log.append(DIRECTORY, *directory_record(settings(version=version)))
    other = settings(organization=OrganizationId("other"))
    await log.append(DIRECTORY, *directory_record(other))
    organizations = OrganizationTables(log, _ignore, _ignore)
    async with _following(organizations):
        assert organizations.get(SHOP).directory_offset == 1
    await log.append_bytes(DIRECTORY, directory_key(SHOP, "group", "g"), None)
    organizations = OrganizationTables(log, _ignore, _ignore)
    async with _following(organizations):
        assert organizations.get(SHOP).directory_offset == 3
