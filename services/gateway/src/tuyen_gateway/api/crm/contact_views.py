"""Contacts as answers show them, and as bodies describe them."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from pydantic import Field, StringConstraints

from tuyen_directory.organization import Organization
from tuyen_events.crm.contacts import Gender
from tuyen_events.crm.suggestions import FactKind, list_open
from tuyen_events.custom_fields import GREATEST_NUMBER, CustomValue
from tuyen_events.directory import COUNTRY
from tuyen_events.ids import ConversationId, IntegrationId, PageId
from tuyen_events.limits import (
    CONTACT_CUSTOM_VALUES,
    CONTACT_EMAILS,
    CONTACT_PHONES,
    DETAIL_CHARACTERS,
    EMAIL_CHARACTERS,
    PHONE_TEXT_CHARACTERS,
)
from tuyen_events.phones import parse_email, parse_phones
from tuyen_gateway.api.bodies import ChosenId, Name, RequestBody, ResponseBody
from tuyen_gateway.api.crm.entities import LEFT_OUT
from tuyen_gateway.api.dependencies import Caller, IntegrationCaller
from tuyen_gateway.domain.contact_visibility import AccessLevel, ContactScope
from tuyen_gateway.domain.visibility import Scope, sees_page
from tuyen_gateway.errors import ForbiddenError, InvalidError
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.ports.views import VisibleContact
from tuyen_views.contacts import ContactDocument

Detail = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=DETAIL_CHARACTERS)
]
Phones = Annotated[
    list[Annotated[str, StringConstraints(max_length=PHONE_TEXT_CHARACTERS)]],
    Field(max_length=CONTACT_PHONES, fail_fast=True),
]
Emails = Annotated[
    list[Annotated[str, StringConstraints(max_length=EMAIL_CHARACTERS)]],
    Field(max_length=CONTACT_EMAILS, fail_fast=True),
]
Value = (
    Annotated[str, StringConstraints(strip_whitespace=True, max_length=DETAIL_CHARACTERS)]
    | bool
    | Annotated[int, Field(ge=-GREATEST_NUMBER, le=GREATEST_NUMBER)]
    | Annotated[float, Field(ge=-GREATEST_NUMBER, le=GREATEST_NUMBER, allow_inf_nan=False)]
)
Custom = Annotated[dict[ChosenId, Value | None], Field(max_length=CONTACT_CUSTOM_VALUES)]


class ContactDetails(RequestBody):
    """What agents enter about a person. Fields that are left out do not change."""

    name: Name | None = None
    phones: Phones | None = None
    """In any usual form; without a country code in that of the organization's country."""
    emails: Emails | None = None
    gender: Gender | None = None
    birthday: date | None = None
    address: Detail | None = None
    location: Detail | None = None
    custom: Custom = Field(default_factory=dict)
    """By the ids of the fields that the administrator defines; they change one by one, and null
    empties one. A text, a number, a day (`2026-12-31`), one of the choices, or true or false."""
    warehouse_id: ChosenId = LEFT_OUT
    assignee: ChosenId | None = None


class ContactCustomerView(ResponseBody):
    """One of a person's channel identities."""

    id: str
    page_id: str | None = None
    channel: str | None = None
    external_id: str | None = None
    name: str | None = None
    picture: str | None = None
    gender: str | None = None
    """This field and the following ones are what a livechat's site sent with its visitor's first
    message (C1)."""
    location: str | None = None
    browser: str | None = None
    page_url: str | None = None


class SuggestionView(ResponseBody):
    """A phone number or an email that the customer wrote, and that an agent can accept (C3)."""

    id: str
    kind: FactKind
    value: str
    conversation_id: str | None
    """Null if the caller may not see that conversation."""


class ContactView(ResponseBody):
    id: str
    name: str | None
    phones: list[str]
    """In E.164."""
    emails: list[str]
    gender: Gender | None
    birthday: date | None
    address: str | None
    location: str | None
    custom: dict[str, CustomValue]
    tags: list[str]
    source: str | None
    """The page, import or integration that it came from; null if an agent added it."""
    source_name: str | None
    """The name of the page or integration; null for any other source, and for a page that the
    viewer may not see (R7.1)."""
    warehouse_id: str
    assignee: str | None
    campaign_id: str | None
    care_status: str | None
    steps: dict[str, str]
    customers: list[ContactCustomerView]
    suggestions: list[SuggestionView]
    viewers: list[str]
    known_elsewhere: list[str]
    """After a change: the phone numbers and emails that another contact has as well. The two were
    not merged, because different people look after them, or the caller may not change the other one
    (C2)."""
    read_only: bool
    """The contact is shared with the viewer, who may change nothing of it."""
    created_at: datetime
    created_by: str | None
    """The agent; null for a contact that was created from a channel's event."""
    updated_at: datetime
    version: int


_COMPUTED = frozenset(
    {"source_name", "customers", "suggestions", "known_elsewhere", "read_only", "updated_at"}
)


class ClaimableContactView(ResponseBody):
    """What a member sees of a contact of their warehouse that nobody has (W3)."""

    id: str
    name: str | None
    warehouse_id: str
    source: str | None
    claimable: Literal[True] = True


async def render_contacts(
    gateway: Gateway, caller: Caller, contacts: Sequence[VisibleContact]
) -> list[ContactView | ClaimableContactView]:
    """As much of each contact as its viewer sees."""
    readable = [each.document for each in contacts if each.access >= AccessLevel.READ]
    seen = await _find_seen(gateway, caller, readable)
    return [
        _build_view(caller, each.document, seen, read_only=each.access < AccessLevel.WRITE)
        if each.access >= AccessLevel.READ
        else ClaimableContactView(
            id=each.document.id,
            name=each.document.name,
            warehouse_id=each.document.warehouse_id,
            source=each.document.source,
        )
        for each in contacts
    ]


async def show_contact(
    gateway: Gateway,
    caller: Caller,
    contact: ContactDocument,
    known_elsewhere: tuple[str, ...] = (),
) -> ContactView:
    """The contact, for viewers who have just changed it."""
    seen = await _find_seen(gateway, caller, [contact])
    return _build_view(caller, contact, seen, known_elsewhere)


async def _find_seen(
    gateway: Gateway, caller: Caller, contacts: Sequence[ContactDocument]
) -> Collection[ConversationId]:
    """The conversations of the contacts' suggestions that the caller may see (R7)."""
    suggestions = [one for contact in contacts for one in list_open(contact)]
    ids = {one.conversation_id for one in suggestions if one.conversation_id is not None}
    return await gateway.scans.find_covered(caller.scope, sorted(ids)) if ids else ()


def find_source_name(organization: Organization, scope: Scope, source: str | None) -> str | None:
    """The name of the page or the integration from which contacts come; null for a page that the
    viewer may not see."""
    page = organization.pages.get(PageId(source or ""))
    if page is not None:
        return page.value.name if sees_page(scope, page.value.id) else None
    integration = organization.integrations.get(IntegrationId(source or ""))
    return None if integration is None else integration.value.name


def _build_view(
    caller: Caller,
    contact: ContactDocument,
    seen: Collection[ConversationId],
    known_elsewhere: tuple[str, ...] = (),
    *,
    read_only: bool = False,
) -> ContactView:
    fields: dict[str, Any] = {
        name: getattr(contact, name) for name in ContactView.model_fields if name not in _COMPUTED
    }
    return ContactView(
        **fields,
        source_name=find_source_name(caller.organization, caller.scope, contact.source),
        customers=[
            ContactCustomerView.model_validate(msgspec.structs.asdict(customer))
            for customer in contact.customers
        ],
        suggestions=[
            SuggestionView(
                id=each.id,
                kind=each.kind,
                value=each.value,
                conversation_id=each.conversation_id if each.conversation_id in seen else None,
            )
            for each in list_open(contact)
        ],
        known_elsewhere=list(known_elsewhere),
        read_only=read_only,
        updated_at=contact.updated_at or contact.created_at,
    )


def read_facts(body: ContactDetails, caller: Caller) -> dict[str, tuple[str, ...]]:
    """The phone numbers and emails that a body names, as they are stored. Raises InvalidError for
    the first one that is none."""
    found: dict[str, tuple[str, ...]] = {}
    if "phones" in body.model_fields_set:
        found["phones"] = read_phones(body.phones or [], country_of(caller))
    if "emails" in body.model_fields_set:
        found["emails"] = read_emails(body.emails or [])
    return found


def country_of(caller: Caller | IntegrationCaller) -> str:
    """The country of the caller's organization, for phone numbers without a country code."""
    profile = caller.organization.profile
    return COUNTRY if profile is None else profile.value.country


def require_manager(scope: ContactScope, warehouse_id: str) -> None:
    """Raises ForbiddenError if the viewer does not manage the warehouse (W5)."""
    if warehouse_id not in scope.managed:
        raise ForbiddenError("Managers of the warehouse alone assign and move its contacts.")


def require_place(scope: ContactScope, warehouse_id: str) -> None:
    """Raises ForbiddenError if the viewer may not add contacts to the warehouse."""
    if not scope.may_add_to(warehouse_id):
        raise ForbiddenError("Managers and members of the warehouse alone add contacts to it.")


def read_phones(texts: list[str], country: str) -> tuple[str, ...]:
    """The numbers in E.164, each once. Raises InvalidError for the first text that is none."""
    found: list[str] = []
    for place, text in enumerate(texts):
        phones = parse_phones(text, country)
        if not phones:
            raise InvalidError(
                f"phones.{place}", f"{text!r} is no phone number. Send one, such as +84912345678."
            )
        found += phones
    if len(set(found)) > CONTACT_PHONES:
        raise InvalidError("phones", f"A contact has at most {CONTACT_PHONES} phone numbers.")
    return tuple(dict.fromkeys(found))


def read_emails(texts: list[str]) -> tuple[str, ...]:
    """The emails, in lower case. Raises InvalidError for the first one that is no email."""
    found = []
    for place, text in enumerate(texts):
        email = parse_email(text)
        if email is None:
            raise InvalidError(f"emails.{place}", f"{text!r} is no email.")
        found.append(email)
    return tuple(dict.fromkeys(found))
