"""R7's table, and the scope that every answer is cut by."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.organizations import AT, SHOP, settings
from tuyen_events.assignments import AssignmentChanged
from tuyen_events.ids import AgentId, ConversationId, CustomerId, PageId
from tuyen_events.vocabulary import ConversationKind, Reason, Role, Visibility
from tuyen_gateway.domain.inbox import InboxRow, assign
from tuyen_gateway.domain.rights import RIGHTS, Right
from tuyen_gateway.domain.visibility import Viewer, scope_of

ME, OTHER = AgentId("me"), AgentId("other")
HELD, NOT_HELD = PageId("held"), PageId("not-held")


def viewer(role: Role) -> Viewer:
    return Viewer(organization=SHOP, agent_id=ME, name="Me", role=role, pages=frozenset({HELD}))


def make_changed(agent: AgentId, version: int) -> AssignmentChanged:
    return AssignmentChanged(
        organization=SHOP,
        page_id=HELD,
        conversation_id=ConversationId("cnv"),
        customer_id=CustomerId("cus"),
        kind=ConversationKind.MESSAGE,
        version=version,
        agent_id=agent,
        previous_agent_id=None,
        reason=Reason.MANUAL,
        rule_id=None,
        mode=None,
        by=AgentId("boss"),
        caused_by="cmd",
        at=AT,
    )


TABLE = {
    Visibility.EVERYONE: {None, ME, OTHER},
    Visibility.OWN_AND_UNASSIGNED: {None, ME},
    Visibility.OWN_ONLY: {ME},
}


@pytest.mark.parametrize("visibility", list(Visibility))
@pytest.mark.parametrize("role", list(Role))
def test_r7_the_table_row_by_row(role: Role, visibility: Visibility) -> None:
    scope = scope_of(viewer(role), settings(visibility=visibility, page_permissions=False))
    seen = {assignee for assignee in (None, ME, OTHER) if scope.covers(NOT_HELD, assignee)}
    assert seen == ({None, ME, OTHER} if role.managing else TABLE[visibility])
    assert scope.organization == SHOP


@given(st.sampled_from(list(Role)), st.sampled_from(list(Visibility)))
def test_r7_1_page_permissions_cut_all_of_it_and_bind_no_system_admin(
    role: Role, visibility: Visibility
) -> None:
    free = scope_of(viewer(role), settings(visibility=visibility, page_permissions=False))
    bound = scope_of(viewer(role), settings(visibility=visibility, page_permissions=True))
    for page, assignee in itertools.product((HELD, NOT_HELD), (None, ME, OTHER)):
        allowed = role is Role.SYSTEM_ADMIN or page == HELD
        assert bound.covers(page, assignee) == (allowed and free.covers(page, assignee))


def test_r7_3_one_record_takes_a_row_from_one_inbox_to_another() -> None:
    mine = scope_of(
        viewer(Role.AGENT), settings(visibility=Visibility.OWN_ONLY, page_permissions=False)
    )
    row = InboxRow(id=ConversationId("cnv"), page_id=HELD, assignee=ME, version=1)
    assert mine.covers(HELD, row.assignee)
    row = assign(row, make_changed(OTHER, version=2), 0)
    assert not mine.covers(HELD, row.assignee)
    row = assign(row, make_changed(ME, version=3), 0)
    assert mine.covers(HELD, row.assignee)


def test_r6_1_only_a_system_admin_manages_and_every_managing_role_assigns() -> None:
    assert [role for role in Role if Right.MANAGE in RIGHTS[role]] == [Role.SYSTEM_ADMIN]
    for right in (Right.ASSIGN, Right.READ_SETUP, Right.SET_PRESENCE):
        assert [role for role in Role if right in RIGHTS[role]] == [
            role for role in Role if role.managing
        ]
    assert RIGHTS.keys() == set(Role)
