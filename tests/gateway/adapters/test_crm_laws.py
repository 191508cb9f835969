"""W3, W6: whatever a viewer asks for, MongoDB finds what they may see and nothing else."""

import asyncio
import re
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.api.crm.answering import CREATED, define_field
from tuyen_events.conversation_filter import Holder
from tuyen_events.crm.shares import CareStatus
from tuyen_events.custom_fields import FieldType
from tuyen_events.ids import AgentId, ContactId, OrganizationId
from tuyen_gateway.adapters.crm import MongoCrm
from tuyen_gateway.adapters.crm_queries import build_scope_query
from tuyen_gateway.domain.contact_filter import ContactFilter, ContactOrder
from tuyen_gateway.domain.contact_visibility import AccessLevel, ContactScope
from tuyen_platform.mongodb import connect
from tuyen_platform.text import fold_accents
from tuyen_views.contact_fields import CONTACT_FIELDS_VIEW
from tuyen_views.contacts import CONTACTS_VIEW, ContactDocument

SHOP, ME = OrganizationId("shop"), AgentId("me")
AGENTS = (ME, AgentId("lan"), AgentId("minh"))
WAREHOUSES = ("north", "south", "default")
NAMES = ("Nguyễn Vĩnh", "Trần Lan", "Lan|Anh", "Đỗ Đức 912", "")
PHONES = ("+84912345678", "+84912000111", "+8424")
EMAILS = ("lan@shop.example", "vinh.912@shop.example")
WORDS = ("", "vinh", "LAN", "n", "lan|", "nguyễn vĩnh", "0912", "912", "84 912 345", "@shop")
DIGITS = ("", "0912345678", "111", "9")

_LAWS = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
_SOME_AGENTS = st.frozensets(st.sampled_from(AGENTS))
_SOME_WAREHOUSES = st.frozensets(st.sampled_from(WAREHOUSES), max_size=2)


@st.composite
def _contacts(draw: st.DrawFn) -> list[ContactDocument]:
    return [_draw_contact(draw, number) for number in range(draw(st.integers(1, 8)))]


def _draw_contact(draw: st.DrawFn, number: int) -> ContactDocument:
    name = draw(st.sampled_from(NAMES))
    return ContactDocument(
        id=ContactId(f"con_{number}"),
        organization=draw(st.sampled_from([SHOP, SHOP, OrganizationId("rival")])),
        name=name,
        name_folded=fold_accents(name),
        phones=tuple(sorted(draw(st.frozensets(st.sampled_from(PHONES), max_size=2)))),
        emails=tuple(sorted(draw(st.frozensets(st.sampled_from(EMAILS), max_size=1)))),
        customers=(),
        warehouse_id=draw(st.sampled_from(WAREHOUSES)),
        assignee=draw(st.sampled_from([None, None, *AGENTS])),
        viewers=tuple(sorted(draw(_SOME_AGENTS))),
        tags=draw(st.sampled_from([(), ("VIP",), ("vip khách", "VIP")])),
        campaign_id=draw(st.sampled_from([None, "tet"])),
        custom=draw(st.sampled_from([{}, {"size": "Đỏ"}, {"size": 42, "gone": "M"}])),
        care_status=draw(st.sampled_from([None, *CareStatus])),
        created_at=CREATED + timedelta(minutes=draw(st.integers(0, 2))),
        updated_at=CREATED + timedelta(minutes=draw(st.integers(0, 2))),
        version=1,
    )


SCOPES = st.builds(
    ContactScope,
    organization=st.just(SHOP),
    agent_id=st.just(ME),
    managed=_SOME_WAREHOUSES,
    joined=_SOME_WAREHOUSES,
    led=_SOME_AGENTS,
)
FILTERS = st.builds(
    ContactFilter,
    words=st.sampled_from(WORDS),
    phone=st.sampled_from(["", *DIGITS]),
    email=st.sampled_from(["", "", *EMAILS]),
    warehouse_id=st.sampled_from([None, None, *WAREHOUSES]),
    held_by=st.sampled_from([None, None, Holder(agent_id=None), Holder(agent_id=ME)]),
    tag=st.sampled_from(["", "", "vip", "vi"]),
    custom=st.sampled_from([{}, {}, {}, {"size": "do"}, {"size": "42"}, {"gone": "M"}]),
    campaign_id=st.sampled_from([None, None, "tet", "other"]),
    care_status=st.sampled_from([None, None, *CareStatus]),
    order=st.sampled_from(ContactOrder),
    among=st.sampled_from([None, None, (ContactId("con_1"), ContactId("con_9"))]),
)


def _is_found(scope: ContactScope, wanted: ContactFilter, contact: ContactDocument) -> bool:
    """Whether the viewer's list has the contact: by what they see of it, and by nothing else."""
    access = _access_to(scope, contact)
    if access is AccessLevel.NOTHING:
        return False
    shown = [contact.name_folded]
    hidden = (
        *(wanted.phone, wanted.email, wanted.tag, wanted.campaign_id, wanted.care_status),
        wanted.custom,
    )
    if access >= AccessLevel.READ:
        shown += [*contact.phones, *contact.emails]
    elif any(hidden) or wanted.order not in (ContactOrder.ID, ContactOrder.NAME):
        return False
    texts = [fold_accents(wanted.words)]
    if access >= AccessLevel.READ and re.fullmatch(r"[\d ]{2,}", wanted.words):
        texts.append(wanted.words.replace(" ", "").removeprefix("0"))
    return (
        any(text in each for text in texts for each in shown)
        and (not wanted.phone or _ends(contact, wanted.phone.removeprefix("0")))
        and (not wanted.email or wanted.email in contact.emails)
        and (not wanted.tag or wanted.tag in [tag.casefold() for tag in contact.tags])
        and all((each, text) == ("size", "do") for each, text in wanted.custom.items())
        and (not wanted.custom or contact.custom == {"size": "Đỏ"})
        and (wanted.among is None or contact.id in wanted.among)
        and wanted.campaign_id in (None, contact.campaign_id)
        and wanted.care_status in (None, contact.care_status)
        and wanted.warehouse_id in (None, contact.warehouse_id)
        and (wanted.held_by is None or wanted.held_by.agent_id == contact.assignee)
    )


def _ends(contact: ContactDocument, digits: str) -> bool:
    return any(phone.endswith(digits) for phone in contact.phones)


def _access_to(scope: ContactScope, contact: ContactDocument) -> AccessLevel:
    if contact.organization != scope.organization:
        return AccessLevel.NOTHING
    return scope.access_to(contact.warehouse_id, contact.assignee, contact.viewers)


@_LAWS
@given(_contacts(), SCOPES, st.lists(FILTERS, min_size=1, max_size=8))
def test_w3_w6_a_list_has_what_is_found_by_what_is_seen(
    mongodb: str,
    database: str,
    contacts: list[ContactDocument],
    scope: ContactScope,
    filters: list[ContactFilter],
) -> None:
    async def compare() -> None:
        views = connect(mongodb, database)
        collection = views[CONTACTS_VIEW.collection]
        await collection.create_indexes(list(CONTACTS_VIEW.indexes))
        await collection.delete_many({})
        await collection.insert_many([CONTACTS_VIEW.encode(each) for each in contacts])
        field = CONTACT_FIELDS_VIEW.encode(define_field("size", FieldType.TEXT))
        fields = views[CONTACT_FIELDS_VIEW.collection]
        await fields.replace_one({"_id": field["_id"]}, field, upsert=True)
        covered = {"organization": scope.organization, **build_scope_query(scope)}
        assert {one["_id"] for one in await collection.find(covered).to_list(None)} == {
            each.id for each in contacts if _access_to(scope, each) is not AccessLevel.NOTHING
        }
        for wanted in filters:
            found = {each.id for each in contacts if _is_found(scope, wanted, each)}
            assert set(await _list(MongoCrm(views), scope, wanted)) == found, wanted
            read = [each.id for each in contacts if _access_to(scope, each) >= AccessLevel.READ]
            ids = await _list_readable(MongoCrm(views), scope, wanted)
            assert ids == sorted(found.intersection(read)), wanted
        views.client.close()

    asyncio.run(compare())


async def _list_readable(crm: MongoCrm, scope: ContactScope, wanted: ContactFilter) -> list[str]:
    ids: list[ContactId] = []
    while found := await crm.find_readable_ids(scope, wanted, 2, ids[-1] if ids else None):
        ids += found
    return [*ids]


async def _list(crm: MongoCrm, scope: ContactScope, wanted: ContactFilter) -> list[str]:
    """The ids of all pages, each once."""
    ids: list[str] = []
    after: str | None = None
    while True:
        page = await crm.contacts(scope, wanted, 2, after)
        ids += [each.document.id for each in page.items]
        if page.following is None:
            assert len(set(ids)) == len(ids)
            return ids
        after = page.following
