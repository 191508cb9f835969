"""What an organization has set up, folded from changes one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.organizations import (
    AT,
    SHOP,
    agent,
    department,
    fold,
    group,
    integration,
    link,
    page,
    profile,
    region,
    rule,
    settings,
)
from tuyen_directory.organization import (
    Organization,
    Removed,
    entities,
    entity_of,
    evolve,
    find_entity,
    may_work_on,
    next_version,
)
from tuyen_events.directory import (
    CrmRights,
    DirectoryEvent,
    SettingsChanged,
    SupportTeamChanged,
)
from tuyen_events.ids import AgentId, PageId
from tuyen_events.vocabulary import Role

IDS = st.sampled_from(["a", "b", "c"])

CHANGES = st.one_of(
    st.builds(agent, IDS, st.sampled_from(list(Role)), disabled=st.booleans()),
    st.builds(page, IDS, IDS),
    st.builds(rule, IDS),
    st.builds(department, IDS, name=IDS),
    st.builds(region, IDS, IDS),
    st.builds(group, IDS, IDS),
    st.builds(link, IDS, IDS),
    st.builds(integration, IDS, name=IDS),
    st.builds(
        Removed,
        st.sampled_from(
            ["agent", "page", "rule", "department", "group", "link", "integration", "unheard-of"]
        ),
        IDS,
    ),
    st.builds(Removed, st.just("region"), st.builds("{}/{}".format, IDS, IDS)),
    st.builds(profile, suspended=st.booleans()),
    st.builds(settings, page_permissions=st.booleans()),
    st.just(SupportTeamChanged(organization=SHOP, at=AT)),
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
        stored = find_entity(compacted, *word)
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
        assert organization.find_staffed_pages(AgentId(name)) == expected
        for page_id in ("a", "b", "c", "unheard-of"):
            assert (AgentId(name) in organization.staff_of(PageId(page_id))) == (
                page_id in expected
            )


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
            page("p", ["a"] if given_page else []),
            settings(page_permissions=page_permissions),
        ]
    )
    allowed = not page_permissions or given_page or role is Role.SYSTEM_ADMIN
    assert may_work_on(organization, one, PageId("p")) == allowed


def test_an_organization_of_which_nothing_was_read_has_the_default_settings() -> None:
    nothing = Organization(id=SHOP)
    assert (nothing.profile, nothing.suspended, nothing.version) == (None, False, 0)
    default = nothing.settings
    assert default == SettingsChanged(organization=SHOP, at=default.at)


def test_an_organization_is_suspended_as_its_profile_says() -> None:
    assert fold([profile(suspended=True)]).suspended
    assert not fold([profile(suspended=True), profile()]).suspended


def test_r1_8_an_agent_who_is_disabled_or_removed_is_not_active() -> None:
    known = fold([agent("a"), agent("b", disabled=True), agent("c"), Removed("agent", "c")])
    found = [known.active_agent(AgentId(name)) for name in "abc"]
    assert [one and one.id for one in found] == ["a", None, None]
    still = [known.agent(AgentId(name)) for name in "abc"]
    assert [one and one.id for one in still] == ["a", "b", None]


def test_w5_c11_contacts_are_given_to_agents_who_may_use_the_crm() -> None:
    known = fold(
        [agent("a"), agent("b", crm=CrmRights(access=False)), agent("c", disabled=True), agent("d")]
    )
    assert (known.crm_staff, known.active_agents) == (("a", "d"), ("a", "b", "d"))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], False),
        ([agent("a")], False),
        ([agent("a", Role.SYSTEM_ADMIN, disabled=True)], False),
        ([agent("a", Role.SYSTEM_ADMIN), Removed("agent", "a")], False),
        ([agent("a", Role.SYSTEM_ADMIN), agent("b")], True),
    ],
)
def test_somebody_can_manage_it_while_an_enabled_admin_is_left(
    changes: list[DirectoryEvent | Removed], expected: bool
) -> None:
    assert fold(changes).has_admin() is expected


def test_two_names_of_earlier_days_that_differ_in_spelling_keep_their_own() -> None:
    known = fold([agent("a", username="chủ"), agent("b", username="chu\u0309")])
    found = [known.find_agent_by_username(name) for name in ("chủ", "chu\u0309", "CHỦ")]
    assert [one and one.id for one in found] == ["a", "b", "a"]
    assert known.find_agent_by_username("lan") is None


def test_what_is_not_known_here_changes_nothing_but_the_version() -> None:
    before = fold([profile(), agent("a")])
    after = evolve(before, Removed("shift", "s"), 7)
    assert after == evolve(before, Removed("agent", "nobody"), 7)
    assert (after.version, after.agents) == (7, before.agents)


def test_the_words_of_a_key_find_the_entity() -> None:
    one = region("sales", "north")
    known = fold([department("sales", name="Sales"), one, settings(), profile(), agent("a")])
    assert entity_of(one) == ("region", "sales/north")
    assert entity_of(profile()) == ("organization", "")
    stored = find_entity(known, "region", "sales/north")
    assert stored is not None
    assert stored.value == one
    assert entities(known, "region") == {"sales/north": stored}
    assert entities(known, "settings") == {}
    assert find_entity(known, "shift", "s") is None


def test_what_is_no_entity_has_no_key() -> None:
    with pytest.raises(TypeError, match="DirectoryEvent"):
        entity_of(DirectoryEvent(organization=SHOP, at=AT))


@given(st.lists(st.integers(0, 5)))
def test_r7_2_a_version_rises_with_each_record_whatever_the_clocks_show(
    written: list[int],
) -> None:
    version = 0
    for written_ms in written:
        after = next_version(version, written_ms)
        assert after > version
        assert after >= written_ms
        version = after
