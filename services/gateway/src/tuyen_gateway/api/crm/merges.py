"""Merges of contacts, manually and by their phone numbers and emails (C2)."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from msgspec.structs import replace
from pydantic import ConfigDict, Field

from tuyen_events.crm.merges import MergeContacts, UndoMerge
from tuyen_events.ids import CHOSEN_ID_PATTERN
from tuyen_gateway.api.bodies import ChosenId, RequestBody
from tuyen_gateway.api.crm.access import (
    AfterContactVersion,
    carry_out,
    find_stored,
    find_visible_contact,
    find_writable_contact,
)
from tuyen_gateway.api.crm.contact_views import ContactView, show_contact
from tuyen_gateway.api.crm.entities import EntityView, build_command_fields, list_children, meta_of
from tuyen_gateway.api.dependencies import Caller, CurrentCaller, GatewayPorts, PathId
from tuyen_gateway.api.etags import ExpectedVersion, set_etag
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.problems import problems
from tuyen_gateway.errors import MergedError
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.ports.views import VisibleContact
from tuyen_views.contacts import ContactDocument
from tuyen_views.merges import MERGES_VIEW, MergeDocument

router = APIRouter(prefix="/contacts/{contact_id}", tags=["contacts"])

MergePath = Annotated[str, Path(pattern=CHOSEN_ID_PATTERN)]


class MergeIn(RequestBody):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"with": "con_fa225c17f85f00afa6d32251"}]}
    )

    with_: ChosenId = Field(alias="with")


class MergeView(EntityView):
    contact_id: str
    """The contact that was merged into this one."""
    fact: str | None
    """The phone number or email that both had; null if somebody merged them manually."""
    undone: bool


@router.post(
    "/merge", summary="Merge two contacts", responses=problems(308, 403, 404, 409, 412, 429)
)
async def post_merge(
    *,
    contact_id: PathId,
    body: MergeIn,
    expected: ExpectedVersion,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    response: Response,
) -> ContactView:
    """Merges the contact with another one; the answer is the older of the two, which has all of
    both now. If the other one was merged into a third one by now, it is merged with that one, if
    the caller sees it. The caller must be allowed to change both, and to manage the warehouses of
    both if they have assignees who differ, are in warehouses with different managers, or are shared
    with different agents; that counts as it is when the CRM carries it out.

    If a third contact has one of their phone numbers or emails, it is merged with these too, or
    that is proposed (C2). Of one that the caller does not see, nothing is said.
    """
    contact = (await find_writable_contact(gateway, caller, contact_id)).document
    other = (await _find_other(gateway, caller, body.with_)).document
    command = MergeContacts(
        **build_command_fields(gateway, caller, expected),
        contact_id=contact.id,
        other=other.id,
        administrator=caller.viewer.manages_default_warehouse,
    )
    settled = await carry_out(gateway, command, "contact")
    merged = await find_stored(gateway, caller, command, settled)
    if merged is None:
        merged = replace(_join(contact, other), version=settled.version)
    set_etag(response, merged.version)
    return await show_contact(gateway, caller, merged)


@router.get("/merges", summary="What was merged into a contact", responses=problems(308, 404))
async def list_merges(
    contact_id: PathId,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    paging: CurrentPaging,
    after: AfterContactVersion = None,
) -> Listed[MergeView]:
    """Newest first."""
    contact = await find_visible_contact(gateway, caller, contact_id, after)
    return await list_children(gateway, paging, contact, MERGES_VIEW, _view)


@router.post(
    "/merges/{merge_id}/undo",
    summary="Undo a merge",
    responses=problems(308, 403, 404, 409, 412, 429),
)
async def post_undo(
    *,
    contact_id: PathId,
    merge_id: MergePath,
    expected: ExpectedVersion,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    response: Response,
) -> ContactView:
    """Separates a contact again. It gets back what it had, and the one that stayed keeps what came
    since. The two are not merged again by what they have in common. The caller must be allowed to
    change the one that stayed, as it is when the CRM carries it out; `If-Match` is about that
    one."""
    contact = (await find_writable_contact(gateway, caller, contact_id)).document
    command = UndoMerge(
        **build_command_fields(gateway, caller, expected),
        contact_id=contact.id,
        merge_id=merge_id,
        administrator=caller.viewer.manages_default_warehouse,
    )
    settled = await carry_out(gateway, command, "merge")
    changed: ContactDocument = (
        await find_visible_contact(gateway, caller, contact.id, settled.version)
    ).document
    set_etag(response, changed.version)
    return await show_contact(gateway, caller, changed)


async def _find_other(gateway: Gateway, caller: Caller, contact_id: str) -> VisibleContact:
    """The contact that the body names, or the one into which it was merged: the address of the
    request does not name it, so no other address has the answer."""
    try:
        return await find_writable_contact(gateway, caller, contact_id)
    except MergedError as error:
        return await find_writable_contact(gateway, caller, error.survivor)


def _join(one: ContactDocument, another: ContactDocument) -> ContactDocument:
    """The older of the two, with what both have, as far as the caller knows it."""
    older, younger = sorted((one, another), key=lambda each: (each.created_at, each.id))
    return replace(
        older,
        name=older.name or younger.name,
        phones=tuple(dict.fromkeys((*older.phones, *younger.phones))),
        emails=tuple(dict.fromkeys((*older.emails, *younger.emails))),
        customers=(*older.customers, *younger.customers),
    )


def _view(merge: MergeDocument) -> MergeView:
    return MergeView(
        **meta_of(merge), contact_id=merge.absorbed, fact=merge.fact, undone=merge.undone
    )
