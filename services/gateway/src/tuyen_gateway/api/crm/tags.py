"""Tags of contacts, for viewers who see the contact (C5)."""

import unicodedata
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response, status

from tuyen_events.crm.tags import AddTag, RemoveTag, tag_id
from tuyen_events.crm_limits import TAG_CHARACTERS
from tuyen_events.limits import QUERY_CHARACTERS
from tuyen_gateway.api.bodies import ResponseBody
from tuyen_gateway.api.crm.access import (
    carry_out,
    find_writable_contact,
    load_scope,
)
from tuyen_gateway.api.crm.entities import EntityView, build_command_fields
from tuyen_gateway.api.dependencies import CurrentCaller, GatewayPorts, PathId
from tuyen_gateway.api.etags import ExpectedVersion, set_etag
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.positions import inbox_position
from tuyen_gateway.api.problems import problems
from tuyen_gateway.errors import InvalidError
from tuyen_views.tags import TAGS_VIEW

router = APIRouter(tags=["contacts"])

_OF_CONTACT = "/contacts/{contact_id}/tags/{tag:path}"

TagPath = Annotated[str, Path(description="1 to 64 characters, compared without case.")]


class TagOfContactView(EntityView):
    """`id` is the tag as it is compared, `tag` as it is written."""

    tag: str


class TagView(ResponseBody):
    tag: str


@router.put(
    _OF_CONTACT,
    summary="Give a contact a tag",
    responses=problems(403, 404, 409, 412, 429),
)
async def put_tag(
    *,
    contact_id: PathId,
    tag: TagPath,
    expected: ExpectedVersion,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    response: Response,
) -> TagOfContactView:
    """The answer is the same if it has the tag already. `version` and `If-Match` are those of the
    contact."""
    contact = await find_writable_contact(gateway, caller, contact_id)
    written = _read_tag(tag)
    child_id = tag_id(contact.document.id, written)
    existing = await gateway.crm.child(TAGS_VIEW, await load_scope(gateway, caller), child_id)
    command = AddTag(
        **build_command_fields(gateway, caller, expected),
        contact_id=contact.document.id,
        tag=written,
    )
    settled = await carry_out(gateway, command, "contact")
    set_etag(response, settled.version)
    given = None if existing is None else existing[1]
    return TagOfContactView(
        id=child_id.partition("/")[2],
        tag=given.tag if given else written,
        created_at=given.created_at if given else command.at,
        created_by=given.created_by if given else command.by,
        updated_at=given.updated_at if given else command.at,
        version=settled.version,
    )


@router.delete(
    _OF_CONTACT,
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Take a tag from a contact",
    responses=problems(403, 404, 412, 429),
)
async def delete_tag(
    *,
    contact_id: PathId,
    tag: TagPath,
    expected: ExpectedVersion,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    response: Response,
) -> None:
    """The answer is the same if it does not have the tag. `ETag` is the version of the contact."""
    contact = await find_writable_contact(gateway, caller, contact_id)
    command = RemoveTag(
        **build_command_fields(gateway, caller, expected),
        contact_id=contact.document.id,
        tag=_read_tag(tag),
    )
    settled = await carry_out(gateway, command, "contact")
    set_etag(response, settled.version)


@router.get("/tags", summary="List the tags of all contacts")
async def list_all_tags(
    caller: CurrentCaller,
    gateway: GatewayPorts,
    paging: CurrentPaging,
    q: Annotated[
        str | None,
        Query(max_length=QUERY_CHARACTERS, description="A part of the tag, accents ignored."),
    ] = None,
) -> Listed[TagView]:
    """The tags of the contacts that the viewer may read."""
    position = await inbox_position(gateway, caller.organization)
    scope = await load_scope(gateway, caller)
    page = await gateway.crm.tags(scope, q, paging.limit, paging.after)
    return Listed(
        items=[TagView(tag=tag) for tag in page.items],
        next=paging.cursor(page.following),
        position=position,
    )


def _read_tag(given: str) -> str:
    """The tag as it is stored. Raises InvalidError for none, and for one that is too long."""
    tag = unicodedata.normalize("NFC", given).strip()
    if not 1 <= len(tag) <= TAG_CHARACTERS:
        raise InvalidError("tag", f"A tag has 1 to {TAG_CHARACTERS} characters.")
    return tag
