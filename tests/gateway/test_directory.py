"""The directory's copy: folding, replay, and the checks on changes."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rig import START, Rig, User, records, running
from tuyen_directory.organization import (
    Organization,
    Removed,
    entity_of,
    evolve,
    find,
    may_work_on,
)
from tuyen_events.directory import (
    AgentChanged,
    DepartmentChanged,
    DirectoryEvent,
    GroupChanged,
    LinkChanged,
    OrganizationChanged,
    PageChanged,
    RegionChanged,
    RuleChanged,
    SettingsChanged,
    SupportTeamChanged,
)
from tuyen_events.ids import (
    AgentId,
    DepartmentId,
    GroupId,
    LinkId,
    OrganizationId,
    PageId,
    RegionId,
    RuleId,
)
from tuyen_events.topics import DIRECTORY
from tuyen_events.vocabulary import Channel, Role, Strategy
from tuyen_gateway.adapters.directory import Directory
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog

SHOP = OrganizationId("shop")
IDS = st.sampled_from(["a", "b", "c"])


def agent(agent_id: str, role: Role = Role.AGENT, disabled: bool = False) -> AgentChanged:
    return AgentChanged(
        organization=SHOP,
        at=START,
        id=AgentId(agent_id),
        name=agent_id.title(),
        username=agent_id,
        role=role,
        disabled=disabled,
    )


def page(page_id: str, *staff: str) -> PageChanged:
    return PageChanged(
        organization=SHOP,
        at=START,
        id=PageId(page_id),
        channel=Channel.FACEBOOK,
        external_id=page_id,
        name=page_id,
        staff=tuple(AgentId(one) for one in staff),
    )


def rule(rule_id: str) -> RuleChanged:
    return RuleChanged(
        organization=SHOP,
        at=START,
        id=RuleId(rule_id),
        name=rule_id,
        enabled=True,
        mode=Strategy.SEQUENTIAL,
    )


def department(department_id: str, name: str) -> DepartmentChanged:
    return DepartmentChanged(organization=SHOP, at=START, id=DepartmentId(department_id), name=name)


def region(department_id: str, region_id: str) -> RegionChanged:
    return RegionChanged(
        organization=SHOP,
        at=START,
        department_id=DepartmentId(department_id),
        id=RegionId(region_id),
        name=region_id,
    )


def group(group_id: str, *members: str) -> GroupChanged:
    return GroupChanged(
        organization=SHOP,
        at=START,
        id=GroupId(group_id),
        name=group_id,
        members=tuple(AgentId(one) for one in members),
    )


def link(link_id: str, group_id: str) -> LinkChanged:
    return LinkChanged(
        organization=SHOP,
        at=START,
        id=LinkId(link_id),
        url="https://shop.example",
        group=GroupId(group_id),
    )


def fold(changes: Sequence[DirectoryEvent | Removed]) -> Organization:
    organization = Organization(id=SHOP)
    for version, change in enumerate(changes):
        organization = evolve(organization, change, version)
    return organization


CHANGES = st.one_of(
    st.builds(agent, IDS, st.sampled_from(list(Role)), st.booleans()),
    st.builds(page, IDS, IDS),
    st.builds(rule, IDS),
    st.builds(department, IDS, IDS),
    st.builds(region, IDS, IDS),
    st.builds(group, IDS, IDS),
    st.builds(link, IDS, IDS),
    st.builds(
        Removed,
        st.sampled_from(["agent", "page", "rule", "department", "group", "link", "unheard-of"]),
        IDS,
    ),
    st.builds(Removed, st.just("region"), st.builds("{}/{}".format, IDS, IDS)),
    st.just(OrganizationChanged(organization=SHOP, at=START, name="Shop")),
    st.builds(SettingsChanged, organization=st.just(SHOP), at=st.just(START)),
    st.builds(
        SupportTeamChanged, organization=st.just(SHOP), at=st.just(START), agent_ids=st.just(())
    ),
)


@given(st.lists(CHANGES, max_size=30))
def test_the_latest_record_of_each_entity_counts_so_compaction_changes_nothing(
    changes: list[DirectoryEvent | Removed],
) -> None:
    words = [
        (one.entity, one.entity_id) if isinstance(one, Removed) else entity_of(one)
        for one in changes
    ]
    last = {word: place for place, word in enumerate(words)}
    compacted = Organization(id=SHOP)
    for word, place in sorted(last.items(), key=lambda item: item[1]):
        compacted = evolve(compacted, changes[place], place)
        stored = find(compacted, *word)
        if isinstance(changes[place], Removed):
            assert stored is None
        else:
            assert stored is not None
            assert (stored.value, stored.version) == (changes[place], place)
    assert fold(changes) == compacted


@given(st.lists(CHANGES, max_size=30))
def test_who_is_given_a_page_is_what_the_pages_say(
    changes: list[DirectoryEvent | Removed],
) -> None:
    organization = fold(changes)
    for name in ("a", "b", "c"):
        expected = {
            page_id
            for page_id, stored in organization.pages.items()
            if AgentId(name) in stored.value.staff
        }
        assert organization.staffed_pages(AgentId(name)) == expected


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("page_permissions", [False, True])
@pytest.mark.parametrize("given_page", [False, True])
def test_r1_4_page_permissions_bind_every_role_but_system_admin(
    role: Role, page_permissions: bool, given_page: bool
) -> None:
    one = agent("a", role)
    organization = fold(
        [
            one,
            page("p", *(["a"] if given_page else [])),
            SettingsChanged(organization=SHOP, at=START, page_permissions=page_permissions),
        ]
    )
    allowed = not page_permissions or given_page or role is Role.SYSTEM_ADMIN
    assert may_work_on(organization, one, PageId("p")) == allowed


async def test_a_gateway_that_starts_anew_knows_what_the_one_before_knew(
    rig: Rig, boss: User, log: InMemoryLog, clock: ManualClock
) -> None:
    lan = await rig.staff(boss, "lan")
    await boss.done("PUT", "/v1/agents/minh", {"name": "M", "username": "m", "role": "agent"})
    for number in ("1", "2"):
        body = {"channel": "zalo", "external_id": number, "name": number, "staff": ["lan"]}
        await boss.done("PUT", f"/v1/pages/p{number}", body)
    await boss.done("PUT", "/v1/settings", {"assignment": True, "visibility": "own_only"})
    await boss.done("PUT", "/v1/rules/r", {"name": "r", "enabled": True, "mode": "random"})
    await boss.done("DELETE", "/v1/agents/minh")
    await boss.done("DELETE", "/v1/pages/p2")
    async with running(log, clock) as again:
        assert again.gateway.directory.organizations() == rig.gateway.directory.organizations()
        holder = again.gateway.directory.holder
        assert holder(Channel.ZALO, "1") == ("shop", "p1")
        assert holder(Channel.ZALO, "2") is None
        for user in (boss, lan):
            assert (await User(again.client, user.token).get("/v1/me")).status_code == 200


async def test_what_cannot_be_read_is_passed_by_and_the_rest_is_served(
    rig: Rig, boss: User, log: InMemoryLog
) -> None:
    before = rig.gateway.directory.organizations()
    headers = (("ce_type", b"settings.changed.v1"),)
    await log.append_bytes(DIRECTORY, "shop/settings/", b"{not json", headers)
    await log.append_bytes(DIRECTORY, "no-entity", b"{}", headers)
    await log.append_bytes(DIRECTORY, "shop/later/x", b"{}", (("ce_type", b"later.v9"),))
    wrong = (("ce_type", b"conversation.read.v1"),)
    value = (
        b'{"organization":"shop","conversation_id":"c","agent_id":"a",'
        b'"seen_events":1,"at":"2026-11-21T08:00:00Z"}'
    )
    await log.append_bytes(DIRECTORY, "shop/settings/", value, wrong)
    await rig.gateway.directory.copy.current()
    assert rig.gateway.directory.organizations() == before
    assert (await boss.get("/v1/settings")).status_code == 200


async def test_a_removal_is_a_record_without_a_value_whose_type_says_so(
    rig: Rig, boss: User, log: InMemoryLog
) -> None:
    await boss.done("PUT", "/v1/agents/lan", {"name": "L", "username": "l", "role": "agent"})
    await boss.done("DELETE", "/v1/agents/lan")
    last = (await records(log, DIRECTORY))[-1]
    assert (last.key, last.value) == (b"shop/agent/lan", None)
    headers = dict(last.headers)
    assert headers["ce_type"] == b"agent.removed.v1"
    assert headers["ce_subject"] == b"shop/agent/lan"


async def test_an_organization_without_its_profile_is_none(
    log: InMemoryLog, clock: ManualClock
) -> None:
    assert Directory(log, clock).organization(SHOP) is None
