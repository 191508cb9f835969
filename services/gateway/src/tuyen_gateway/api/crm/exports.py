"""Exports contacts into a file (C9)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus
from tempfile import TemporaryFile
from typing import BinaryIO, Literal

from fastapi import APIRouter, status
from pydantic import ConfigDict, Field
from starlette.responses import Response, StreamingResponse

from tuyen_attachments.serving import SAFE_HEADERS
from tuyen_events.ids import OrganizationId
from tuyen_events.jobs import ExportRequested, JobState, SheetFormat
from tuyen_events.sheet_limits import SHEET_COLUMNS, SHEET_ROWS
from tuyen_gateway.api.attachments import FILE_RESPONSES
from tuyen_gateway.api.bodies import RequestBody
from tuyen_gateway.api.crm.access import load_scope
from tuyen_gateway.api.crm.contact_list import ContactSelectionIn, read_selection
from tuyen_gateway.api.dependencies import Caller, CurrentCaller, GatewayPorts, PathId
from tuyen_gateway.api.jobs import JobView, find_job, job_view, new_job_id
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.audit import audit_download
from tuyen_gateway.domain.contact_visibility import ContactScope
from tuyen_gateway.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.imports.contact_table import (
    build_contact_row,
    list_export_columns,
)
from tuyen_gateway.jobs.exports import read_contacts, selection_of
from tuyen_gateway.sheet_work.tasks import WriteWorkbook, write_lines
from tuyen_gateway.sheets.rows import UnreadableSheetError
from tuyen_gateway.sheets.separated import MARK, write_separated
from tuyen_views.contacts import ContactDocument
from tuyen_views.pipelines import PIPELINES_VIEW

router = APIRouter(prefix="/exports", tags=["contacts"])

_CONTENT_TYPES = {
    SheetFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    SheetFormat.CSV: "text/csv; charset=utf-8",
}
_PART_BYTES = 256 * 1024
_TITLE = "contacts"


class ExportIn(RequestBody):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"kind": "contacts", "filter": {"q": "vinh"}, "format": "csv"},
            ]
        }
    )

    kind: Literal["contacts"]
    filter: ContactSelectionIn = Field(default_factory=ContactSelectionIn)
    columns: list[str] | None = Field(
        default=None, min_length=1, max_length=SHEET_COLUMNS, fail_fast=True
    )
    """The fields of a contact, also `custom.` with the id of a field and `steps.` with the id of a
    pipeline, in this order; if omitted, all."""
    format: SheetFormat


@router.post(
    "",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Export contacts",
    responses=problems(403, 429),
)
async def post_export(body: ExportIn, caller: CurrentCaller, gateway: GatewayPorts) -> JobView:
    """For agents with the right to `export` (C11): the contacts that match `filter`, as far as the
    caller may read them. Answers with a job;
    once it is done, `GET /v1/exports/{id}/file` is the file, and `total` is how many contacts were
    found."""
    _require_right(caller)
    columns = tuple(dict.fromkeys(body.columns or ()))
    known = await _list_columns(gateway, caller.organization.id)
    for name in columns:
        if name not in known:
            raise InvalidError("columns", f"There is no field {name!r}: {', '.join(known)}.")
    request = ExportRequested(
        job_id=new_job_id(),
        organization=caller.organization.id,
        at=gateway.clock.now(),
        by=caller.viewer.agent_id,
        selection=await read_selection(gateway, caller, body.filter),
        columns=columns,
        format=body.format,
    )
    await gateway.jobs.ask(request)
    return job_view(find_job(gateway, caller, request.job_id))


@router.get(
    "/{job_id}/file",
    summary="The file of an export",
    response_class=Response,
    responses={200: FILE_RESPONSES[200], **problems(403, 404, 409, 429)},
)
async def get_export_file(job_id: PathId, caller: CurrentCaller, gateway: GatewayPorts) -> Response:
    """For whoever requested it, and the role `system_admin`. The file is written when it is
    downloaded: it has what the caller may read by now, whoever requested it. An organization's
    files are written one after another; `429` if it had too many written within the hour."""
    _require_right(caller)
    job = find_job(gateway, caller, job_id)
    request = job.request
    if not isinstance(request, ExportRequested):
        raise NotFoundError(f"There is no export {job_id!r}.")
    if job.progress is None or job.progress.state is not JobState.DONE:
        raise ConflictError("The export is not done: look at the job.")
    file, count = await _write(gateway, caller, request)
    headers = {
        **SAFE_HEADERS,
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="contacts.{request.format.value}"',
    }
    await gateway.audit.record(
        audit_download(
            caller.organization.id,
            "export",
            job_id,
            by=caller.viewer.agent_id,
            at=gateway.clock.now(),
            rows=count,
        )
    )
    media_type = _CONTENT_TYPES[request.format]
    return StreamingResponse(_read_parts(file), HTTPStatus.OK, headers, media_type=media_type)


def _require_right(caller: Caller) -> None:
    if not caller.viewer.crm.export:
        raise ForbiddenError("You may not export contacts: ask an administrator for the right.")


async def _list_columns(gateway: Gateway, organization: OrganizationId) -> tuple[str, ...]:
    """All that an export of the organization can have."""
    pipelines = await gateway.crm.setup_ids(PIPELINES_VIEW, organization)
    return list_export_columns(await gateway.crm.contact_fields(organization), pipelines)


async def _read_rows(
    gateway: Gateway, scope: ContactScope, request: ExportRequested
) -> AsyncIterator[Sequence[Sequence[str]]]:
    """The heading and the contacts, some at a time."""
    columns = request.columns or await _list_columns(gateway, scope.organization)
    yield [columns]
    async for contacts in read_contacts(gateway, scope, selection_of(request)):
        yield await asyncio.to_thread(_build_rows, contacts, columns)


def _build_rows(
    contacts: Sequence[ContactDocument], columns: Sequence[str]
) -> Sequence[Sequence[str]]:
    return [build_contact_row(contact, columns) for contact in contacts]


async def _write(
    gateway: Gateway, caller: Caller, request: ExportRequested
) -> tuple[BinaryIO, int]:
    """The file, and how many contacts are in it. It is complete before its first byte is sent, so
    that the audit says what is taken before it is taken."""
    file: BinaryIO = TemporaryFile()  # noqa: SIM115 - the answer reads it, and closes it
    written, organization = False, caller.organization.id
    try:
        async with gateway.export_turns.turn(organization, gateway.clock.now()):
            # Not before: what the caller may read can change while the turn is waited for.
            scope = await load_scope(gateway, caller)
            rows = _read_rows(gateway, scope, request)
            if request.format is SheetFormat.CSV:
                count = await _write_csv(file, rows)
            else:
                count = await _write_lines(file, rows)
                with file as lines:
                    task = WriteWorkbook(title=_TITLE)
                    file = await gateway.sheets.carry_out(organization, task, lines)
        written = True
    except (TimeoutError, UnreadableSheetError):
        raise ConflictError("To write the file takes too long: export fewer at a time.") from None
    finally:
        if not written:
            file.close()
    return file, count


async def _write_csv(file: BinaryIO, rows: AsyncIterator[Sequence[Sequence[str]]]) -> int:
    """Returns how many contacts were written."""
    count, mark = -1, MARK
    async for some in rows:
        await asyncio.to_thread(lambda: file.write(mark + write_separated(some)))  # noqa: B023 - it is awaited
        count, mark = count + len(some), b""
    return count


async def _write_lines(file: BinaryIO, rows: AsyncIterator[Sequence[Sequence[str]]]) -> int:
    """Writes the rows of a workbook, and returns how many contacts they are. There may be more than
    when the job counted them."""
    count = -1
    async for some in rows:
        count += len(some)
        if count > SHEET_ROWS:
            raise ConflictError(f"A workbook has at most {SHEET_ROWS} rows: export CSV.")
        await asyncio.to_thread(lambda: file.write(write_lines(some)))  # noqa: B023 - it is awaited
    return count


async def _read_parts(file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        file.seek(0)
        while part := await asyncio.to_thread(file.read, _PART_BYTES):
            yield part
