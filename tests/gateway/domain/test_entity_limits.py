"""How much an organization may set up."""

import pytest

from gateway.rig import Rig, User
from support.organizations import (
    SHOP,
    agent,
    department,
    directory_record,
    fold,
    group,
    integration,
    link,
    page,
    region,
    rule,
    support_team,
)
from tuyen_directory.organization import Organization
from tuyen_events import limits
from tuyen_events.codec import encode
from tuyen_events.directory import DirectoryEvent, LinkChanged, Member, RegionChanged
from tuyen_events.ids import AgentId, PageId
from tuyen_events.topics import DIRECTORY
from tuyen_events.vocabulary import Capability, Strategy
from tuyen_gateway.domain import entity_limits
from tuyen_gateway.domain.entity_limits import check_limits
from tuyen_gateway.errors import InvalidError

AN, PAGE = AgentId("an"), PageId("page")


def _link(name: str) -> LinkChanged:
    return link(name, "g")


def _region(name: str) -> RegionChanged:
    return region("d", name)


@pytest.mark.parametrize(
    "make", [agent, page, rule, group, _link, department, _region, integration]
)
def test_r9_5_one_too_many_is_refused_and_what_exists_may_be_changed(
    make: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(make)
    monkeypatch.setattr(entity_limits, "_MOST", dict.fromkeys(entity_limits._MOST, 3))
    full = fold(make(f"e{number}") for number in range(3))
    check_limits(full, make("e1"))
    with pytest.raises(InvalidError, match="at most 3"):
        check_limits(full, make("another"))
    check_limits(fold([make("e0"), make("e1")]), make("another"))


def test_r9_5_everything_of_which_there_are_several_has_its_bound() -> None:
    several = {field for field, value in vars(Organization(id=SHOP)).items() if value == {}}
    assert len(several) == len(entity_limits._MOST)


@pytest.mark.parametrize(
    ("few", "many", "more"),
    [
        (rule("a", [AN] * 2), rule("b", [AN] * 7), rule("b", [AN] * 9)),
        (
            rule("a", (), pages=[PAGE] * 2),
            rule("b", (), pages=[PAGE] * 7),
            rule("b", (), pages=[PAGE] * 9),
        ),
        (group("a", [AN] * 2), group("b", [AN] * 7), group("b", [AN] * 9)),
        (page("a", [AN] * 2), page("b", [AN] * 7), page("b", [AN] * 9)),
    ],
)
def test_r9_5_all_of_a_kind_name_no_more_than_their_bound_together(
    few: DirectoryEvent,
    many: DirectoryEvent,
    more: DirectoryEvent,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "PLACES", 10)
    check_limits(fold([few]), many)
    with pytest.raises(InvalidError, match="at most 10"):
        check_limits(fold([few]), more)
    over = fold([few, more])  # from before there was a bound
    for standing in (few, more, many):
        check_limits(over, standing)


def test_r9_5_what_fits_the_limits_fits_its_topic() -> None:
    """The largest of each, with ids and names of the longest, is a record that the log takes."""
    long = [AgentId(f"{number:0{limits.ID_CHARACTERS}}") for number in range(limits.AGENTS)]
    pages = [PageId(f"{number:0{limits.ID_CHARACTERS}}") for number in range(limits.PAGES)]
    name = "\U0001f600" * limits.NAME_CHARACTERS
    every = tuple(Capability)
    largest: list[DirectoryEvent] = [
        rule(
            "r" * limits.ID_CHARACTERS,
            (Member(agent_id=one, capabilities=every, capacity=limits.CAPACITY) for one in long),
            name=name,
            mode=Strategy.LEAST_LOADED,
            pages=tuple(pages),
        ),
        group("g", long, name=name),
        support_team(*long),
        page("p", long, name=name, external_id="1"),
    ]
    for event in largest:
        _, envelope = directory_record(event)
        value, _ = encode(envelope)
        assert len(value) + 2_000 < DIRECTORY.max_record_bytes, event.type


async def test_r9_5_the_agent_after_the_last_is_refused_with_a_sentence(
    rig: Rig, boss: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entity_limits, "_MOST", {**entity_limits._MOST, "agent": 2})
    body = {"name": "A", "role": "agent"}
    await boss.done("PUT", "/v1/agents/an", {**body, "username": "an"})
    answer = await boss.put("/v1/agents/binh", {**body, "username": "binh"})
    assert answer.status_code == 422
    assert "at most 2" in answer.json()["detail"]
    await boss.done("DELETE", "/v1/agents/an")
    await boss.done("PUT", "/v1/agents/binh", {**body, "username": "binh"})
