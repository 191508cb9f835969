"""Lists and searches of contacts are answered from indexes, in the order of an index, or with the
contacts that have a rare text and no others."""

from datetime import timedelta

import msgspec
import pytest

from gateway.adapters.profiling import profile
from gateway.api.crm.answering import CREATED, define_field, show_fields, show_proposals
from gateway.api.crm.test_merge_proposals import with_proposal
from tuyen_events.conversation_filter import Holder
from tuyen_events.crm.merge_proposals import ProposalState
from tuyen_events.crm.shares import CareStatus
from tuyen_events.custom_fields import FieldType
from tuyen_events.ids import AgentId, ContactId, OrganizationId
from tuyen_gateway.adapters import crm as adapter
from tuyen_gateway.adapters.crm import MongoCrm
from tuyen_gateway.domain.contact_filter import ContactFilter, ContactOrder
from tuyen_gateway.domain.contact_visibility import ContactScope
from tuyen_gateway.domain.merge_proposals import ProposalFilter
from tuyen_platform.mongodb import Database
from tuyen_platform.text import fold_accents
from tuyen_views.contact_fields import CONTACT_FIELDS_VIEW
from tuyen_views.contacts import CONTACTS_VIEW, ContactDocument
from tuyen_views.listed_proposals import LISTED_PROPOSALS_VIEW

SHOP, LAN, MINH = OrganizationId("shop"), AgentId("lan"), AgentId("minh")
CONTACTS, LIMIT, OF_AN_AGENT, FEW = 600, 5, 15, 20
SOUTH, OF_A_KIND = 120, 2
"""So many more are in another warehouse, and so few of them have what many others have."""
MANAGER = ContactScope(organization=SHOP, agent_id=AgentId("hoa"), managed=frozenset({"north"}))
MEMBER = ContactScope(organization=SHOP, agent_id=LAN, joined=frozenset({"north"}))

RARE = {
    "a name": ContactFilter(words="vĩnh 412"),
    "a part of a name": ContactFilter(words="h 412"),
    "a part of a phone number": ContactFilter(words="+84 912 340 412"),
    "a part of an email": ContactFilter(words="khach.412@"),
    "last digits": ContactFilter(phone="40412"),
    "an email": ContactFilter(email="khach.412@shop.example"),
    "a value of a custom field": ContactFilter(custom={"code": "ma 412", "city": "hue"}),
}
FREQUENT = {
    "a name": ContactFilter(words="vinh"),
    "one letter": ContactFilter(words="n"),
    "a domain": ContactFilter(words="shop.example"),
    "a beginning": ContactFilter(words="0912"),
    "a value of a custom field": ContactFilter(custom={"city": "hue"}),
}


def _make(number: int) -> ContactDocument:
    south, marked = number >= CONTACTS, number < CONTACTS + OF_A_KIND
    name = f"{'Vũ' if number % 12 == 5 else 'Nguyễn'} Vĩnh {number}"
    at = CREATED + timedelta(minutes=number * 7 % CONTACTS)
    return ContactDocument(
        id=ContactId(f"con_{number:05}"),
        organization=SHOP,
        name=name,
        name_folded=fold_accents(name),
        phones=(f"+8491234{number:04}",),
        emails=(f"khach.{number}@shop.example",),
        customers=(),
        warehouse_id="south" if south else "north",
        assignee=(MINH if not marked else None) if south else _assignee(number),
        tags=("VIP",) if marked else (),
        steps={"retail": "quoted"} if marked else {},
        campaign_id="tet" if marked else None,
        care_status=CareStatus.MULTI_ASSIGNED if marked else None,
        custom={"code": f"MÃ {number}", "city": "Huế"},
        created_at=at,
        updated_at=at,
        version=1,
    )


def _assignee(number: int) -> AgentId | None:
    return LAN if number % (CONTACTS // OF_AN_AGENT) == 0 else MINH if number % 2 else None


@pytest.fixture
async def crm(views: Database, monkeypatch: pytest.MonkeyPatch) -> MongoCrm:
    collection = views[CONTACTS_VIEW.collection]
    await collection.create_indexes(list(CONTACTS_VIEW.indexes))
    await collection.insert_many(
        [CONTACTS_VIEW.encode(_make(each)) for each in range(CONTACTS + SOUTH)]
    )
    fields = [define_field(each, FieldType.TEXT) for each in ("code", "city")]
    await views[CONTACT_FIELDS_VIEW.collection].create_indexes(list(CONTACT_FIELDS_VIEW.indexes))
    await show_fields(views, *fields)
    monkeypatch.setattr(adapter, "FREQUENT", FEW)
    return MongoCrm(views)


async def _examine(
    views: Database,
    crm: MongoCrm,
    scope: ContactScope,
    wanted: ContactFilter,
    what: str = "docsExamined",
) -> list[int]:
    """How many documents, or keys, each read of a list examined, for two pages. None scans the
    collection."""

    async def read() -> None:
        page = await crm.contacts(scope, wanted, LIMIT, None)
        assert page.items
        if page.following is not None:
            await crm.contacts(scope, wanted, LIMIT, page.following)

    done = await profile(views, read)
    assert not [each for each in done if "COLLSCAN" in each["planSummary"]]
    return [each.get(what, 0) for each in done if each["op"] == "query"]


@pytest.mark.parametrize("order", ContactOrder)
async def test_w3_a_list_of_a_warehouse_is_read_in_the_order_of_an_index(
    views: Database, crm: MongoCrm, order: ContactOrder
) -> None:
    assert max(await _examine(views, crm, MANAGER, ContactFilter(order=order))) <= 2 * LIMIT


@pytest.mark.parametrize("order", ContactOrder)
async def test_w3_an_agent_reads_their_own_and_a_page_of_what_may_be_claimed(
    views: Database, crm: MongoCrm, order: ContactOrder
) -> None:
    examined = await _examine(views, crm, MEMBER, ContactFilter(order=order))
    assert max(examined) <= OF_AN_AGENT


@pytest.mark.parametrize("order", ContactOrder)
@pytest.mark.parametrize("what", RARE)
async def test_i4_c10_a_rare_text_is_found_by_itself(
    views: Database, crm: MongoCrm, what: str, order: ContactOrder
) -> None:
    wanted = RARE[what]
    asked = msgspec.structs.replace(wanted, order=order)
    assert max(await _examine(views, crm, MANAGER, asked)) <= 2


@pytest.mark.parametrize("order", ContactOrder)
@pytest.mark.parametrize("what", FREQUENT)
async def test_i4_c10_a_frequent_text_is_looked_for_in_the_lists_order(
    views: Database, crm: MongoCrm, what: str, order: ContactOrder
) -> None:
    asked = msgspec.structs.replace(FREQUENT[what], order=order)
    assert max(await _examine(views, crm, MANAGER, asked)) <= 2 * LIMIT


async def test_w3_the_contacts_of_one_agent_are_found_by_the_agent(
    views: Database, crm: MongoCrm
) -> None:
    wanted = ContactFilter(held_by=Holder(agent_id=LAN))
    assert max(await _examine(views, crm, MANAGER, wanted)) <= OF_AN_AGENT


PAIRS = 60
PROPOSALS = {
    "all": ProposalFilter(organization=SHOP, warehouses=None),
    "open": ProposalFilter(organization=SHOP, warehouses=None, state=ProposalState.OPEN),
    "a manager's": ProposalFilter(organization=SHOP, warehouses=frozenset({"north", "east"})),
    "a manager's open ones": ProposalFilter(
        organization=SHOP, warehouses=frozenset({"north", "east"}), state=ProposalState.OPEN
    ),
}


@pytest.mark.parametrize("wanted", PROPOSALS.values(), ids=PROPOSALS)
async def test_c2_a_list_of_proposals_reads_those_of_its_page(
    views: Database, crm: MongoCrm, wanted: ProposalFilter
) -> None:
    """However many there are, before the page and after it: two documents of each."""
    await views[LISTED_PROPOSALS_VIEW.collection].create_indexes(
        list(LISTED_PROPOSALS_VIEW.indexes)
    )
    for number in range(PAIRS):
        state = ProposalState.OPEN if number % 2 else ProposalState.DECLINED
        for one, other in ((2 * number, 2 * number + 1), (2 * number + 1, 2 * number)):
            document = msgspec.structs.replace(_make(one), warehouse_id="north")
            await show_proposals(views, with_proposal(document, number, other, state))
    listed: list[str] = []
    after = None

    async def read() -> None:
        nonlocal after
        while not listed or after is not None:
            page = await crm.proposals(wanted, LIMIT, after)
            listed.extend(proposal.shown.id for proposal in page.items)
            after = page.following

    done = await profile(views, read)
    numbers = range(PAIRS) if wanted.state is None else range(1, PAIRS, 2)
    assert listed == [f"mpr_{number}" for number in reversed(numbers)]
    assert max(each["docsExamined"] for each in done) <= 2 * (LIMIT + 1)
    assert not any(each.get("hasSortStage") for each in done)


async def test_c2_one_proposal_is_found_by_its_id(views: Database, crm: MongoCrm) -> None:
    await views[LISTED_PROPOSALS_VIEW.collection].create_indexes(
        list(LISTED_PROPOSALS_VIEW.indexes)
    )
    for number in range(4):
        await show_proposals(views, with_proposal(_make(number), number, number + 1))
    wanted = ProposalFilter(organization=SHOP, warehouses=None, id="mpr_2")

    async def read() -> None:
        assert (await crm.proposals(wanted, LIMIT, None)).items

    (done,) = await profile(views, read)
    assert done["docsExamined"] == 1


@pytest.mark.parametrize(
    "wanted",
    [
        ContactFilter(tag="vip"),
        ContactFilter(step="retail:quoted"),
        ContactFilter(campaign_id="tet"),
        ContactFilter(care_status=CareStatus.MULTI_ASSIGNED),
        ContactFilter(held_by=Holder(agent_id=None)),
        ContactFilter(tag="vip", words="nguyễn"),
        ContactFilter(tag="vip", step="retail:quoted"),
    ],
)
@pytest.mark.parametrize("order", ContactOrder)
async def test_w3_what_few_of_a_warehouse_have_is_found_by_itself(
    views: Database, crm: MongoCrm, order: ContactOrder, wanted: ContactFilter
) -> None:
    """Whatever the others have."""
    scope = ContactScope(organization=SHOP, agent_id=AgentId("hoa"), managed=frozenset({"south"}))
    asked = msgspec.structs.replace(wanted, order=order)
    assert max(await _examine(views, crm, scope, asked)) <= OF_A_KIND


@pytest.mark.parametrize("order", [ContactOrder.ID, ContactOrder.NAME])
async def test_w3_what_may_be_claimed_is_not_looked_for_among_what_is_taken(
    views: Database, crm: MongoCrm, order: ContactOrder
) -> None:
    scope = ContactScope(organization=SHOP, agent_id=AgentId("new"), joined=frozenset({"south"}))
    keys = await _examine(views, crm, scope, ContactFilter(order=order), "keysExamined")
    assert max(keys) <= OF_A_KIND + 1


async def test_i4_a_name_at_the_end_of_a_list_by_name_is_not_looked_for_from_its_beginning(
    views: Database, crm: MongoCrm
) -> None:
    asked = ContactFilter(words="vũ", order=ContactOrder.NAME)
    keys = await _examine(views, crm, MANAGER, asked, "keysExamined")
    assert max(keys) <= FEW + 1
