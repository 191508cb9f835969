"""What the routes of all entities of the CRM have in common."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from pydantic import BaseModel, Field

from tuyen_events.crm.records import (
    ChildCommand,
    ContactCommand,
    CrmCommandSettled,
    CrmRefusal,
    SetupCommand,
)
from tuyen_events.ids import OrganizationId
from tuyen_gateway.api.bodies import ResponseBody
from tuyen_gateway.api.crm.access import carry_out, check_settled, new_command_id
from tuyen_gateway.api.dependencies import Caller
from tuyen_gateway.api.paging import Listed, Paging
from tuyen_gateway.api.positions import contact_position
from tuyen_gateway.errors import UnavailableError
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.ports.tables import WAIT_S
from tuyen_gateway.ports.views import VisibleContact
from tuyen_views.view import ChildDocumentT, OfContactT, SetupT, View, build_child_key

LEFT_OUT: Any = Field(default=None)
"""The default of a field of a PATCH that may be left out, but not be null: `list_given_fields` does
not return it."""

_REMOVED_WITHIN_S = WAIT_S
"""How long one request takes contacts out of an entity that is removed."""

RenderedT = TypeVar("RenderedT", bound=BaseModel)


class EntityView(ResponseBody):
    """The fields that every answer about an entity contains."""

    id: str
    created_at: datetime
    created_by: str | None
    """The agent; null if no agent did it."""
    updated_at: datetime
    version: int


def build_command_fields(
    gateway: Gateway, caller: Caller, expected: int | None = None
) -> dict[str, Any]:
    """The fields that all commands of agents have."""
    return {
        "command_id": new_command_id(),
        "organization": caller.organization.id,
        "by": caller.viewer.agent_id,
        "expected_version": expected,
        "at": gateway.crm_commands.now(),
    }


def list_given_fields(body: BaseModel) -> dict[str, Any]:
    """The fields that a body names, for a PATCH: the others do not change."""
    return {name: getattr(body, name) for name in body.model_fields_set}


def begin_document(
    command: ContactCommand, child_id: str, settled: CrmCommandSettled
) -> dict[str, Any]:
    """The fields of the document of a child entity that a command created, as the view will have
    them."""
    contact_id = settled.survivor or command.contact_id
    return {
        "key": build_child_key(command.organization, child_id, contact_id),
        "id": child_id,
        "organization": command.organization,
        "contact_id": contact_id,
        "place": "",
        "sequence": settled.version,
        "created_at": command.at,
        "created_by": command.by if isinstance(command, ChildCommand) else None,
        "updated_at": command.at,
    }


def update_document(
    document: ChildDocumentT, command: ChildCommand, settled: CrmCommandSettled, **fields: object
) -> ChildDocumentT:
    """The document after a command that changed these fields; all else is from the view."""
    return msgspec.structs.replace(
        document, **fields, sequence=settled.version, updated_at=command.at
    )


def meta_of(document: Any) -> dict[str, Any]:
    """The fields of `EntityView`, from a document of a child entity or of the setup."""
    return {
        "id": document.id,
        "created_at": document.created_at,
        "created_by": document.created_by,
        "updated_at": document.updated_at,
        "version": document.sequence,
    }


async def list_children(
    gateway: Gateway,
    paging: Paging,
    contact: VisibleContact,
    view: View[OfContactT],
    render: Callable[[OfContactT], RenderedT],
) -> Listed[RenderedT]:
    """A page of what belongs to a contact, newest first."""
    page = await gateway.crm.children(view, contact, paging.limit, paging.after)
    return Listed(
        items=[render(child) for child in page.items],
        next=paging.cursor(page.following),
        position=contact_position(gateway, contact),
    )


async def list_setup(
    gateway: Gateway,
    organization: OrganizationId,
    paging: Paging,
    view: View[SetupT],
    render: Callable[[SetupT], RenderedT],
) -> Listed[RenderedT]:
    """A page of the setup, in the order of the ids."""
    page = await gateway.crm.list_setup(view, organization, paging.limit, paging.after)
    newest = max((each.sequence for each in page.items), default=0)
    return Listed(
        items=[render(entity) for entity in page.items],
        next=paging.cursor(page.following),
        position=gateway.cipher.encrypt_deterministic(
            f"{view.collection}/{organization}", newest.to_bytes(8)
        ),
    )


async def remove_emptied(
    gateway: Gateway, remove: SetupCommand, empty: type[SetupCommand], what: str
) -> CrmCommandSettled:
    """Removes an entity of the setup that contacts refer to; as long as these are too many for one
    command, it is emptied by commands before. Raises UnavailableError if that takes longer than
    5 s; a repetition continues."""
    try:
        async with asyncio.timeout(_REMOVED_WITHIN_S):
            while True:
                settled = await gateway.crm_commands.carry_out(remove)
                if settled.refusal is not CrmRefusal.NOT_EMPTY:
                    break
                fields = msgspec.structs.asdict(remove)
                emptying = empty(**{**fields, "command_id": new_command_id()})
                await carry_out(gateway, emptying, what)
                remove = msgspec.structs.replace(remove, command_id=new_command_id())
    except TimeoutError:
        raise UnavailableError(
            "It has so many contacts that only a part of them was taken out: repeat the request."
        ) from None
    return check_settled(settled, remove, what)
