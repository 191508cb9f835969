"""Imports contacts from a file (C9): upload, mapping, preview, and the job."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import Any, BinaryIO, Literal

import msgspec
from fastapi import APIRouter, Request, status
from pydantic import ConfigDict, Field
from starlette.responses import Response

from tuyen_attachments.ports import NewAttachment
from tuyen_attachments.recognizing import FILE
from tuyen_attachments.serving import SAFE_HEADERS
from tuyen_events.crm.contacts import DEFAULT_WAREHOUSE
from tuyen_events.crm.imports import Duplicates
from tuyen_events.jobs import ImportRequested, JobState
from tuyen_events.limits import NAME_CHARACTERS
from tuyen_events.outbound import AttachmentId
from tuyen_events.sheet_limits import SHEET_BYTES, SHEET_COLUMNS
from tuyen_gateway.api.attachments import FILE_BODY, FILE_RESPONSES, check_upload_quota
from tuyen_gateway.api.bodies import RequestBody, ResponseBody
from tuyen_gateway.api.crm.access import load_scope, new_id, not_found
from tuyen_gateway.api.crm.contact_views import country_of, require_place
from tuyen_gateway.api.dependencies import Caller, CurrentCaller, GatewayPorts, PathId
from tuyen_gateway.api.file_field import FIELD, UploadedFile
from tuyen_gateway.api.jobs import SkippedView, find_job, stop_for, view_whole_job
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.contact_visibility import ContactScope
from tuyen_gateway.errors import ConflictError, ForbiddenError, InvalidError, TooLargeError
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.imports.columns import guess_mapping, list_template_columns
from tuyen_gateway.imports.fields import load_importable_fields
from tuyen_gateway.imports.reading import RowFormat
from tuyen_gateway.imports.report import cells_of
from tuyen_gateway.ports.imports import ImportDraft
from tuyen_gateway.sheet_work.tasks import ListRows, PreviewRows, read_listed, read_preview
from tuyen_gateway.sheets.loading import load_sheet
from tuyen_gateway.sheets.rows import SheetRow, UnreadableSheetError, name_columns
from tuyen_gateway.sheets.xlsx import XlsxWriter
from tuyen_views.shared_numbers import SHARED_NUMBERS_VIEW

router = APIRouter(prefix="/imports", tags=["contacts"])

_SAMPLE = 5
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_BODY = msgspec.json.decode(msgspec.json.encode(FILE_BODY))
_BODY["content"]["multipart/form-data"]["schema"]["properties"]["warehouse_id"] = {"type": "string"}


class UploadedImport(ResponseBody):
    id: str
    columns: list[str]
    guess: dict[str, str]
    """By column, the field that its heading seems to mean."""
    sample: list[dict[str, str]]
    """The first rows. Of a long text, its beginning."""


class MappingIn(RequestBody):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"mapping": {"Họ tên": "name", "SĐT": "phones"}, "duplicates": "fill"},
            ]
        }
    )

    mapping: dict[str, str] = Field(max_length=SHEET_COLUMNS)
    """By column, `name`, `phones`, `emails`, `gender`, `birthday`, `address`, `location`, `tags`,
    `campaign_id`, `care_status`, `assignee` (for managers of the warehouse), `custom.` with the id
    of a field, or `steps.` with the id of a pipeline. Columns that are left out are not
    imported."""
    duplicates: Duplicates = Duplicates.SKIP
    """What happens to a row whose phone number or email a contact has already."""


class RowErrorView(ResponseBody):
    row: int
    """The number of the row as a spreadsheet counts; the heading is row 1."""
    column: str
    error: str


class ImportPreview(ResponseBody):
    rows: int
    valid: int
    errors: list[RowErrorView]
    """The errors of the first rows that have any. These rows are not imported."""
    duplicates: int
    """Rows with a phone number or email of an earlier row."""


class ImportView(ResponseBody):
    id: str
    state: JobState | Literal["waiting"]
    total: int | None
    done: int
    changed: int
    """Rows that became contacts or changed one."""
    unchanged: int
    """Rows of contacts that exist already."""
    skipped: list[SkippedView]
    """The first rows that could not be imported, by their numbers; also those with a phone number
    or email of a contact that others look after (`known_elsewhere`): no more is said of it."""
    detail: str | None
    """Why it failed."""
    name: str | None
    """The name of the file."""
    warehouse_id: str
    columns: list[str]
    mapping: dict[str, str]
    duplicates: Duplicates


@router.get(
    "/template.xlsx",
    summary="A file to fill in",
    response_class=Response,
    responses={200: FILE_RESPONSES[200]},
)
async def download_import_template(caller: CurrentCaller, gateway: GatewayPorts) -> Response:
    """A workbook with one column for each field of a contact, and for each custom one."""
    columns = list_template_columns(await gateway.crm.contact_fields(caller.organization.id))
    return Response(
        await asyncio.to_thread(_write_template, columns),
        media_type=_XLSX,
        headers={**SAFE_HEADERS, "Content-Disposition": 'attachment; filename="template.xlsx"'},
    )


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Upload a file of contacts",
    openapi_extra={"requestBody": _BODY},
    responses=problems(403, 413, 429),
)
async def post_import(
    request: Request, caller: CurrentCaller, gateway: GatewayPorts
) -> UploadedImport:
    """For agents with the right to `import` (C11): an Excel workbook, or texts with separated
    values (CSV) in any usual encoding, for a warehouse that the caller manages or is a member of.
    What a member imports is assigned to them. The first row is the heading."""
    _require_right(caller)
    scope = await load_scope(gateway, caller)
    await check_upload_quota(gateway, caller.organization.id)
    gateway.import_drafts.take_read(caller.organization.id, gateway.clock.now())
    field = UploadedFile(request.headers.get("content-type", ""), request.stream())
    name = await field.read_name()
    import_id = new_id("imp")
    new = NewAttachment(
        id=AttachmentId(import_id),
        organization=caller.organization.id,
        kind=FILE,
        content_type="application/octet-stream",
        name=name,
        uploaded_by=caller.viewer.agent_id,
        created_at=gateway.clock.now(),
    )
    await gateway.attachments.add(new, _admit(field, scope))
    warehouse_id = _find_warehouse(field)
    with await _load(gateway, caller, import_id) as file, _readable(FIELD):
        heading, *rows = await _read_first(gateway, caller, file)
    columns = name_columns(heading.cells)
    fields = await load_importable_fields(gateway, caller.organization, scope, warehouse_id)
    draft = ImportDraft(
        id=import_id,
        organization=caller.organization.id,
        by=caller.viewer.agent_id,
        name=name,
        warehouse_id=warehouse_id,
        columns=columns,
        mapping=guess_mapping(columns, fields),
        created_at=gateway.clock.now(),
    )
    await gateway.import_drafts.keep(draft)
    sample = [
        {column: text[:NAME_CHARACTERS] for column, text in cells_of(row, columns).items()}
        for row in rows
    ]
    return UploadedImport(id=import_id, columns=list(columns), guess=draft.mapping, sample=sample)


@router.put(
    "/{import_id}/mapping",
    summary="Say which column is which field, and preview the import",
    responses=problems(403, 404, 409, 429),
)
async def put_mapping(
    import_id: PathId, body: MappingIn, caller: CurrentCaller, gateway: GatewayPorts
) -> ImportPreview:
    """Reads all rows, and says which cannot be imported, and why. `duplicates` counts the rows with
    a phone number or email that an earlier row or a contact has, also a contact that the caller
    does not see; numbers that are marked as shared do not count (C2)."""
    draft = await _find_draft(gateway, caller, import_id)
    if gateway.jobs.job(import_id) is not None:
        raise ConflictError("The import was started already.")
    scope = await load_scope(gateway, caller)
    fields = await load_importable_fields(gateway, caller.organization, scope, draft.warehouse_id)
    _check_mapping(body.mapping, draft.columns, fields.names)
    row_format = RowFormat(body.mapping, country_of(caller), fields)
    shared = frozenset(await gateway.crm.setup_ids(SHARED_NUMBERS_VIEW, draft.organization))
    gateway.import_drafts.take_read(draft.organization, gateway.clock.now())
    task = PreviewRows(row_format=row_format, shared=tuple(sorted(shared)))
    with await _load(gateway, caller, import_id) as file, _readable(""):
        output = await gateway.sheets.carry_out(draft.organization, task, file)
    with output:
        report, facts = read_preview(output)
        known = await _find_known(gateway, caller, facts)
    changed = msgspec.structs.replace(
        draft,
        mapping=body.mapping,
        duplicates=body.duplicates,
        rows=report.rows,
        mapped=True,
    )
    await gateway.import_drafts.keep(changed)
    return ImportPreview(
        rows=report.rows,
        valid=report.valid,
        errors=[
            RowErrorView(row=each.row, column=each.column, error=each.error)
            for each in report.errors
        ],
        duplicates=report.duplicates + len(known),
    )


@router.post(
    "/{import_id}/start",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Start an import",
    responses=problems(403, 404, 409, 429),
)
async def start_import(
    import_id: PathId, caller: CurrentCaller, gateway: GatewayPorts
) -> ImportView:
    """Answers at once with a job that continues by itself, even if a gateway stops meanwhile. To
    start it again changes nothing."""
    draft = await _find_draft(gateway, caller, import_id)
    if not draft.mapped:
        raise ConflictError("Send the mapping of its columns first.")
    _require_right(caller)
    require_place(await load_scope(gateway, caller), draft.warehouse_id)
    request = ImportRequested(
        job_id=import_id,
        organization=draft.organization,
        at=gateway.clock.now(),
        by=caller.viewer.agent_id,
        warehouse_id=draft.warehouse_id,
        mapping=draft.mapping,
        duplicates=draft.duplicates,
        rows=draft.rows,
    )
    if gateway.jobs.job(import_id) is None:
        await gateway.jobs.ask(request)
    return await _view(gateway, caller, draft)


@router.post("/{import_id}/stop", summary="Stop an import", responses=problems(404, 409))
async def stop_import(
    import_id: PathId, caller: CurrentCaller, gateway: GatewayPorts
) -> ImportView:
    """What was imported by then stays. If it has ended already, nothing changes."""
    draft = await _find_draft(gateway, caller, import_id)
    job = gateway.jobs.job(import_id)
    if job is None:
        raise ConflictError("The import was not started.")
    await stop_for(gateway, caller, job)
    return await _view(gateway, caller, draft)


@router.get("/{import_id}", summary="How far an import is", responses=problems(404))
async def get_import(import_id: PathId, caller: CurrentCaller, gateway: GatewayPorts) -> ImportView:
    """For whoever uploaded it."""
    return await _view(gateway, caller, await _find_draft(gateway, caller, import_id))


async def _find_known(
    gateway: Gateway, caller: Caller, facts: Iterable[Mapping[str, int]]
) -> Collection[int]:
    """The rows with a phone number or email that a contact of the organization has."""
    rows: set[int] = set()
    for some in facts:
        known = await gateway.crm.find_known_values(caller.organization.id, list(some))
        rows.update(some[each] for each in known if each in some)
    return rows


def _require_right(caller: Caller) -> None:
    if not caller.viewer.crm.imports:
        raise ForbiddenError("You may not import contacts: ask an administrator for the right.")


async def _find_draft(gateway: Gateway, caller: Caller, import_id: str) -> ImportDraft:
    draft = await gateway.import_drafts.find(caller.organization.id, import_id)
    if draft is None or draft.by != caller.viewer.agent_id:
        raise not_found("import", import_id)
    return draft


async def _load(gateway: Gateway, caller: Caller, import_id: str) -> BinaryIO:
    file = await load_sheet(gateway.attachments, caller.organization.id, import_id)
    if file is None:
        raise ConflictError("The file is not kept any more: upload it again.")
    return file


async def _admit(field: UploadedFile, scope: ContactScope) -> AsyncIterator[bytes]:
    """The content of the file. Raises TooLargeError, and ForbiddenError if its warehouse is none to
    which the viewer may add contacts: then the file is not stored. The warehouse may be named
    before the file or after it."""
    size = 0
    if "warehouse_id" in field.texts:
        require_place(scope, _find_warehouse(field))
    async for part in field.parts():
        size += len(part)
        if size > SHEET_BYTES:
            raise TooLargeError(f"A file of contacts has at most {SHEET_BYTES} bytes.")
        yield part
    require_place(scope, _find_warehouse(field))


def _find_warehouse(field: UploadedFile) -> str:
    return field.texts.get("warehouse_id") or DEFAULT_WAREHOUSE


@contextmanager
def _readable(field: str) -> Iterator[None]:
    try:
        yield
    except UnreadableSheetError as error:
        raise InvalidError(field, str(error)) from error


async def _read_first(gateway: Gateway, caller: Caller, file: BinaryIO) -> Sequence[SheetRow]:
    task = ListRows(most=_SAMPLE + 1)
    with await gateway.sheets.carry_out(caller.organization.id, task, file) as output:
        rows = list(read_listed(output))
    if not rows:
        raise UnreadableSheetError("The file is empty.")
    return rows


def _check_mapping(
    mapping: Mapping[str, str], columns: Sequence[str], fields: Sequence[str]
) -> None:
    for column, field in mapping.items():
        if column not in columns:
            raise InvalidError("mapping", f"There is no column {column!r}.")
        if field not in fields:
            raise InvalidError("mapping", f"There is no field {field!r}: {', '.join(fields)}.")


async def _view(gateway: Gateway, caller: Caller, draft: ImportDraft) -> ImportView:
    job: Any = None
    if gateway.jobs.job(draft.id) is not None:
        job = await view_whole_job(gateway, find_job(gateway, caller, draft.id))
    return ImportView(
        id=draft.id,
        state="waiting" if job is None else job.state,
        total=draft.rows if job is None else job.total,
        done=0 if job is None else job.done,
        changed=0 if job is None else job.changed,
        unchanged=0 if job is None else job.unchanged,
        skipped=[] if job is None else job.skipped,
        detail=None if job is None else job.detail,
        name=draft.name,
        warehouse_id=draft.warehouse_id,
        columns=list(draft.columns),
        mapping=draft.mapping,
        duplicates=draft.duplicates,
    )


def _write_template(columns: Sequence[str]) -> bytes:
    file, writer = BytesIO(), XlsxWriter("contacts")
    writer.add([columns])
    writer.save(file)
    return file.getvalue()
