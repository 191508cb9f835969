"""Contacts, for viewers who may see them (W1, W6)."""

from typing import Any

import msgspec
from fastapi import APIRouter, Depends, Response, status
from pydantic import ConfigDict

from tuyen_events.crm.contacts import (
    DEFAULT_WAREHOUSE,
    AddContact,
    PatchContact,
    RemoveContact,
)
from tuyen_events.crm.records import CrmCommandSettled, CrmOutcome
from tuyen_events.crm.shares import CareStatus
from tuyen_events.ids import AgentId, ContactId
from tuyen_gateway.api.bodies import ChosenId
from tuyen_gateway.api.crm.access import (
    AfterContactVersion,
    admit_beside_conversation,
    carry_out,
    find_stored,
    find_visible_contact,
    find_writable_contact,
    load_scope,
    new_id,
    require_removed,
    require_writable,
)
from tuyen_gateway.api.crm.contact_views import (
    ClaimableContactView,
    ContactDetails,
    ContactView,
    read_facts,
    render_contacts,
    require_manager,
    require_place,
    show_contact,
)
from tuyen_gateway.api.crm.entities import build_command_fields, list_given_fields
from tuyen_gateway.api.dependencies import Caller, CurrentCaller, GatewayPorts, PathId
from tuyen_gateway.api.etags import ExpectedVersion, set_etag
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.changes import check_active_agent
from tuyen_gateway.domain.contact_visibility import AccessLevel, ContactScope
from tuyen_gateway.errors import ForbiddenError
from tuyen_gateway.gateway import Gateway
from tuyen_platform.text import fold_accents
from tuyen_views.contacts import CONTACTS_VIEW, ContactDocument

router = APIRouter(prefix="/contacts", tags=["contacts"])


class ContactIn(ContactDetails):
    """A contact that is added manually."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Chị Lan", "phones": ["0912 345 678"]}]}
    )


class ContactPatch(ContactDetails):
    """Fields that are left out do not change; null empties a field."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Chị Lan"}]})

    campaign_id: ChosenId | None = None
    care_status: CareStatus | None = None


@router.post(
    "", summary="Add a contact", status_code=201, responses=problems(403, 404, 409, 422, 429)
)
async def post_contact(
    body: ContactIn, caller: CurrentCaller, gateway: GatewayPorts, response: Response
) -> ContactView:
    """Adds a contact manually (C12). Without `assignee` it is the caller's; if the caller manages
    its warehouse, it is given to a member as the warehouse distributes new contacts (W5), or is
    nobody's yet.

    If another contact of the same owners, which the caller may change, has one of the phone numbers
    or emails, the answer is that contact, which has all of both now. Of any other contact that has
    one of them, the answer only says so, in `known_elsewhere` (C2).
    """
    scope = await load_scope(gateway, caller)
    command = AddContact(**_added_fields(gateway, caller, scope, body))
    settled = await carry_out(gateway, command, "contact")
    distributed = bool(command.staff) and settled.version > _ADDED
    if settled.survivor is not None or distributed:
        stored = await find_stored(gateway, caller, command, settled)
        if stored is not None:
            set_etag(response, stored.version)
            return await show_contact(gateway, caller, stored, settled.known_elsewhere)
    given = {name: getattr(command, name) for name in _DETAILS}
    contact = ContactDocument(
        **given,
        name_folded=fold_accents(command.name or ""),
        id=command.contact_id,
        organization=command.organization,
        customers=(),
        warehouse_id=command.warehouse_id or DEFAULT_WAREHOUSE,
        assignee=command.assignee,
        created_at=command.at,
        created_by=command.by,
        updated_at=command.at,
        version=_own_version(settled, _ADDED),
    )
    set_etag(response, contact.version)
    return await show_contact(gateway, caller, contact, settled.known_elsewhere)


@router.get(
    "/{contact_id}",
    summary="One contact",
    dependencies=[Depends(admit_beside_conversation)],
    responses=problems(308, 403, 404),
)
async def get_contact(
    contact_id: PathId,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    response: Response,
    after: AfterContactVersion = None,
) -> ContactView | ClaimableContactView:
    """With `after`, once the view contains that version. Of a contact that nobody has, a member of
    its warehouse sees the name and the source (W3)."""
    contact = await find_visible_contact(
        gateway, caller, contact_id, after, access=AccessLevel.CLAIMABLE
    )
    if contact.access >= AccessLevel.READ:
        set_etag(response, contact.document.version)
    (rendered,) = await render_contacts(gateway, caller, [contact])
    return rendered


@router.patch(
    "/{contact_id}",
    summary="Edit a contact",
    responses=problems(308, 403, 404, 409, 412, 422, 429),
)
async def patch_contact(
    *,
    contact_id: PathId,
    body: ContactPatch,
    expected: ExpectedVersion,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    response: Response,
) -> ContactView:
    """Changes the fields in the body (C4). A name that is given or removed here is kept, whatever
    the channel sends later.

    `assignee` and `warehouse_id` are for the managers of its warehouse (W5), and `assignee` for the
    leader of a team in which both agents are (W7). All fields change, or none: if one of them is
    refused, the others stay as they are.

    If another contact of the same owners, which the caller may change, has one of the phone numbers
    or emails, both become the older one, which is the answer. Of any other contact that has one of
    them, the answer only says so, in `known_elsewhere` (C2).

    With `If-Match`, the answer is `412` if another change came first. It is `503` if the CRM has
    not answered within 5 s: the change is in the log then and will be carried out.
    """
    contact = (await find_writable_contact(gateway, caller, contact_id)).document
    fields = {**list_given_fields(body), **read_facts(body, caller)}
    if not fields:
        set_etag(response, contact.version)
        return await show_contact(gateway, caller, contact)
    if (assignee := fields.get("assignee")) is not None:
        check_active_agent(caller.organization, "assignee", AgentId(assignee))
    command = PatchContact(
        **build_command_fields(gateway, caller, expected),
        contact_id=contact.id,
        administrator=caller.viewer.manages_default_warehouse,
        **fields,
    )
    settled = await carry_out(gateway, command, "contact")
    if settled.survivor is not None:
        stored = await find_stored(gateway, caller, command, settled)
        if stored is not None:
            set_etag(response, stored.version)
            return await show_contact(gateway, caller, stored, settled.known_elsewhere)
    changed = _build_patched(contact, command, settled, fields)
    set_etag(response, changed.version)
    return await show_contact(gateway, caller, changed, settled.known_elsewhere)


@router.delete(
    "/{contact_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Remove a contact",
    responses=problems(403, 404, 412, 429),
)
async def delete_contact(
    contact_id: PathId, expected: ExpectedVersion, caller: CurrentCaller, gateway: GatewayPorts
) -> None:
    """Removes the contact and all that belongs to it, for agents with the right to `delete` (C11).
    The answer is the same if it was removed within the last day already. If one of its customers
    writes again, they are a new contact."""
    if not caller.viewer.crm.delete:
        raise ForbiddenError("You may not remove contacts: ask an administrator for the right.")
    scope = await load_scope(gateway, caller)
    contact = await gateway.crm.contact(scope, ContactId(contact_id))
    if contact is None:
        return await require_removed(gateway, caller, CONTACTS_VIEW, "contact", contact_id)
    if contact.document.id != contact_id:
        return None  # it was merged into another one, which was not named
    require_writable(contact)
    command = RemoveContact(
        **build_command_fields(gateway, caller, expected), contact_id=contact.document.id
    )
    await carry_out(gateway, command, "contact")
    return None


_ADDED = 1
"""The version of a contact that was added, and that nothing else happened to."""

_DETAILS = ("name", "phones", "emails", "gender", "birthday", "address", "location", "custom")


def _added_fields(
    gateway: Gateway, caller: Caller, scope: ContactScope, body: ContactIn
) -> dict[str, Any]:
    given = {**list_given_fields(body), **read_facts(body, caller)}
    warehouse_id = given.pop("warehouse_id", DEFAULT_WAREHOUSE)
    assignee = given.pop("assignee", None)
    require_place(scope, warehouse_id)
    if warehouse_id not in scope.managed:
        if assignee not in (None, caller.viewer.agent_id):
            require_manager(scope, warehouse_id)
        assignee = caller.viewer.agent_id
    if assignee is not None:
        check_active_agent(caller.organization, "assignee", AgentId(assignee))
    custom = {name: value for name, value in body.custom.items() if value is not None}
    fields = {**build_command_fields(gateway, caller), **given, "custom": custom}
    fields.pop("expected_version")
    contact_id = ContactId(new_id("con"))
    return {
        **fields,
        "contact_id": contact_id,
        "warehouse_id": warehouse_id,
        "assignee": assignee,
        "administrator": caller.viewer.manages_default_warehouse,
        "staff": caller.organization.crm_staff if assignee is None else (),
    }


def _own_version(settled: CrmCommandSettled, own: int) -> int:
    """The version of the caller's contact; `own` if it was merged into one that they may not see,
    whose version is not theirs to know."""
    return settled.version if settled.survivor is None else own


def _build_patched(
    contact: ContactDocument,
    command: PatchContact,
    settled: CrmCommandSettled,
    fields: dict[str, Any],
) -> ContactDocument:
    """The contact with its new fields; all else is from the view. What the sharing rules of another
    campaign gave has ended."""
    custom = {**contact.custom, **fields.get("custom", {})}
    kept = {name: value for name, value in custom.items() if value is not None}
    moved = fields.get("campaign_id", contact.campaign_id) != contact.campaign_id
    updated_at = command.at if settled.outcome is CrmOutcome.APPLIED else contact.updated_at
    return msgspec.structs.replace(
        contact,
        **{**fields, "custom": kept},
        declined=(*contact.declined, *contact.phones, *contact.emails),
        viewers=_list_manual_viewers(contact) if moved else contact.viewers,
        version=_own_version(settled, contact.version + 1),
        updated_at=updated_at,
    )


def _list_manual_viewers(contact: ContactDocument) -> tuple[AgentId, ...]:
    return tuple(sorted({each.agent_id for each in contact.shares if each.rule_id is None}))
