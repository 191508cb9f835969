"""Notes about a contact, for viewers who see the contact (C5)."""

from datetime import datetime
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Response
from pydantic import ConfigDict, StringConstraints

from tuyen_events.crm.notes import AddNote, NoteId
from tuyen_events.limits import TEXT_CHARACTERS
from tuyen_gateway.api.bodies import RequestBody, ResponseBody
from tuyen_gateway.api.crm.access import (
    AfterContactVersion,
    carry_out,
    find_visible_contact,
    new_command_id,
)
from tuyen_gateway.api.dependencies import CurrentCaller, GatewayPorts, PathId
from tuyen_gateway.api.etags import set_etag
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.positions import contact_position
from tuyen_gateway.api.problems import problems
from tuyen_views.notes import NOTES_VIEW, NoteDocument

router = APIRouter(prefix="/contacts/{contact_id}/notes", tags=["contacts"])


class NoteIn(RequestBody):
    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "Thích giày size 42."}]})

    text: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TEXT_CHARACTERS)
    ]


class NoteView(ResponseBody):
    id: str
    text: str
    created_at: datetime
    created_by: str
    updated_at: datetime
    version: int


@router.post("", summary="Write a note", status_code=201, responses=problems(404, 429))
async def post_note(
    contact_id: PathId,
    body: NoteIn,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    response: Response,
) -> NoteView:
    """The answer is `503` if the CRM has not answered within 5 s: the note is in the log then and
    will be added."""
    contact = await find_visible_contact(gateway, caller, contact_id)
    command = AddNote(
        command_id=new_command_id(),
        organization=caller.organization.id,
        contact_id=contact.id,
        note_id=NoteId(f"note_{uuid4().hex}"),
        text=body.text,
        by=caller.viewer.agent_id,
        at=gateway.crm_commands.now(),
    )
    settled = await carry_out(gateway, command)
    set_etag(response, settled.version)
    return NoteView(
        id=command.note_id,
        text=command.text,
        created_at=command.at,
        created_by=command.by,
        updated_at=command.at,
        version=settled.version,
    )


@router.get("", summary="List the notes about a contact", responses=problems(404))
async def list_notes(
    contact_id: PathId,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    paging: CurrentPaging,
    after: AfterContactVersion = None,
) -> Listed[NoteView]:
    """Newest first."""
    contact = await find_visible_contact(gateway, caller, contact_id, after)
    page = await gateway.crm.parts(NOTES_VIEW, contact, paging.limit, paging.after)
    return Listed(
        items=[_view(note) for note in page.items],
        next=paging.cursor(page.following),
        position=contact_position(gateway, contact),
    )


def _view(note: NoteDocument) -> NoteView:
    return NoteView(
        id=note.id,
        text=note.text,
        created_at=note.created_at,
        created_by=note.created_by,
        updated_at=note.updated_at,
        version=note.sequence,
    )
