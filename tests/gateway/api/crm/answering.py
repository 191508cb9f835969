"""A CRM with given results, and contacts in its views."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from gateway.rig import answering
from tuyen_events.crm.contacts import CustomerOfContact
from tuyen_events.crm.records import ContactCommand, CrmCommand, CrmCommandSettled, CrmOutcome
from tuyen_events.custom_fields import FieldDefinition, FieldType
from tuyen_events.event import Envelope, Event
from tuyen_events.ids import AgentId, ContactId, CustomerId, OrganizationId, PageId
from tuyen_events.topics import CRM_COMMANDS, CRM_RESULTS
from tuyen_events.vocabulary import Channel
from tuyen_platform.kafka.ports import Log
from tuyen_platform.mongodb import Database
from tuyen_platform.text import fold_accents
from tuyen_views.contact_fields import CONTACT_FIELDS_VIEW, ContactFieldDocument
from tuyen_views.contacts import CONTACTS_VIEW, ContactDocument
from tuyen_views.listed_proposals import LISTED_PROPOSALS_VIEW, list_proposals_of
from tuyen_views.view import ChildDocumentT, View

CREATED = datetime(2026, 11, 21, tzinfo=UTC)


@asynccontextmanager
async def crm(
    log: Log, outcome: CrmOutcome, version: int, **more: Any
) -> AsyncIterator[list[CrmCommand]]:
    """Answers every command with this outcome, and lists what it was asked. `more` are other fields
    of the results."""
    asked: list[CrmCommand] = []

    async def answer(command: Event, _offset: int) -> None:
        assert isinstance(command, CrmCommand)
        asked.append(command)
        settled = CrmCommandSettled(
            command_id=command.command_id,
            organization=command.organization,
            contact_id=command.contact_id if isinstance(command, ContactCommand) else None,
            outcome=outcome,
            version=version,
            **more,
        )
        envelope = Envelope(id="e", source="t", subject="s", time=command.at, data=settled)
        await log.append(CRM_RESULTS, command.subject, envelope)

    async with answering(log, CRM_COMMANDS, answer):
        yield asked


def contact(number: int, organization: str, name: str, sequence: int = 1) -> ContactDocument:
    customer = CustomerOfContact(
        id=CustomerId(f"cus_{number}"),
        page_id=PageId("page"),
        channel=Channel.FACEBOOK,
        external_id=str(number),
        name=name,
        picture=None,
    )
    return ContactDocument(
        id=ContactId(f"con_{number}"),
        organization=OrganizationId(organization),
        name=name,
        name_folded=fold_accents(name),
        customers=(customer,),
        warehouse_id="default",
        source="page",
        created_at=CREATED,
        updated_at=CREATED,
        version=1,
        sequence=sequence,
    )


async def show(views: Database, *contacts: ContactDocument) -> None:
    """As if the CRM had folded them."""
    collection = views[CONTACTS_VIEW.collection]
    for each in contacts:
        await collection.replace_one({"_id": each.id}, CONTACTS_VIEW.encode(each), upsert=True)
        await show_proposals(views, each)


async def show_proposals(views: Database, contact: ContactDocument) -> None:
    """As if the CRM had listed the proposals of the contact."""
    listed = [LISTED_PROPOSALS_VIEW.encode(each) for each in list_proposals_of(contact)]
    collection = views[LISTED_PROPOSALS_VIEW.collection]
    await collection.delete_many({"contact_id": contact.id})
    if listed:
        await collection.insert_many(listed)


def define_field(
    field_id: str, type_: FieldType, organization: str = "shop", **more: Any
) -> ContactFieldDocument:
    """A custom field, called by its id."""
    return ContactFieldDocument(
        key=f"{organization}/{field_id}",
        id=field_id,
        organization=OrganizationId(organization),
        sequence=3,
        created_at=CREATED,
        created_by=AgentId("admin"),
        updated_at=CREATED,
        definition=FieldDefinition(name=field_id.capitalize(), type=type_, **more),
    )


async def show_fields(views: Database, *fields: ContactFieldDocument) -> None:
    """As if the CRM had folded these custom fields, and no others."""
    collection = views[CONTACT_FIELDS_VIEW.collection]
    await collection.delete_many({})
    await collection.insert_many([CONTACT_FIELDS_VIEW.encode(each) for each in fields])


async def show_child(
    views: Database, view: View[ChildDocumentT], *children: ChildDocumentT
) -> None:
    """The same for children of contacts."""
    for each in children:
        await views[view.collection].replace_one({"_id": each.key}, view.encode(each), upsert=True)
