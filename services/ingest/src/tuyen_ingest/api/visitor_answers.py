"""Responses to visitors' browsers: JSON, files and problems, with the CORS headers."""

import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.responses import Response

from tuyen_attachments.ports import StoredAttachment
from tuyen_attachments.recognizing import IMAGE
from tuyen_attachments.serving import SAFE_HEADERS, build_content_type, build_disposition
from tuyen_directory.offers import DepartmentChoice
from tuyen_ingest.domain.threads import ShownMessage, ThreadView
from tuyen_ingest.errors import (
    InvalidRequestError,
    NoSuchFileError,
    NoSuchPageError,
    PictureTooLargeError,
    RetryLaterError,
    SiteNotAllowedError,
    StrangeVisitorError,
    TooOftenError,
    VisitorRefusedError,
    WrongUserHashError,
)
from tuyen_ingest.ports import VisitorCipher
from tuyen_ingest.sites import Site
from tuyen_platform.problems import PROBLEM_TYPE, build_problem

VISITORS_PREFIX = "/livechat/"

RETRY_S = 3

_STATUSES: Mapping[type[VisitorRefusedError], HTTPStatus] = {
    InvalidRequestError: HTTPStatus.UNPROCESSABLE_ENTITY,
    NoSuchFileError: HTTPStatus.NOT_FOUND,
    NoSuchPageError: HTTPStatus.NOT_FOUND,
    RetryLaterError: HTTPStatus.SERVICE_UNAVAILABLE,
    PictureTooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    SiteNotAllowedError: HTTPStatus.FORBIDDEN,
    StrangeVisitorError: HTTPStatus.UNAUTHORIZED,
    TooOftenError: HTTPStatus.TOO_MANY_REQUESTS,
    WrongUserHashError: HTTPStatus.FORBIDDEN,
}

_FILE_HEADERS = {
    **SAFE_HEADERS,
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "private, max-age=3600",
    "Referrer-Policy": "no-referrer",
}


def answer_json(content: Any, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(
        msgspec.json.encode(content),
        status_code=status,
        headers={"Cache-Control": "no-store"},
        media_type="application/json",
    )


def answer_problem(status: HTTPStatus, detail: str, wait_s: float | None = None) -> Response:
    """An error response, whose `detail` is a sentence for whoever wrote the caller."""
    headers = {"Cache-Control": "no-store"}
    if wait_s is not None:
        headers["Retry-After"] = str(max(math.ceil(wait_s), 1))
    problem = msgspec.json.encode(build_problem(status, detail))
    return Response(problem, status, headers, media_type=PROBLEM_TYPE)


def answer_refusal(refused: VisitorRefusedError) -> Response:
    """Why a request is refused."""
    wait_s: float | None = None
    if isinstance(refused, TooOftenError):
        wait_s = refused.wait_s
    elif isinstance(refused, RetryLaterError):
        wait_s = RETRY_S
    return answer_problem(_STATUSES[type(refused)], refused.detail, wait_s)


def share(response: Response, site: Site, origin: str | None) -> Response:
    """Lets pages of the site's origins read the response, and no others (L4)."""
    response.headers["Access-Control-Expose-Headers"] = "Retry-After"
    if not site.settings.sites:
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response
    response.headers.append("Vary", "Origin")
    if origin is not None and site.allows(origin):
        response.headers["Access-Control-Allow-Origin"] = origin
    return response


def answer_preflight() -> Response:
    """What a browser may do, which asks before it sends a header of its own."""
    return Response(
        status_code=HTTPStatus.NO_CONTENT,
        headers={
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": "Authorization, Content-Type",
            "Access-Control-Max-Age": "3600",
        },
    )


def build_choices(choices: Sequence[DepartmentChoice]) -> dict[str, Any]:
    """L2, as the gateway answers it."""
    items: list[dict[str, Any]] = []
    for choice in choices:
        item: dict[str, Any] = {"id": choice.department.id, "name": choice.department.name}
        if choice.regions:
            item["regions"] = [{"id": one.id, "name": one.name} for one in choice.regions]
        items.append(item)
    return {"items": items}


def build_thread(view: ThreadView, site: Site, cipher: VisitorCipher) -> dict[str, Any]:
    """The thread with addresses for its files, relative to the page's own."""
    return {
        "version": view.version,
        "online": view.online,
        "typing": view.typing,
        "agent": None if view.agent is None else {"name": view.agent},
        "messages": [_build_message(one, site, cipher) for one in view.messages],
    }


def _build_message(message: ShownMessage, site: Site, cipher: VisitorCipher) -> dict[str, Any]:
    return {
        "id": message.id,
        "at": message.at,
        "direction": "out" if message.own else "in",
        "text": message.text,
        "agent": None if message.agent is None else {"name": message.agent},
        "attachments": [
            {
                "kind": file.kind,
                "name": file.name,
                "url": f"files/{cipher.encrypt_link(site.app_id, file.id)}",
            }
            for file in message.files
        ],
    }


def describe_file(attachment: StoredAttachment) -> dict[str, str]:
    """The headers of a file's content. Only a picture is shown; all else is downloaded."""
    return {
        **_FILE_HEADERS,
        "Content-Type": build_content_type(attachment),
        "Content-Length": str(attachment.size),
        "Content-Disposition": build_disposition(attachment, inline=attachment.kind == IMAGE),
    }
