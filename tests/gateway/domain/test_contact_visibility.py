"""Who sees which contacts (W1, W3, W6, S1): in a scope, and in a query."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuyen_events.ids import AgentId, ContactId, OrganizationId
from tuyen_gateway.adapters.crm_queries import build_scope_query
from tuyen_gateway.domain.contact_visibility import AccessLevel, ContactScope
from tuyen_views.contacts import ContactDocument

SHOP = OrganizationId("shop")
HOA, LAN, MINH = AgentId("hoa"), AgentId("lan"), AgentId("minh")


def contact(
    warehouse: str = "north", assignee: AgentId | None = None, viewers: tuple[AgentId, ...] = ()
) -> ContactDocument:
    return ContactDocument(
        id=ContactId("con_1"),
        organization=SHOP,
        name="Lan",
        name_folded="lan",
        customers=(),
        warehouse_id=warehouse,
        assignee=assignee,
        viewers=viewers,
        created_at=datetime(2026, 9, 21, tzinfo=UTC),
        version=1,
    )


MANAGER = ContactScope(organization=SHOP, agent_id=HOA, managed=frozenset({"north"}))
MEMBER = ContactScope(organization=SHOP, agent_id=HOA, joined=frozenset({"north"}))
LEADER = ContactScope(organization=SHOP, agent_id=HOA, led=frozenset({LAN}))
NOBODY = ContactScope(organization=SHOP, agent_id=HOA)


@pytest.mark.parametrize(
    ("scope", "seen", "access"),
    [
        (MANAGER, contact(), AccessLevel.WRITE),
        (MANAGER, contact(assignee=LAN), AccessLevel.WRITE),
        (MANAGER, contact("south"), AccessLevel.NOTHING),
        (MEMBER, contact(), AccessLevel.CLAIMABLE),
        (MEMBER, contact(assignee=LAN), AccessLevel.NOTHING),
        (MEMBER, contact(assignee=HOA), AccessLevel.WRITE),
        (LEADER, contact(assignee=LAN), AccessLevel.WRITE),
        (LEADER, contact(), AccessLevel.NOTHING),
        (NOBODY, contact(viewers=(HOA,)), AccessLevel.READ),
        (NOBODY, contact(), AccessLevel.NOTHING),
    ],
)
def test_w3_w6_s1_how_much_of_a_contact_is_seen(
    scope: ContactScope, seen: ContactDocument, access: AccessLevel
) -> None:
    assert scope.access_to(seen.warehouse_id, seen.assignee, seen.viewers) is access


def _matches(query: dict[str, Any], document: ContactDocument) -> bool:
    """The few operators of `build_scope_query`, as MongoDB has them."""
    for field, wanted in query.items():
        if field == "$or":
            if not any(_matches(each, document) for each in wanted):
                return False
            continue
        value = getattr(document, field)
        if isinstance(wanted, dict):
            found = value in wanted["$in"]
        elif isinstance(value, tuple):
            found = wanted in value
        else:
            found = value == wanted
        if not found:
            return False
    return True


_AGENTS = st.sampled_from([HOA, LAN, MINH])
_WAREHOUSES = st.frozensets(st.sampled_from(["north", "south"]))


@given(
    st.builds(
        ContactScope,
        organization=st.just(SHOP),
        agent_id=_AGENTS,
        managed=_WAREHOUSES,
        joined=_WAREHOUSES,
        led=st.frozensets(_AGENTS),
    ),
    st.builds(
        contact,
        st.sampled_from(["north", "south"]),
        st.none() | _AGENTS,
        st.lists(_AGENTS, unique=True).map(tuple),
    ),
)
def test_w6_a_query_finds_what_the_scope_covers(scope: ContactScope, seen: ContactDocument) -> None:
    assert _matches(build_scope_query(scope), seen) is (
        scope.access_to(seen.warehouse_id, seen.assignee, seen.viewers) is not AccessLevel.NOTHING
    )
