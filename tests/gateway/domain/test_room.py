"""How much an organization may set up."""

import pytest

from gateway.rig import START, Rig, User
from tuyen_directory.organization import Organization, entity_of, evolve
from tuyen_events import limits
from tuyen_events.codec import encode
from tuyen_events.directory import (
    AgentChanged,
    DepartmentChanged,
    DirectoryEvent,
    GroupChanged,
    LinkChanged,
    Member,
    PageChanged,
    RegionChanged,
    RuleChanged,
    SupportTeamChanged,
    directory_key,
)
from tuyen_events.event import Envelope
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
from tuyen_events.vocabulary import Capability, Channel, Role, Strategy
from tuyen_gateway.domain import room
from tuyen_gateway.domain.room import check_room
from tuyen_gateway.errors import InvalidError

SHOP = OrganizationId("shop")
AN = AgentId("an")


def agent(name: str) -> AgentChanged:
    return AgentChanged(
        organization=SHOP, at=START, id=AgentId(name), name=name, username=name, role=Role.AGENT
    )


def page(name: str, staff: int = 0) -> PageChanged:
    return PageChanged(
        organization=SHOP,
        at=START,
        id=PageId(name),
        channel=Channel.FACEBOOK,
        external_id=name,
        name=name,
        staff=(AN,) * staff,
    )


def rule(name: str, members: int = 0, pages: int = 0) -> RuleChanged:
    return RuleChanged(
        organization=SHOP,
        at=START,
        id=RuleId(name),
        name=name,
        enabled=True,
        mode=Strategy.SEQUENTIAL,
        pages=(PageId("page"),) * pages,
        members=(Member(agent_id=AN),) * members,
    )


def group(name: str, members: int = 0) -> GroupChanged:
    return GroupChanged(
        organization=SHOP, at=START, id=GroupId(name), name=name, members=(AN,) * members
    )


def link(name: str) -> LinkChanged:
    return LinkChanged(
        organization=SHOP, at=START, id=LinkId(name), url="https://a.b", group=GroupId("g")
    )


def department(name: str) -> DepartmentChanged:
    return DepartmentChanged(organization=SHOP, at=START, id=DepartmentId(name), name=name)


def region(name: str) -> RegionChanged:
    return RegionChanged(
        organization=SHOP,
        at=START,
        department_id=DepartmentId("d"),
        id=RegionId(name),
        name=name,
    )


def with_all(*events: DirectoryEvent) -> Organization:
    organization = Organization(id=SHOP)
    for version, event in enumerate(events):
        organization = evolve(organization, event, version)
    return organization


@pytest.mark.parametrize("make", [agent, page, rule, group, link, department, region])
def test_r9_5_one_too_many_is_refused_and_what_stands_may_be_changed(
    make: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(make)
    monkeypatch.setattr(room, "_MOST", dict.fromkeys(room._MOST, 3))
    full = with_all(*(make(f"e{number}") for number in range(3)))
    check_room(full, make("e1"))
    with pytest.raises(InvalidError, match="at most 3"):
        check_room(full, make("another"))
    check_room(with_all(make("e0"), make("e1")), make("another"))


def test_r9_5_everything_of_which_there_are_several_has_its_bound() -> None:
    several = {field for field, value in vars(Organization(id=SHOP)).items() if value == {}}
    assert len(several) == len(room._MOST)


@pytest.mark.parametrize(
    ("few", "many", "more"),
    [
        (rule("a", members=2), rule("b", members=7), rule("b", members=9)),
        (rule("a", pages=2), rule("b", pages=7), rule("b", pages=9)),
        (group("a", 2), group("b", 7), group("b", 9)),
        (page("a", 2), page("b", 7), page("b", 9)),
    ],
)
def test_r9_5_all_of_a_kind_name_no_more_than_their_bound_together(
    few: DirectoryEvent,
    many: DirectoryEvent,
    more: DirectoryEvent,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "PLACES", 10)
    check_room(with_all(few), many)
    with pytest.raises(InvalidError, match="at most 10"):
        check_room(with_all(few), more)
    over = with_all(few, more)  # from before there was a bound
    for standing in (few, more, many):
        check_room(over, standing)


def test_r9_5_what_fits_the_limits_fits_its_topic() -> None:
    """The largest of each, with ids and names of the longest, is a record that the log takes."""
    long = [AgentId(f"{number:0{limits.ID_CHARACTERS}}") for number in range(limits.AGENTS)]
    pages = [PageId(f"{number:0{limits.ID_CHARACTERS}}") for number in range(limits.PAGES)]
    name = "\U0001f600" * limits.NAME_CHARACTERS
    every = tuple(Capability)
    largest: list[DirectoryEvent] = [
        RuleChanged(
            organization=SHOP,
            at=START,
            id=RuleId("r" * limits.ID_CHARACTERS),
            name=name,
            enabled=True,
            mode=Strategy.LEAST_LOADED,
            pages=tuple(pages),
            members=tuple(
                Member(agent_id=one, capabilities=every, capacity=limits.CAPACITY) for one in long
            ),
        ),
        GroupChanged(organization=SHOP, at=START, id=GroupId("g"), name=name, members=tuple(long)),
        SupportTeamChanged(organization=SHOP, at=START, agent_ids=tuple(long)),
        PageChanged(
            organization=SHOP,
            at=START,
            id=PageId("p"),
            channel=Channel.FACEBOOK,
            external_id="1",
            name=name,
            staff=tuple(long),
        ),
    ]
    for event in largest:
        key = directory_key(SHOP, *entity_of(event))
        envelope = Envelope(id="evt_1", source="gateway", subject=key, time=START, data=event)
        value, _ = encode(envelope)
        assert len(value) + 2_000 < DIRECTORY.max_record_bytes, event.type


async def test_r9_5_the_agent_after_the_last_is_refused_with_a_sentence(
    rig: Rig, boss: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_MOST", {**room._MOST, "agent": 2})
    body = {"name": "A", "role": "agent"}
    await boss.done("PUT", "/v1/agents/an", {**body, "username": "an"})
    answer = await boss.put("/v1/agents/binh", {**body, "username": "binh"})
    assert answer.status_code == 422
    assert "at most 2" in answer.json()["detail"]
    await boss.done("DELETE", "/v1/agents/an")
    await boss.done("PUT", "/v1/agents/binh", {**body, "username": "binh"})
