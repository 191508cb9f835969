"""The routes of a kind of setup entity: all kinds are written and listed alike."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Annotated, Any, Generic

import msgspec
from fastapi import APIRouter, Path, Response, status
from pydantic import ValidationError, create_model

from tuyen_events.crm.records import CrmCommandSettled, SetupCommand
from tuyen_events.ids import CHOSEN_ID_PATTERN, AgentId
from tuyen_gateway.api.bodies import RequestBody
from tuyen_gateway.api.crm.access import check_settled, new_id, not_found
from tuyen_gateway.api.crm.entities import (
    LEFT_OUT,
    EntityView,
    build_command_fields,
    list_given_fields,
    list_setup,
    remove_emptied,
)
from tuyen_gateway.api.dependencies import (
    Administrator,
    Caller,
    CurrentCaller,
    GatewayPorts,
    SetupReader,
)
from tuyen_gateway.api.etags import ExpectedVersion, set_etag
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.changes import check_agents
from tuyen_gateway.errors import InvalidError, UnavailableError, VersionPassedError
from tuyen_gateway.gateway import Gateway
from tuyen_views.view import SetupDocument, SetupT, View

_TRIES = 5
"""How often a PATCH without `If-Match` is decided again because somebody else was faster."""


class SetupBody(RequestBody):
    """The fields of an entity of the setup."""

    def convert(self, _caller: Caller, _existing: Any) -> dict[str, Any]:
        """The body as the fields of the command. `_existing` is the document of the entity, None if
        it is new. Raises InvalidError for what the organization does not have."""
        return {name: getattr(self, name) for name in type(self).model_fields}

    def read_agents(self, caller: Caller, field: str) -> tuple[AgentId, ...]:
        """The agents in a field. Raises InvalidError for one that does not exist, if the request
        names the field: what a PATCH does not name stays as it is, also after an agent was
        removed."""
        agents = tuple(AgentId(each) for each in getattr(self, field))
        if field in self.model_fields_set:
            check_agents(caller.organization, field, agents)
        return agents


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupKind(Generic[SetupT]):
    """A kind of entity of the setup, as its routes have it: `one` and `many` are its names.

    `content` is the body of a POST and a PUT, and its fields are among those of `shown`, an answer.
    `put` has the fields of the view's document. `effect` says in the API's description what a write
    changes beside the entity itself. `empty` takes contacts out of it, for a kind that contacts
    refer to. `begin` returns the document of an entity that exists before
    anybody has written it, if the kind has one.
    """

    one: str
    many: str
    view: View[SetupT]
    content: type[SetupBody]
    shown: type[EntityView]
    listed: type[Listed[Any]]
    put: type[SetupCommand]
    remove: type[SetupCommand]
    render: Callable[[SetupT], EntityView]
    empty: type[SetupCommand] | None = None
    effect: str = ""
    begin: Callable[[Caller, str], SetupT | None] = lambda _caller, _id: None

    @property
    def id_name(self) -> str:
        """The name of the id in addresses."""
        return f"{self.one.replace(' ', '_')}_id"


def add_setup_routes(router: APIRouter, kind: SetupKind[Any], *, for_all: bool = False) -> None:
    """Adds the routes that every kind has: GET and POST of the list; GET, PUT, PATCH and DELETE of
    one entity. They read for managing roles, or `for_all`."""
    add_writing_routes(router, kind)
    _add_reading_routes(router, kind, for_all=for_all)
    EntityId = Annotated[str, Path(alias=kind.id_name, pattern=CHOSEN_ID_PATTERN)]

    async def remove(
        entity_id: EntityId,
        expected: ExpectedVersion,
        caller: Administrator,
        gateway: GatewayPorts,
    ) -> None:
        command = kind.remove(**build_command_fields(gateway, caller, expected), id=entity_id)
        await remove_setup(gateway, command, kind)

    router.delete(
        f"/{{{kind.id_name}}}",
        status_code=status.HTTP_204_NO_CONTENT,
        summary=f"Remove a {kind.one}",
        description=f"For the role `system_admin`. {kind.effect} The answer is the same if there "
        "is none. It is `503` if so many contacts refer to it that it takes longer than 5 s: the "
        "request is to be repeated then.",
        responses=problems(403, 409, 412, 429),
    )(remove)


def add_writing_routes(router: APIRouter, kind: SetupKind[Any]) -> None:
    """Adds POST, PUT and PATCH."""
    EntityId = Annotated[str, Path(alias=kind.id_name, pattern=CHOSEN_ID_PATTERN)]

    async def post(
        body: SetupBody, caller: Administrator, gateway: GatewayPorts, response: Response
    ) -> EntityView:
        entity_id = new_id(kind.one.replace(" ", "_"))
        return await _Write(gateway, caller, kind, entity_id, 0).put(body, response)

    async def put(
        *,
        entity_id: EntityId,
        body: SetupBody,
        expected: ExpectedVersion,
        caller: Administrator,
        gateway: GatewayPorts,
        response: Response,
    ) -> EntityView:
        return await _Write(gateway, caller, kind, entity_id, expected).put(body, response)

    async def patch(
        *,
        entity_id: EntityId,
        body: SetupBody,
        expected: ExpectedVersion,
        caller: Administrator,
        gateway: GatewayPorts,
        response: Response,
    ) -> EntityView:
        return await _Write(gateway, caller, kind, entity_id, expected).patch(body, response)

    for endpoint in (post, put):
        endpoint.__annotations__["body"] = kind.content
    patch.__annotations__["body"] = _changes_of(kind.content)
    described = f"For the role `system_admin`. {kind.effect}"
    router.post(
        "",
        status_code=status.HTTP_201_CREATED,
        summary=f"Add a {kind.one}, whose id is chosen for it",
        description=described,
        response_model=kind.shown,
        responses=problems(403, 409, 429),
    )(post)
    router.put(
        f"/{{{kind.id_name}}}",
        summary=f"Add or change a {kind.one}",
        description=described,
        response_model=kind.shown,
        responses=problems(403, 409, 412, 429),
    )(put)
    router.patch(
        f"/{{{kind.id_name}}}",
        summary=f"Change some fields of a {kind.one}",
        description=f"{described} Changes the fields in the body; null empties one that may be "
        "empty.",
        response_model=kind.shown,
        responses=problems(403, 404, 409, 412, 429),
    )(patch)


async def carry_out_setup(
    gateway: Gateway, command: SetupCommand, view: View[SetupT], what: str
) -> CrmCommandSettled:
    """As `access.carry_out`; returns once the view contains the version of the result, so that
    the caller can read it."""
    settled = await gateway.crm_commands.carry_out(command)
    await gateway.crm.wait_for_setup(view, command.organization, command.id, settled.version)
    return check_settled(settled, command, what)


async def remove_setup(gateway: Gateway, remove: SetupCommand, kind: SetupKind[Any]) -> None:
    """Removes an entity, after it was emptied, and returns as `carry_out_setup` does."""
    if kind.empty is None:
        await carry_out_setup(gateway, remove, kind.view, kind.one)
        return
    settled = await remove_emptied(gateway, remove, kind.empty, kind.one)
    await gateway.crm.wait_for_setup(kind.view, remove.organization, remove.id, settled.version)


def _add_reading_routes(router: APIRouter, kind: SetupKind[Any], *, for_all: bool) -> None:
    reader: Any = CurrentCaller if for_all else SetupReader
    readers = "For all agents" if for_all else "For managing roles"
    EntityId = Annotated[str, Path(alias=kind.id_name, pattern=CHOSEN_ID_PATTERN)]

    async def list_all(
        caller: reader, gateway: GatewayPorts, paging: CurrentPaging
    ) -> Listed[EntityView]:
        organization = caller.organization.id
        return await list_setup(gateway, organization, paging, kind.view, kind.render)

    async def get(
        entity_id: EntityId,
        caller: reader,
        gateway: GatewayPorts,
        response: Response,
    ) -> EntityView:
        found = await gateway.crm.setup(kind.view, caller.organization.id, entity_id)
        if found is None:
            raise not_found(kind.one, entity_id)
        set_etag(response, found.sequence)
        return kind.render(found)

    router.get(
        "",
        summary=f"List the {kind.many}",
        description=f"{readers}; in the order of their ids.",
        response_model=kind.listed,
        responses=problems(403),
    )(list_all)
    router.get(
        f"/{{{kind.id_name}}}",
        summary=f"One {kind.one}",
        description=f"{readers}.",
        response_model=kind.shown,
        responses=problems(403, 404),
    )(get)


@dataclass(frozen=True, slots=True)
class _Write(Generic[SetupT]):
    """A request that writes one entity. `expected` is the version that it must have."""

    gateway: Gateway
    caller: Caller
    kind: SetupKind[SetupT]
    entity_id: str
    expected: int | None

    async def put(self, body: SetupBody, response: Response) -> EntityView:
        existing = await self._read()
        command = self._command(body, existing, self.expected)
        settled = await self._carry_out(command)
        return self._answer(command, existing, settled.version, response)

    async def patch(self, changes: SetupBody, response: Response) -> EntityView:
        """The fields are put together with those that the entity has, and refused by the CRM if it
        has changed by then: so nobody's change is lost."""
        for _ in range(_TRIES):
            existing = await self._read() or self.kind.begin(self.caller, self.entity_id)
            if existing is None:
                raise not_found(self.kind.one, self.entity_id)
            read = existing.sequence if self.expected is None else self.expected
            command = self._command(_merge(self.kind, existing, changes), existing, read)
            try:
                settled = await self._carry_out(command)
            except VersionPassedError:
                if self.expected is not None:
                    raise
            else:
                return self._answer(command, existing, settled.version, response)
        raise UnavailableError("Others keep changing it: send it again.")

    async def _carry_out(self, command: SetupCommand) -> CrmCommandSettled:
        return await carry_out_setup(self.gateway, command, self.kind.view, self.kind.one)

    async def _read(self) -> SetupT | None:
        organization = self.caller.organization.id
        return await self.gateway.crm.setup(self.kind.view, organization, self.entity_id)

    def _command(
        self, body: SetupBody, existing: SetupT | None, expected: int | None
    ) -> SetupCommand:
        common = build_command_fields(self.gateway, self.caller, expected)
        fields = body.convert(self.caller, existing)
        return self.kind.put(**common, id=self.entity_id, **fields)

    def _answer(
        self, command: SetupCommand, existing: SetupT | None, version: int, response: Response
    ) -> EntityView:
        """The entity after the command, as the view has it."""
        set_etag(response, version)
        common = {field.name for field in msgspec.structs.fields(SetupDocument)}
        own = {
            field.name: getattr(command, field.name)
            for field in msgspec.structs.fields(self.kind.view.document)
            if field.name not in common and hasattr(command, field.name)
        }
        document = self.kind.view.document(
            key=f"{command.organization}/{command.id}",
            id=command.id,
            organization=command.organization,
            sequence=version,
            created_at=existing.created_at if existing else command.at,
            created_by=existing.created_by if existing else command.by,
            updated_at=command.at,
            **own,
        )
        return self.kind.render(document)


def _merge(kind: SetupKind[SetupT], existing: SetupT, changes: SetupBody) -> SetupBody:
    """The whole content after a PATCH; `model_fields_set` has the fields that the PATCH names.
    Raises InvalidError for fields that are wrong together."""
    own = set(kind.content.model_fields)
    content = kind.render(existing).model_dump(include=own)
    given = changes.model_dump(include=set(list_given_fields(changes)))
    try:
        whole = kind.content.model_validate({**content, **given})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidError(place or kind.one.replace(" ", "_"), first["msg"]) from None
    return kind.content.model_construct(set(given), **dict(whole))


def _changes_of(content: type[SetupBody]) -> type[SetupBody]:
    """The body of a PATCH: the same fields, each of which may be left out."""
    fields: dict[str, Any] = {}
    for name, field in content.model_fields.items():
        left_out = copy(field)
        left_out.default, left_out.default_factory = LEFT_OUT.default, None
        fields[name] = (field.annotation, left_out)
    named = content.__name__.removesuffix("In")
    return create_model(f"{named}Patch", __base__=content, __module__=content.__module__, **fields)
