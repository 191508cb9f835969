"""How much an organization's agents may keep, and which view an id means."""

from datetime import UTC, datetime

import pytest

from tuyen_events import limits
from tuyen_events.desk import DeskKey, PreferencesChanged, TemplateChanged, ViewChanged, desk_key
from tuyen_events.ids import AgentId, OrganizationId, TemplateId, ViewId
from tuyen_gateway.domain.desk import (
    DeskEntity,
    OrganizationDesk,
    check_room,
    is_same,
    key_replaced_by,
    key_to_remove,
    views_of,
)
from tuyen_gateway.errors import ForbiddenError, InvalidError, NotFoundError

AT = datetime(2026, 11, 21, 8, tzinfo=UTC)
SHOP = OrganizationId("shop")
LAN, MINH = AgentId("lan"), AgentId("minh")


def template(template_id: str = "t", text: str = "Chào") -> TemplateChanged:
    return TemplateChanged(
        organization=SHOP, by=LAN, at=AT, id=TemplateId(template_id), title="T", text=text
    )


def view(view_id: str = "v", of: AgentId | None = None, by: AgentId = LAN) -> ViewChanged:
    return ViewChanged(
        organization=SHOP, by=by, at=AT, id=ViewId(view_id), agent_id=of, name="V", filter={}
    )


def preferences(of: AgentId = LAN, **given: object) -> PreferencesChanged:
    return PreferencesChanged(organization=SHOP, by=of, at=AT, agent_id=of, preferences=given)


def desk_of(*events: TemplateChanged | ViewChanged | PreferencesChanged) -> OrganizationDesk:
    desk = OrganizationDesk()
    for number, event in enumerate(events):
        desk.apply(desk_key(event), DeskEntity(value=event, version=number + 1, size=100))
    return desk


def test_r9_6_what_is_replaced_and_removed_leaves_nothing() -> None:
    desk = desk_of(template(), template(text="Xin chào"), view(of=LAN), preferences())
    assert desk.size == 300
    assert list(desk.owners()) == [LAN]
    for key in [desk_key(template()), *desk.keys_of(SHOP, LAN)]:
        desk.remove(key)
    assert desk.size == 0
    assert list(desk.owners()) == []


def test_r9_6_an_agents_keys_are_theirs_alone() -> None:
    desk = desk_of(template(), view(), view(of=LAN), view(of=MINH), preferences(LAN))
    assert {str(key) for key in desk.keys_of(SHOP, LAN)} == {
        "shop/view/lan/v",
        "shop/preferences/lan/",
    }


@pytest.mark.parametrize(
    ("most", "events"),
    [
        (limits.TEMPLATES, [template(f"t{n}") for n in range(limits.TEMPLATES)]),
        (limits.SHARED_VIEWS, [view(f"v{n}") for n in range(limits.SHARED_VIEWS)]),
        (limits.VIEWS_OF_AGENT, [view(f"v{n}", LAN) for n in range(limits.VIEWS_OF_AGENT)]),
    ],
    ids=["templates", "shared views", "views of an agent"],
)
def test_r9_5_there_are_only_so_many_of_a_kind(
    most: int, events: list[TemplateChanged | ViewChanged]
) -> None:
    desk = desk_of(*events)
    key = desk_key(events[0])
    check_room(desk, key, 100)
    with pytest.raises(InvalidError, match=str(most)):
        check_room(desk, key._replace(id="one-more"), 100)
    if key.agent_id:
        check_room(desk, key._replace(id="one-more", agent_id="minh"), 100)


def test_r9_5_all_of_it_together_has_only_so_many_bytes() -> None:
    desk = desk_of(template(), preferences())
    whole = DeskEntity(value=view(), version=9, size=limits.DESK_BYTES - 200)
    desk.apply(desk_key(view()), whole)
    with pytest.raises(InvalidError):
        check_room(desk, desk_key(template("another")), 1)
    with pytest.raises(InvalidError):
        check_room(desk, desk_key(preferences()), 101)
    check_room(desk, desk_key(preferences()), 100)


def test_i15_ones_own_view_hides_a_shared_one_of_the_same_id() -> None:
    desk = desk_of(view("a"), view("b"), view("a", LAN), view("c", MINH))
    assert [(one.value.id, one.value.agent_id) for one in found(desk, LAN)] == [
        ("a", LAN),
        ("b", None),
    ]
    assert [(one.value.id, one.value.agent_id) for one in found(desk, MINH)] == [
        ("a", None),
        ("b", None),
        ("c", MINH),
    ]


class _Found:
    def __init__(self, value: ViewChanged) -> None:
        self.value = value


def found(desk: OrganizationDesk, agent_id: AgentId) -> list[_Found]:
    views = [one.value for one in views_of(desk, agent_id)]
    return [_Found(one) for one in views if isinstance(one, ViewChanged)]


def test_i15_a_view_is_shared_and_taken_back_by_who_may_share() -> None:
    own = desk_of(view(of=LAN))
    assert key_replaced_by(own, view(), may_share=True) == desk_key(view(of=LAN))
    shared = desk_of(view())
    taken_back = view(of=LAN)
    assert key_replaced_by(shared, taken_back, may_share=True) == desk_key(view())
    assert key_replaced_by(shared, taken_back, may_share=False) is None
    both = desk_of(view(), view(of=LAN))
    assert key_replaced_by(both, taken_back, may_share=True) is None
    with pytest.raises(ForbiddenError):
        key_replaced_by(own, view(), may_share=False)


def test_i15_ones_own_view_is_removed_before_a_shared_one() -> None:
    def removed(desk: OrganizationDesk, *, may_share: bool) -> DeskKey:
        return key_to_remove(desk, SHOP, LAN, ViewId("v"), may_share=may_share)

    assert removed(desk_of(view(), view(of=LAN)), may_share=True) == desk_key(view(of=LAN))
    assert removed(desk_of(view()), may_share=True) == desk_key(view())
    with pytest.raises(ForbiddenError):
        removed(desk_of(view()), may_share=False)
    for desk in (OrganizationDesk(), desk_of(view(of=MINH))):
        with pytest.raises(NotFoundError):
            removed(desk, may_share=True)


def test_what_differs_in_its_author_alone_is_the_same() -> None:
    assert is_same(view(by=LAN), view(by=MINH))
    assert is_same(preferences(a=1), preferences(a=1))
    assert not is_same(preferences(a=1), preferences(a=True))
    assert not is_same(template(), template(text="Xin chào"))
    assert not is_same(template(), view())
