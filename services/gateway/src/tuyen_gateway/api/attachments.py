"""Files that agents send, and media that customers sent (I6)."""

import re
from datetime import timedelta
from http import HTTPStatus
from uuid import uuid4

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from tuyen_attachments.ports import NewAttachment, OpenAttachment, StoredAttachment
from tuyen_attachments.receiving import AttachmentTooLargeError, receive
from tuyen_attachments.recognizing import FILE
from tuyen_attachments.serving import (
    SAFE_HEADERS,
    begin_reading,
    build_content_type,
    build_disposition,
)
from tuyen_events.file_limits import UPLOAD_BYTES_AN_HOUR, UPLOADS_AN_HOUR
from tuyen_events.ids import OrganizationId
from tuyen_events.media import attachment_url
from tuyen_events.outbound import AttachmentId
from tuyen_gateway.api.bodies import ResponseBody
from tuyen_gateway.api.dependencies import Caller, CurrentCaller, GatewayPorts, PathId
from tuyen_gateway.api.file_field import FIELD, UploadedFile
from tuyen_gateway.api.problems import problem_response, problems
from tuyen_gateway.errors import (
    InvalidError,
    NotFoundError,
    TooLargeError,
    TooManyAttemptsError,
)
from tuyen_gateway.gateway import Gateway

PATH = "/attachments"

router = APIRouter(prefix=PATH, tags=["attachments"])

_HOUR = timedelta(hours=1)

FILE_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {FIELD: {"type": "string", "format": "binary"}},
                "required": [FIELD],
            }
        }
    },
}

FILE_RESPONSES: dict[int | str, dict[str, object]] = {
    200: {
        "description": "The content, with its own type",
        "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
    },
    206: {"description": "The requested range of it"},
}
"""The `responses` of a route that answers with a file, beside its problems."""

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")

_HEADERS = {
    **SAFE_HEADERS,
    "Cache-Control": "private, no-cache",
    "Accept-Ranges": "bytes",
}
"""A browser asks again before it shows a file: who may see a conversation can change at any time
(R7.4)."""


class AttachmentOut(ResponseBody):
    """`url` is relative to the gateway's address, and needs the same token as all other routes."""

    id: str
    url: str
    content_type: str
    """By the file's content."""
    size: int
    """In bytes."""
    kind: str
    """`image`, `video`, `audio` or `file`."""
    name: str | None


@router.post(
    "",
    status_code=201,
    summary="Upload a file",
    openapi_extra={"requestBody": FILE_BODY},
)
async def post_attachment(
    request: Request, caller: CurrentCaller, gateway: GatewayPorts
) -> AttachmentOut:
    """Stores an image, a video, a sound or a document, to be sent with a reply (I6). What it is, is
    decided by its content. It is removed after a day if no reply has it."""
    organization = caller.organization.id
    await check_upload_quota(gateway, organization)
    return _describe(await _store(request, caller, gateway))


async def _store(request: Request, caller: Caller, gateway: Gateway) -> StoredAttachment:
    field = UploadedFile(request.headers.get("content-type", ""), request.stream())
    name = await field.read_name()
    received = await receive(field.parts())
    if not received.head:
        raise InvalidError(FIELD, "The file is empty.")
    if received.type is None:
        raise InvalidError(
            FIELD,
            "Files of this kind cannot be sent: send an image, a video, a sound, a PDF, an Office "
            "document, a ZIP archive or a plain text.",
        )
    new = NewAttachment(
        id=AttachmentId(f"att_{uuid4().hex}"),
        organization=caller.organization.id,
        kind=received.type.kind,
        content_type=received.type.content_type,
        name=name,
        uploaded_by=caller.viewer.agent_id,
        created_at=gateway.clock.now(),
    )
    try:
        return await gateway.attachments.add(new, received.content(new.kind))
    except AttachmentTooLargeError as error:
        raise TooLargeError(
            f"A file of the kind {error.kind} has at most {error.most} bytes."
        ) from None


async def check_upload_quota(gateway: Gateway, organization: OrganizationId) -> None:
    """Raises TooManyAttemptsError if the organization's people uploaded as much as they may."""
    since = gateway.clock.now() - _HOUR
    used = await gateway.attachments.uploaded_since(organization, since)
    if used.files >= UPLOADS_AN_HOUR or used.size >= UPLOAD_BYTES_AN_HOUR:
        raise TooManyAttemptsError(
            f"Within an hour, an organization uploads at most {UPLOADS_AN_HOUR} files and "
            f"{UPLOAD_BYTES_AN_HOUR} bytes: try again later.",
            600,
        )


@router.get(
    "/{attachment_id}",
    summary="The content of a file",
    response_class=Response,
    responses={**FILE_RESPONSES, **problems(404, 416)},
)
async def get_attachment(
    attachment_id: PathId, request: Request, caller: CurrentCaller, gateway: GatewayPorts
) -> Response:
    """For whoever uploaded it, and whoever may see a conversation in which it is (R7). Images,
    videos and sounds are shown, everything else is downloaded. Takes `Range` with one range."""
    return await serve_attachment(
        await find_visible_attachment(gateway, caller, attachment_id), request
    )


async def serve_attachment(opened: OpenAttachment, request: Request) -> Response:
    """The content, or the range of it that is requested, for somebody who may see it."""
    attachment = opened.attachment
    headers = {
        **_HEADERS,
        "ETag": f'"{attachment.id}"',
        "Content-Disposition": build_disposition(attachment, inline=attachment.kind != FILE),
    }
    if attachment.id in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    span = _find_range(request.headers.get("range"), attachment.size)
    if span is None:
        return problem_response(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            f"The file has {attachment.size} bytes.",
            headers={"Content-Range": f"bytes */{attachment.size}"},
        )
    start, end = span
    headers["Content-Length"] = str(end - start)
    status = HTTPStatus.OK
    if (start, end) != (0, attachment.size):
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{attachment.size}"
        status = HTTPStatus.PARTIAL_CONTENT
    content = await begin_reading(opened.read(start, end))
    media_type = build_content_type(attachment)
    return StreamingResponse(content, status, headers, media_type=media_type)


async def find_visible_attachment(
    gateway: Gateway, caller: Caller, attachment_id: str
) -> OpenAttachment:
    """Raises NotFoundError for an attachment that does not exist or that the viewer may not see
    (R7.2)."""
    found = await gateway.attachments.open(caller.organization.id, AttachmentId(attachment_id))
    if found is None or not await gateway.attachment_access.may_see(caller.scope, found.attachment):
        raise NotFoundError(f"There is no attachment {attachment_id!r}.")
    return found


def _find_range(wanted: str | None, size: int) -> tuple[int, int] | None:
    """The first byte, and the one after the last; all of them if no range or more than one is
    requested, None if there are no such bytes."""
    found = _RANGE.fullmatch(wanted.strip()) if wanted else None
    if found is None or not any(found.groups()):
        return 0, size
    first, last = found.groups()
    if not first:
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
    if last and first and int(last) < int(first):
        return 0, size
    return (start, end) if start < end else None


def _describe(attachment: StoredAttachment) -> AttachmentOut:
    return AttachmentOut(
        id=attachment.id,
        url=attachment_url(attachment.id),
        content_type=attachment.content_type,
        size=attachment.size,
        kind=attachment.kind,
        name=attachment.name,
    )
