"""Notes about a contact, for viewers who see the contact (C5)."""

from typing import Annotated

from fastapi import APIRouter, Response, status
from pydantic import ConfigDict, StringConstraints

from tuyen_events.crm.notes import AddNote, ChangeNote, NoteId, RemoveNote
from tuyen_events.limits import TEXT_CHARACTERS
from tuyen_gateway.api.bodies import RequestBody
from tuyen_gateway.api.crm.access import (
    AfterContactVersion,
    carry_out,
    find_contact_part,
    find_visible_contact,
    find_writable_contact,
    load_scope,
    new_id,
    require_writable,
)
from tuyen_gateway.api.crm.entities import (
    LEFT_OUT,
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
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.problems import problems
from tuyen_gateway.gateway import Gateway
from tuyen_views.notes import NOTES_VIEW, NoteDocument

router = APIRouter(tags=["contacts"])

_OF_CONTACT = "/contacts/{contact_id}/notes"

NoteText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TEXT_CHARACTERS)
]


class NoteIn(RequestBody):
    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "Thích giày size 42."}]})

    text: NoteText


class NotePatch(RequestBody):
    """Fields that are left out do not change."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "Thích giày size 42."}]})

    text: NoteText = LEFT_OUT


class NoteView(EntityView):
    text: str


@router.post(
    _OF_CONTACT, summary="Write a note", status_code=201, responses=problems(403, 404, 429)
)
async def post_note(
    contact_id: PathId,
    body: NoteIn,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    response: Response,
) -> NoteView:
    """The answer is `503` if the CRM has not answered within 5 s: the note is in the log then and
    will be added."""
    contact = await find_writable_contact(gateway, caller, contact_id)
    command = AddNote(
        **command_fields(gateway, caller),
        contact_id=contact.document.id,
        note_id=NoteId(new_id("note")),
        text=body.text,
    )
    return await _add(gateway, command, None, response)


@router.put(
    _OF_CONTACT + "/{note_id}",
    summary="Write or replace a note",
    responses=problems(403, 404, 409, 412, 429),
)
async def put_note(
    *,
    contact_id: PathId,
    note_id: PathId,
    body: NoteIn,
    expected: ExpectedVersion,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    response: Response,
) -> NoteView:
    """Creates the note with an id of the caller's choice, or replaces its text. The answer is `409`
    if another contact has a note with this id."""
    contact = await find_writable_contact(gateway, caller, contact_id)
    existing = await _find_existing(gateway, caller, note_id)
    command = AddNote(
        **command_fields(gateway, caller, expected),
        contact_id=contact.document.id,
        note_id=NoteId(note_id),
        text=body.text,
    )
    return await _add(gateway, command, existing, response)


@router.get(_OF_CONTACT, summary="List the notes about a contact", responses=problems(404))
async def list_notes(
    contact_id: PathId,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    paging: CurrentPaging,
    after: AfterContactVersion = None,
) -> Listed[NoteView]:
    """Newest first."""
    contact = await find_visible_contact(gateway, caller, contact_id, after)
    return await list_parts(gateway, paging, contact, NOTES_VIEW, _view)


@router.get("/notes/{note_id}", summary="One note", responses=problems(404))
async def get_note(
    note_id: PathId, caller: CurrentCaller, gateway: GatewayPorts, response: Response
) -> NoteView:
    _, note = await find_contact_part(gateway, caller, NOTES_VIEW, "note", note_id)
    set_etag(response, note.sequence)
    return _view(note)


@router.patch("/notes/{note_id}", summary="Change a note", responses=problems(403, 404, 412, 429))
async def patch_note(
    *,
    note_id: PathId,
    body: NotePatch,
    expected: ExpectedVersion,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    response: Response,
) -> NoteView:
    """Changes the fields in the body."""
    contact, note = await find_contact_part(gateway, caller, NOTES_VIEW, "note", note_id)
    require_writable(contact)
    fields = given_fields(body)
    if fields:
        command = ChangeNote(
            **command_fields(gateway, caller, expected),
            contact_id=note.contact_id,
            note_id=NoteId(note_id),
            **fields,
        )
        settled = await carry_out(gateway, command, "note")
        note = changed_document(note, command, settled, **fields)
    set_etag(response, note.sequence)
    return _view(note)


@router.delete(
    "/notes/{note_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Remove a note",
    responses=problems(403, 412, 429),
)
async def delete_note(
    note_id: PathId, expected: ExpectedVersion, caller: CurrentCaller, gateway: GatewayPorts
) -> None:
    """The answer is the same if there is no such note, or the caller may not see its contact."""
    found = await gateway.crm.part(NOTES_VIEW, await load_scope(gateway, caller), note_id)
    if found is None:
        return
    contact, note = found
    require_writable(contact)
    command = RemoveNote(
        **command_fields(gateway, caller, expected),
        contact_id=note.contact_id,
        note_id=NoteId(note_id),
    )
    await carry_out(gateway, command, "note")


async def _find_existing(gateway: Gateway, caller: Caller, note_id: str) -> NoteDocument | None:
    found = await gateway.crm.part(NOTES_VIEW, await load_scope(gateway, caller), note_id)
    return None if found is None else found[1]


async def _add(
    gateway: Gateway, command: AddNote, existing: NoteDocument | None, response: Response
) -> NoteView:
    settled = await carry_out(gateway, command, "contact")
    if existing is None:
        note = NoteDocument(**begin_document(command, settled), text=command.text)
    else:
        note = changed_document(existing, command, settled, text=command.text)
    set_etag(response, note.sequence)
    return _view(note)


def _view(note: NoteDocument) -> NoteView:
    return NoteView(**meta_of(note), text=note.text)
