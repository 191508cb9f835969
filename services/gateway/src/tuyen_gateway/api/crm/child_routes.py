"""The routes of a kind of child entity: all kinds are written and listed alike (C5)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic

from fastapi import APIRouter, Path, Query, Response, status

from tuyen_directory.organization import Organization
from tuyen_events.conversation_filter import Holder
from tuyen_events.crm.records import ChildCommand
from tuyen_events.ids import CHOSEN_ID_PATTERN, AgentId
from tuyen_events.limits import ID_CHARACTERS
from tuyen_gateway.api.bodies import RequestBody
from tuyen_gateway.api.crm.access import (
    AfterContactVersion,
    carry_out,
    find_child,
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
    build_command_fields,
    list_children,
    list_given_fields,
    meta_of,
    update_document,
)
from tuyen_gateway.api.dependencies import Caller, CurrentCaller, GatewayPorts, PathId
from tuyen_gateway.api.etags import ExpectedVersion, set_etag
from tuyen_gateway.api.paging import CurrentPaging, Listed, Paging
from tuyen_gateway.api.positions import inbox_position
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.child_filter import ChildFilter
from tuyen_gateway.errors import InvalidError
from tuyen_gateway.gateway import Gateway
from tuyen_views.view import ChildDocumentT, View

AssigneeQuery = Annotated[
    str | None,
    Query(max_length=ID_CHARACTERS, description="An agent's id, `me`, or `none`."),
]


class ChildBody(RequestBody):
    """The fields of a child entity, or, in a PATCH, some of them."""

    def convert(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Some fields of the body, as commands contain them."""
        return dict(fields)


class ChildView(EntityView):
    """The fields that every answer about a child entity contains."""

    contact_id: str
    """The contact for which it was created."""


def accept_all(_fields: Mapping[str, Any]) -> None:
    """The check of a kind whose fields do not depend on each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildKind(Generic[ChildDocumentT]):
    """A kind of child, as its routes have it: `one` and `many` are its names in addresses.

    `content` is the body of a POST and a PUT, `changes` that of a PATCH, and `shown` an answer;
    their fields have the names of the document's. `check` raises InvalidError for fields that are
    wrong together, as they would be after the command.
    """

    one: str
    many: str
    view: View[ChildDocumentT]
    content: type[ChildBody]
    changes: type[ChildBody]
    shown: type[ChildView]
    listed: type[Listed[Any]]
    add: type[ChildCommand]
    change: type[ChildCommand]
    remove: type[ChildCommand]
    check: Callable[[Mapping[str, Any]], None] = accept_all

    @property
    def own_fields(self) -> list[str]:
        """The fields that this kind has beside those of all children."""
        return [name for name in self.shown.model_fields if name not in ChildView.model_fields]

    def render(self, document: ChildDocumentT) -> ChildView:
        own = {name: getattr(document, name) for name in self.own_fields}
        fields = {**meta_of(document), "contact_id": document.contact_id, **own}
        return self.shown.model_validate(fields, from_attributes=True, by_name=True)


def add_child_routes(router: APIRouter, kind: ChildKind[Any]) -> None:
    """Adds the routes that every kind has: POST, PUT and GET below a contact; GET, PATCH and DELETE
    of one child."""
    _add_contact_routes(router, kind)
    _add_own_routes(router, kind)


def _add_contact_routes(router: APIRouter, kind: ChildKind[Any]) -> None:
    of_contact = f"/contacts/{{contact_id}}/{kind.many}"
    ChildId = Annotated[str, Path(alias=f"{kind.one}_id", pattern=CHOSEN_ID_PATTERN)]

    async def post_child(
        contact_id: PathId,
        body: ChildBody,
        caller: CurrentCaller,
        gateway: GatewayPorts,
        response: Response,
    ) -> ChildView:
        """The answer is `503` if the CRM has not answered within 5 s: the change is in the log then
        and will be carried out."""
        contact = await find_writable_contact(gateway, caller, contact_id)
        target = _target(gateway, caller, kind, contact.document.id, new_id(kind.one))
        return await _add(gateway, caller, kind, target, body=body, response=response)

    async def put_child(
        *,
        contact_id: PathId,
        child_id: ChildId,
        body: ChildBody,
        expected: ExpectedVersion,
        caller: CurrentCaller,
        gateway: GatewayPorts,
        response: Response,
    ) -> ChildView:
        """Creates it with an id of the caller's choice, or replaces what it consists of: what the
        body leaves out has its default. The answer is `409` if another contact has one with this
        id."""
        contact = await find_writable_contact(gateway, caller, contact_id)
        target = _target(gateway, caller, kind, contact.document.id, child_id, expected=expected)
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
        return await list_children(gateway, paging, contact, kind.view, kind.render)

    for endpoint in (post_child, put_child):
        endpoint.__annotations__["body"] = kind.content
    router.post(
        of_contact,
        summary=f"Add to the {kind.many} of a contact",
        status_code=status.HTTP_201_CREATED,
        response_model=kind.shown,
        responses=problems(403, 404, 429),
    )(post_child)
    router.put(
        f"{of_contact}/{{{kind.one}_id}}",
        summary=f"Add or replace one of the {kind.many} of a contact",
        response_model=kind.shown,
        responses=problems(403, 404, 409, 412, 429),
    )(put_child)
    router.get(
        of_contact,
        summary=f"List the {kind.many} of a contact",
        response_model=kind.listed,
        responses=problems(404),
    )(list_of_contact)


def _add_own_routes(router: APIRouter, kind: ChildKind[Any]) -> None:
    path = f"/{kind.many}/{{{kind.one}_id}}"
    ChildId = Annotated[str, Path(alias=f"{kind.one}_id", pattern=CHOSEN_ID_PATTERN)]

    async def get_child(
        child_id: ChildId, caller: CurrentCaller, gateway: GatewayPorts, response: Response
    ) -> ChildView:
        _, child = await find_child(gateway, caller, kind.view, kind.one, child_id)
        set_etag(response, child.sequence)
        return kind.render(child)

    async def patch_child(
        *,
        child_id: ChildId,
        body: ChildBody,
        expected: ExpectedVersion,
        caller: CurrentCaller,
        gateway: GatewayPorts,
        response: Response,
    ) -> ChildView:
        """Changes the fields in the body; null empties one."""
        contact, child = await find_child(gateway, caller, kind.view, kind.one, child_id)
        require_writable(contact)
        fields = body.convert(list_given_fields(body))
        if fields:
            _check(kind, caller.organization, fields, child)
            target = _target(gateway, caller, kind, child.contact_id, child_id, expected=expected)
            command = kind.change(**target, **fields)
            settled = await carry_out(gateway, command, kind.one)
            child = update_document(child, command, settled, **fields)
        set_etag(response, child.sequence)
        return kind.render(child)

    async def delete_child(
        child_id: ChildId,
        expected: ExpectedVersion,
        caller: CurrentCaller,
        gateway: GatewayPorts,
        response: Response,
    ) -> None:
        """The answer is the same if it was removed within the last day already, but for `ETag`, the
        version by which its contact shows that."""
        found = await gateway.crm.child(kind.view, await load_scope(gateway, caller), child_id)
        if found is None:
            return await require_removed(gateway, caller, kind.view, kind.one, child_id)
        contact, child = found
        require_writable(contact)
        target = _target(gateway, caller, kind, child.contact_id, child_id, expected=expected)
        settled = await carry_out(gateway, kind.remove(**target), kind.one)
        set_etag(response, settled.version)

    patch_child.__annotations__["body"] = kind.changes
    router.get(
        path,
        summary=f"One of the {kind.many}",
        response_model=kind.shown,
        responses=problems(404),
    )(get_child)
    router.patch(
        path,
        summary=f"Change one of the {kind.many}",
        response_model=kind.shown,
        responses=problems(403, 404, 412, 429),
    )(patch_child)
    router.delete(
        path,
        summary=f"Remove one of the {kind.many}",
        status_code=status.HTTP_204_NO_CONTENT,
        responses=problems(403, 404, 412, 429),
    )(delete_child)


async def list_all_children(
    gateway: Gateway,
    caller: Caller,
    paging: Paging,
    kind: ChildKind[ChildDocumentT],
    wanted: ChildFilter,
) -> Listed[ChildView]:
    """A page of the children of all contacts that the caller may read."""
    position = await inbox_position(gateway, caller.organization)
    scope = await load_scope(gateway, caller)
    page = await gateway.crm.find_children(kind.view, scope, wanted, paging.limit, paging.after)
    return Listed(
        items=[kind.render(child) for child in page.items],
        next=paging.cursor(page.following),
        position=position,
    )


def read_assignee_filter(assignee: str | None, caller: Caller) -> Holder | None:
    """The assignee that the filter `assignee` asks for; None if it is not set."""
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
    kind: ChildKind[Any],
    target: Mapping[str, Any],
    *,
    body: ChildBody,
    response: Response,
) -> ChildView:
    """Creates the child, or replaces what the one with this id consists of."""
    fields = body.convert({name: getattr(body, name) for name in type(body).model_fields})
    _check(kind, caller.organization, fields)
    command = kind.add(**target, **fields)
    scope = await load_scope(gateway, caller)
    existing = await gateway.crm.child(kind.view, scope, command.child_id)
    settled = await carry_out(gateway, command, "contact")
    if existing is None or existing[1].contact_id != command.contact_id:
        child = kind.view.document(**begin_document(command, command.child_id, settled), **fields)
    else:
        child = update_document(existing[1], command, settled, **fields)
    set_etag(response, child.sequence)
    return kind.render(child)


def _target(
    gateway: Gateway,
    caller: Caller,
    kind: ChildKind[Any],
    contact_id: str,
    child_id: str,
    *,
    expected: int | None = None,
) -> dict[str, Any]:
    """The fields that all commands about a child have."""
    return {
        **build_command_fields(gateway, caller, expected),
        "contact_id": contact_id,
        f"{kind.one}_id": child_id,
    }


def _check(
    kind: ChildKind[Any],
    organization: Organization,
    fields: Mapping[str, Any],
    child: object = None,
) -> None:
    """Raises InvalidError for fields that are wrong together, or name an agent whom the
    organization does not have."""
    assignee = fields.get("assignee")
    if assignee is not None and organization.active_agent(AgentId(assignee)) is None:
        raise InvalidError("assignee", f"There is no agent {assignee!r}.")
    own = {name: getattr(child, name, None) for name in kind.own_fields}
    kind.check({**own, **fields})
