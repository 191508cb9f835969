"""Lists of contacts, as MongoDB has them: what a scope covers, and nothing by a hidden field."""

from datetime import timedelta
from itertools import product

import pytest

from gateway.api.crm.answering import CREATED, contact, show
from tuyen_events.conversation_filter import Holder
from tuyen_events.ids import AgentId, ContactId, OrganizationId
from tuyen_gateway.adapters.crm import MongoCrm
from tuyen_gateway.domain.contact_filter import ContactFilter, ContactOrder
from tuyen_gateway.domain.contact_visibility import AccessLevel, ContactScope
from tuyen_gateway.errors import InvalidCursorError
from tuyen_platform.mongodb import Database
from tuyen_views.contacts import CONTACTS_VIEW, ContactDocument

SHOP = OrganizationId("shop")
HOA, LAN, MINH = AgentId("hoa"), AgentId("lan"), AgentId("minh")
NAMES = ("Nguyễn Vĩnh", "Trần Lan", "Đỗ Đức")


def _make_all() -> list[ContactDocument]:
    """One contact of each kind."""
    kinds = product(("north", "south"), (None, LAN, MINH), ((), (HOA,), (HOA, LAN)))
    return [
        document_with(number, warehouse, assignee, viewers)
        for number, (warehouse, assignee, viewers) in enumerate(kinds)
    ]


def document_with(
    number: int, warehouse: str, assignee: AgentId | None, viewers: tuple[AgentId, ...]
) -> ContactDocument:
    base = contact(number, "shop", NAMES[number % 3])
    return ContactDocument(
        id=ContactId(f"con_{number:02}"),
        organization=SHOP,
        name=base.name,
        name_folded=base.name_folded,
        customers=base.customers,
        phones=(f"+8491234{number:04}",),
        emails=(f"khach.{number}@shop.example",),
        warehouse_id=warehouse,
        assignee=assignee,
        viewers=viewers,
        created_at=CREATED + timedelta(minutes=number % 4),
        updated_at=CREATED + timedelta(minutes=number % 5),
        version=1,
    )


CONTACTS = _make_all()
SUBSETS = (frozenset[str](), frozenset({"north"}), frozenset({"north", "south"}))
LED = (frozenset[AgentId](), frozenset({MINH}))
SCOPES = [
    ContactScope(organization=SHOP, agent_id=agent, managed=managed, joined=joined, led=led)
    for agent, managed, joined, led in product((HOA, LAN), SUBSETS, SUBSETS, LED)
]


@pytest.fixture
async def crm(views: Database) -> MongoCrm:
    await views[CONTACTS_VIEW.collection].create_indexes(list(CONTACTS_VIEW.indexes))
    await show(views, *CONTACTS, contact(99, "rival", "Nguyễn Vĩnh"))
    return MongoCrm(views)


async def read(crm: MongoCrm, scope: ContactScope, wanted: ContactFilter) -> list[ContactDocument]:
    """All pages of a list."""
    found: list[ContactDocument] = []
    after: str | None = None
    while True:
        page = await crm.contacts(scope, wanted, 4, after)
        for each in page.items:
            assert each.access is access_to(scope, each.document)
        found += [each.document for each in page.items]
        after = page.following
        if after is None:
            return found


def access_to(scope: ContactScope, contact: ContactDocument) -> AccessLevel:
    return scope.access_to(contact.warehouse_id, contact.assignee, contact.viewers)


def ids(contacts: list[ContactDocument]) -> list[str]:
    return [contact.id for contact in contacts]


async def test_w6_a_list_has_what_the_scope_covers(crm: MongoCrm) -> None:
    for scope in SCOPES:
        covered = [each for each in CONTACTS if access_to(scope, each) is not AccessLevel.NOTHING]
        assert ids(await read(crm, scope, ContactFilter())) == ids(covered)
        named = sorted(covered, key=lambda each: (each.name_folded, each.id))
        by_name = ContactFilter(order=ContactOrder.NAME)
        assert ids(await read(crm, scope, by_name)) == ids(named)


@pytest.mark.parametrize("order", [ContactOrder.CREATED_AT, ContactOrder.UPDATED_AT])
async def test_w3_what_may_be_claimed_has_no_place_in_an_order_of_hidden_times(
    crm: MongoCrm, order: ContactOrder
) -> None:
    for scope in SCOPES:
        seen = [each for each in CONTACTS if access_to(scope, each) >= AccessLevel.READ]
        newest = sorted(seen, key=lambda each: (getattr(each, order), each.id), reverse=True)
        assert ids(await read(crm, scope, ContactFilter(order=order))) == ids(newest)


@pytest.mark.parametrize(
    ("wanted", "shown_to_members"),
    [
        (ContactFilter(words="vinh"), True),
        (ContactFilter(words="nguyen v"), True),
        (ContactFilter(words="nguyễn vĩnh"), True),
        (ContactFilter(warehouse_id="north"), True),
        (ContactFilter(held_by=Holder(agent_id=None)), True),
        (ContactFilter(words="0912340000"), False),
        (ContactFilter(words="40000"), False),
        (ContactFilter(words="+84 912 340 000"), False),
        (ContactFilter(words="khach.0@shop"), False),
        (ContactFilter(words="khach.0@shop.example"), False),
        (ContactFilter(phone="0912340000"), False),
        (ContactFilter(phone="40000"), False),
        (ContactFilter(email="khach.0@shop.example"), False),
    ],
)
async def test_w3_what_may_be_claimed_is_found_by_what_is_shown_of_it_alone(
    crm: MongoCrm, wanted: ContactFilter, shown_to_members: bool
) -> None:
    manager = ContactScope(organization=SHOP, agent_id=HOA, managed=frozenset({"north"}))
    member = ContactScope(organization=SHOP, agent_id=AgentId("new"), joined=manager.managed)
    assert "con_00" in ids(await read(crm, manager, wanted))
    assert ("con_00" in ids(await read(crm, member, wanted))) is shown_to_members


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (ContactFilter(words="do duc"), [2, 5, 8]),
        (ContactFilter(words="(*["), []),
        (ContactFilter(words="0003"), [3]),
        (ContactFilter(words="\u200b"), []),
        (ContactFilter(phone="3"), [3]),
        (ContactFilter(phone="00003"), [3]),
        (ContactFilter(phone="0084912340003"), [3]),
        (ContactFilter(words="0084912340003"), [3]),
        (ContactFilter(phone="84912340003"), [3]),
        (ContactFilter(email="shop.example"), []),
        (ContactFilter(warehouse_id="south"), []),
        (ContactFilter(held_by=Holder(agent_id=MINH)), [6, 7, 8]),
        (ContactFilter(held_by=Holder(agent_id=MINH), words="duc"), [8]),
    ],
)
async def test_i4_all_conditions_must_match(
    crm: MongoCrm, wanted: ContactFilter, found: list[int]
) -> None:
    manager = ContactScope(organization=SHOP, agent_id=HOA, managed=frozenset({"north"}))
    north = [each for each in await read(crm, manager, wanted) if each.warehouse_id == "north"]
    assert ids(north) == [f"con_{number:02}" for number in found]


async def test_a_cursor_continues_no_list_in_another_order(crm: MongoCrm) -> None:
    scope = ContactScope(organization=SHOP, agent_id=HOA, managed=frozenset({"north"}))
    following = (await crm.contacts(scope, ContactFilter(), 2, None)).following
    for order in set(ContactOrder) - {ContactOrder.ID}:
        with pytest.raises(InvalidCursorError):
            await crm.contacts(scope, ContactFilter(order=order), 2, following)


async def test_c9_the_phones_and_emails_that_any_contact_has_are_known(crm: MongoCrm) -> None:
    asked = ["+84912340003", "+84912340", "khach.4@shop.example", "shop.example", "k@x.example"]
    assert await crm.find_known_values(SHOP, asked) == {"+84912340003", "khach.4@shop.example"}
    assert await crm.find_known_values(OrganizationId("rival"), asked) == set()


@pytest.mark.parametrize(
    "wanted",
    [
        ContactFilter(),
        ContactFilter(words="vinh"),
        ContactFilter(words="0912340003", order=ContactOrder.NAME),
        ContactFilter(phone="3", tag="vip", step="retail:new", campaign_id="tet"),
        ContactFilter(email="khach.0@shop.example"),
    ],
)
async def test_w6_before_the_crm_has_made_its_indexes_a_list_is_as_it_will_be(
    views: Database, wanted: ContactFilter
) -> None:
    crm, scope = MongoCrm(views), SCOPES[-1]
    assert await read(crm, scope, wanted) == []
    assert await crm.find_readable_ids(scope, wanted, 9, None) == []
    assert (await crm.tags(scope, None, 9, None)).items == []
    await views[CONTACTS_VIEW.collection].insert_many(map(CONTACTS_VIEW.encode, CONTACTS))
    early = await read(crm, scope, wanted)
    await views[CONTACTS_VIEW.collection].create_indexes(list(CONTACTS_VIEW.indexes))
    assert early == await read(crm, scope, wanted)
