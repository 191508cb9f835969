"""The routes of a kind of part: all kinds are written and listed in one manner (C5)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic

from fastapi import APIRouter, Path, Query, Response, status

from tuyen_directory.organization import Organization
from tuyen_events.conversation_filter import Holder
from tuyen_events.crm.records import PartCommand
from tuyen_events.ids import CHOSEN_ID_PATTERN, AgentId
from tuyen_events.limits import ID_CHARACTERS
from tuyen_gateway.api.bodies import RequestBody
from tuyen_gateway.api.crm.access import (
    AfterContactVersion,
    carry_out,
    find_contact_part,
    find_visible_contact,
    find_writable_contact,
    load_scope,
    new_id,
    require_removed,
    require_writable,
)
from tuyen_gateway.api.crm.entities import (
    EntityView,
    begin_document,
    changed_document,
    command_fields,
    given_fields,
    list_parts,
    meta_of,
)
from tuyen_gateway.api.dependencies import Caller, CurrentCaller, GatewayPorts, PathId
from tuyen_gateway.api.etags import ExpectedVersion, set_etag
from tuyen_gateway.api.paging import CurrentPaging, Listed, Paging
from tuyen_gateway.api.positions import inbox_position
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.part_filter import PartFilter
from tuyen_gateway.errors import InvalidError
from tuyen_gateway.gateway import Gateway
from tuyen_views.view import ContactPartT, View

HolderQuery = Annotated[
    str | None,
    Query(max_length=ID_CHARACTERS, description="An agent's id, `me`, or `none`."),
]


class PartBody(RequestBody):
    """What a part consists of, or, in a PATCH, some of it."""

    def convert(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Some fields of the body, as commands contain them."""
        return dict(fields)


class PartView(EntityView):
    """What an answer about a part contains."""

    contact_id: str
    """The contact for which it was created."""


def accept_all(_fields: Mapping[str, Any]) -> None:
    """The check of a kind whose fields do not depend on each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartKind(Generic[ContactPartT]):
    """A kind of part, as its routes have it: `one` and `many` are its names in addresses.

    `content` is the body of a POST and a PUT, `changes` that of a PATCH, and `shown` an answer;
    their fields have the names of the document's. `check` raises InvalidError for fields that are
    wrong together, as they would be after the command.
    """

    one: str
    many: str
    view: View[ContactPartT]
    content: type[PartBody]
    changes: type[PartBody]
    shown: type[PartView]
    listed: type[Listed[Any]]
    add: type[PartCommand]
    change: type[PartCommand]
    remove: type[PartCommand]
    check: Callable[[Mapping[str, Any]], None] = accept_all

    @property
    def own_fields(self) -> list[str]:
        """The fields that this kind has beside those of all parts."""
        return [name for name in self.shown.model_fields if name not in PartView.model_fields]

    def render(self, document: ContactPartT) -> PartView:
        own = {name: getattr(document, name) for name in self.own_fields}
        fields = {**meta_of(document), "contact_id": document.contact_id, **own}
        return self.shown.model_validate(fields, from_attributes=True, by_name=True)


def add_part_routes(router: APIRouter, kind: PartKind[Any]) -> None:
    """Adds the routes that every kind has: POST, PUT and GET below a contact; GET, PATCH and DELETE
    of one part."""
    _add_contact_routes(router, kind)
    _add_own_routes(router, kind)


def _add_contact_routes(router: APIRouter, kind: PartKind[Any]) -> None:
    of_contact = f"/contacts/{{contact_id}}/{kind.many}"
    PartId = Annotated[str, Path(alias=f"{kind.one}_id", pattern=CHOSEN_ID_PATTERN)]

    async def post_part(
        contact_id: PathId,
        body: PartBody,
        caller: CurrentCaller,
        gateway: GatewayPorts,
        response: Response,
    ) -> PartView:
        """The answer is `503` if the CRM has not answered within 5 s: the change is in the log then
        and will be carried out."""
        contact = await find_writable_contact(gateway, caller, contact_id)
        target = _target(gateway, caller, kind, contact.document.id, new_id(kind.one))
        return await _add(gateway, caller, kind, target, body=body, response=response)

    async def put_part(
        *,
        contact_id: PathId,
        part_id: PartId,
        body: PartBody,
        expected: ExpectedVersion,
        caller: CurrentCaller,
        gateway: GatewayPorts,
        response: Response,
    ) -> PartView:
        """Creates it with an id of the caller's choice, or replaces what it consists of: what the
        body leaves out has its default. The answer is `409` if another contact has one with this
        id."""
        contact = await find_writable_contact(gateway, caller, contact_id)
        target = _target(gateway, caller, kind, contact.document.id, part_id, expected=expected)
        return await _add(gateway, caller, kind, target, body=body, response=response)

    async def list_of_contact(
        contact_id: PathId,
        caller: CurrentCaller,
        gateway: GatewayPorts,
        paging: CurrentPaging,
        after: AfterContactVersion = None,
    ) -> Listed[Any]:
        """Newest first."""
        contact = await find_visible_contact(gateway, caller, contact_id, after)
        return await list_parts(gateway, paging, contact, kind.view, kind.render)

    for endpoint in (post_part, put_part):
        endpoint.__annotations__["body"] = kind.content
    router.post(
        of_contact,
        summary=f"Add to the {kind.many} of a contact",
        status_code=status.HTTP_201_CREATED,
        response_model=kind.shown,
        responses=problems(403, 404, 429),
    )(post_part)
    router.put(
        f"{of_contact}/{{{kind.one}_id}}",
        summary=f"Add or replace one of the {kind.many} of a contact",
        response_model=kind.shown,
        responses=problems(403, 404, 409, 412, 429),
    )(put_part)
    router.get(
        of_contact,
        summary=f"List the {kind.many} of a contact",
        response_model=kind.listed,
        responses=problems(404),
    )(list_of_contact)


def _add_own_routes(router: APIRouter, kind: PartKind[Any]) -> None:
    path = f"/{kind.many}/{{{kind.one}_id}}"
    PartId = Annotated[str, Path(alias=f"{kind.one}_id", pattern=CHOSEN_ID_PATTERN)]

    async def get_part(
        part_id: PartId, caller: CurrentCaller, gateway: GatewayPorts, response: Response
    ) -> PartView:
        _, part = await find_contact_part(gateway, caller, kind.view, kind.one, part_id)
        set_etag(response, part.sequence)
        return kind.render(part)

    async def patch_part(
        *,
        part_id: PartId,
        body: PartBody,
        expected: ExpectedVersion,
        caller: CurrentCaller,
        gateway: GatewayPorts,
        response: Response,
    ) -> PartView:
        """Changes the fields in the body; null empties one."""
        contact, part = await find_contact_part(gateway, caller, kind.view, kind.one, part_id)
        require_writable(contact)
        fields = body.convert(given_fields(body))
        if fields:
            _check(kind, caller.organization, fields, part)
            target = _target(gateway, caller, kind, part.contact_id, part_id, expected=expected)
            command = kind.change(**target, **fields)
            settled = await carry_out(gateway, command, kind.one)
            part = changed_document(part, command, settled, **fields)
        set_etag(response, part.sequence)
        return kind.render(part)

    async def delete_part(
        part_id: PartId, expected: ExpectedVersion, caller: CurrentCaller, gateway: GatewayPorts
    ) -> None:
        """The answer is the same if it was removed within the last day already."""
        found = await gateway.crm.part(kind.view, await load_scope(gateway, caller), part_id)
        if found is None:
            return await require_removed(gateway, caller, kind.view, kind.one, part_id)
        contact, part = found
        require_writable(contact)
        target = _target(gateway, caller, kind, part.contact_id, part_id, expected=expected)
        await carry_out(gateway, kind.remove(**target), kind.one)

    patch_part.__annotations__["body"] = kind.changes
    router.get(
        path,
        summary=f"One of the {kind.many}",
        response_model=kind.shown,
        responses=problems(404),
    )(get_part)
    router.patch(
        path,
        summary=f"Change one of the {kind.many}",
        response_model=kind.shown,
        responses=problems(403, 404, 412, 429),
    )(patch_part)
    router.delete(
        path,
        summary=f"Remove one of the {kind.many}",
        status_code=status.HTTP_204_NO_CONTENT,
        responses=problems(403, 404, 412, 429),
    )(delete_part)


async def list_all_parts(
    gateway: Gateway,
    caller: Caller,
    paging: Paging,
    kind: PartKind[ContactPartT],
    wanted: PartFilter,
) -> Listed[PartView]:
    """A page of the parts of all contacts that the caller may read."""
    position = await inbox_position(gateway, caller.organization)
    scope = await load_scope(gateway, caller)
    page = await gateway.crm.find_parts(kind.view, scope, wanted, paging.limit, paging.after)
    return Listed(
        items=[kind.render(part) for part in page.items],
        next=paging.cursor(page.following),
        position=position,
    )


def find_holder(assignee: str | None, caller: Caller) -> Holder | None:
    """Whom the filter `assignee` means; None if it is not set."""
    match assignee:
        case None:
            return None
        case "none":
            return Holder(agent_id=None)
        case "me":
            return Holder(agent_id=caller.viewer.agent_id)
        case _:
            return Holder(agent_id=AgentId(assignee))


async def _add(
    gateway: Gateway,
    caller: Caller,
    kind: PartKind[Any],
    target: Mapping[str, Any],
    *,
    body: PartBody,
    response: Response,
) -> PartView:
    """Creates the part, or replaces what the one with this id consists of."""
    fields = body.convert({name: getattr(body, name) for name in type(body).model_fields})
    _check(kind, caller.organization, fields)
    command = kind.add(**target, **fields)
    scope = await load_scope(gateway, caller)
    existing = await gateway.crm.part(kind.view, scope, command.part_id)
    settled = await carry_out(gateway, command, "contact")
    if existing is None:
        part = kind.view.document(**begin_document(command, command.part_id, settled), **fields)
    else:
        part = changed_document(existing[1], command, settled, **fields)
    set_etag(response, part.sequence)
    return kind.render(part)


def _target(
    gateway: Gateway,
    caller: Caller,
    kind: PartKind[Any],
    contact_id: str,
    part_id: str,
    *,
    expected: int | None = None,
) -> dict[str, Any]:
    """The fields that all commands about a part have."""
    return {
        **command_fields(gateway, caller, expected),
        "contact_id": contact_id,
        f"{kind.one}_id": part_id,
    }


def _check(
    kind: PartKind[Any],
    organization: Organization,
    fields: Mapping[str, Any],
    part: object = None,
) -> None:
    """Raises InvalidError for fields that are wrong together, or name an agent whom the
    organization does not have."""
    assignee = fields.get("assignee")
    if assignee is not None and organization.active_agent(AgentId(assignee)) is None:
        raise InvalidError("assignee", f"There is no agent {assignee!r}.")
    own = {name: getattr(part, name, None) for name in kind.own_fields}
    kind.check({**own, **fields})
