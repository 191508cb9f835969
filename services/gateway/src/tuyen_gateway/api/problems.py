"""Errors as RFC 9457 `application/problem+json`; the only module that knows HTTP statuses."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from pymongo.errors import PyMongoError, ServerSelectionTimeoutError, WaitQueueTimeoutError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from tuyen_events.limits import ERRORS_LISTED, PLACE_CHARACTERS
from tuyen_gateway.api.refusals import find_refusal
from tuyen_gateway.errors import (
    ChannelRefusedError,
    ChannelUnavailableError,
    ConflictError,
    ForbiddenError,
    GatewayError,
    InvalidCursorError,
    InvalidError,
    InvalidVersionError,
    MergedError,
    NotFoundError,
    TakenError,
    TooLargeError,
    TooManyAttemptsError,
    UnauthenticatedError,
    UnavailableError,
    VersionPassedError,
    WindowClosedError,
)
from tuyen_platform.kafka.ports import LogUnavailableError, RecordTooLargeError

MEDIA_TYPE = "application/problem+json"

_STATUS: Mapping[type[GatewayError], HTTPStatus] = {
    UnauthenticatedError: HTTPStatus.UNAUTHORIZED,
    ForbiddenError: HTTPStatus.FORBIDDEN,
    NotFoundError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
    TakenError: HTTPStatus.CONFLICT,
    VersionPassedError: HTTPStatus.PRECONDITION_FAILED,
    InvalidError: HTTPStatus.UNPROCESSABLE_ENTITY,
    WindowClosedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidCursorError: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidVersionError: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    TooManyAttemptsError: HTTPStatus.TOO_MANY_REQUESTS,
    UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    ChannelUnavailableError: HTTPStatus.BAD_GATEWAY,
    ChannelRefusedError: HTTPStatus.UNPROCESSABLE_ENTITY,
}

_UNAVAILABLE = (ServerSelectionTimeoutError, WaitQueueTimeoutError)
"""No database answered in time. This is not because the caller requested too much."""

_log = structlog.get_logger()


class FieldProblem(BaseModel):
    field: str
    """The place in the request: `body.members.0.agent_id`."""
    detail: str


class Problem(BaseModel):
    """What went wrong and what to do (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Conflict",
                    "status": 409,
                    "detail": "The username 'lan' is taken: choose another.",
                }
            ]
        }
    )

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None
    """With 422: each invalid field."""
    version: int | None = None
    """With 412: the present version."""
    agent_id: str | None = None
    """With 412, and with 409 after an attempt to take: the present assignee; omitted for nobody."""
    window_ended_at: datetime | None = None
    """With 422 to a reply: when the channel's time for replies ended; omitted if the customer has
    never written."""


_MEANINGS: Mapping[int, str] = {
    308: "The contact is a part of the one at `Location` now",
    400: "The request cannot be read",
    401: "No login, or one that has ended",
    403: "The viewer's role may not do this",
    404: "It does not exist, or the viewer may not see it",
    408: "The body did not arrive in time",
    409: "It conflicts with the present state",
    412: "Another change came first",
    413: "The body is longer than this route accepts",
    416: "There are no such bytes",
    422: "A field is wrong; `errors` names each",
    429: "Too many of these; `Retry-After` says when to try again",
    502: "The channel does not answer: try again",
    503: "Not now: `Retry-After` says when to try again",
}


def problems(*statuses: int) -> dict[int | str, dict[str, object]]:
    """The `responses` of a route that can answer with these problems."""
    return {
        status: {
            "description": _MEANINGS[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def schemas() -> dict[str, object]:
    """The JSON schemas that `problems` refers to, by name."""
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    parts: dict[str, object] = schema.pop("$defs")
    return {**parts, "Problem": schema}


def problem_response(
    status: HTTPStatus | int,
    detail: str,
    *,
    errors: list[FieldProblem] | None = None,
    version: int | None = None,
    agent_id: str | None = None,
    window_ended_at: datetime | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """One problem as a response."""
    problem = Problem(
        title=HTTPStatus(status).phrase,
        status=int(status),
        detail=detail,
        errors=errors,
        version=version,
        agent_id=agent_id,
        window_ended_at=window_ended_at,
    )
    return JSONResponse(
        problem.model_dump(mode="json", exclude_none=True),
        status_code=int(status),
        headers=dict(headers or {}),
        media_type=MEDIA_TYPE,
    )


def install(app: FastAPI) -> None:
    """Converts every error of `app` into a problem."""
    app.add_exception_handler(GatewayError, _answer_gateway_error)
    app.add_exception_handler(WindowClosedError, _answer_window_closed)
    app.add_exception_handler(MergedError, _answer_merged)
    app.add_exception_handler(RequestValidationError, _answer_not_valid)
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.add_exception_handler(RecordTooLargeError, _answer_too_large)
    app.add_exception_handler(LogUnavailableError, _answer_unavailable)
    app.add_exception_handler(PyMongoError, _answer_unavailable)
    app.add_exception_handler(Exception, _answer_unexpected)


_LATER = {"Retry-After": "1"}
"""The delay that every `503` suggests: views catch up, and brokers elect a leader, within
seconds."""


async def _answer_gateway_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, GatewayError):
        raise error
    answer = _describe_gateway_error(error)
    answer.background = find_refusal(request, error)
    return answer


def _describe_gateway_error(error: GatewayError) -> Response:
    status = _STATUS[type(error)]
    match error:
        case UnauthenticatedError():
            headers = {"WWW-Authenticate": "Bearer"}
            return problem_response(status, error.detail, headers=headers)
        case TooManyAttemptsError() | UnavailableError():
            headers = _LATER
            if isinstance(error, TooManyAttemptsError):
                headers = {"Retry-After": str(error.retry_after_s)}
            return problem_response(status, error.detail, headers=headers)
        case VersionPassedError(version=version, agent_id=agent_id):
            headers = {"ETag": f'"{version}"'}
            return problem_response(
                status, error.detail, version=version, agent_id=agent_id, headers=headers
            )
        case TakenError(agent_id=agent_id):
            return problem_response(status, error.detail, agent_id=agent_id)
        case InvalidError() | InvalidCursorError() | InvalidVersionError():
            errors = [FieldProblem(field=_location(error), detail=error.detail)]
            return problem_response(status, error.detail, errors=errors)
        case _:
            return problem_response(status, error.detail)


async def _answer_window_closed(_: Request, error: Exception) -> Response:
    if not isinstance(error, WindowClosedError):
        raise error
    status = _STATUS[WindowClosedError]
    return problem_response(status, error.detail, window_ended_at=error.ended_at)


async def _answer_merged(request: Request, error: Exception) -> Response:
    """Redirects to the same address with the id of the survivor."""
    if not isinstance(error, MergedError):
        raise error
    path = request.url.path.replace(f"/{error.contact_id}", f"/{error.survivor}", 1)
    location = str(request.url.replace(path=path).remove_query_params("after"))
    headers = {"Location": location.removeprefix(f"{request.url.scheme}://{request.url.netloc}")}
    return problem_response(HTTPStatus.PERMANENT_REDIRECT, error.detail, headers=headers)


def _location(error: InvalidError | InvalidCursorError | InvalidVersionError) -> str:
    """The place of the mistake in the request."""
    match error:
        case InvalidError(field=field):
            return f"body.{field}" if field else "body"
        case InvalidCursorError():
            return "query.cursor"
        case InvalidVersionError():
            return "header.if-match"


async def _answer_not_valid(_: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    found = error.errors()
    if any(one["type"] == "json_invalid" for one in found):
        return problem_response(HTTPStatus.BAD_REQUEST, "The body is no JSON.")
    errors = [
        FieldProblem(
            field=".".join(str(part) for part in one["loc"])[:PLACE_CHARACTERS], detail=one["msg"]
        )
        for one in found[:ERRORS_LISTED]
    ]
    detail = "; ".join(f"{one.field}: {one.detail}" for one in errors)
    return problem_response(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=errors)


async def _answer_http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    path = request.url.path[:PLACE_CHARACTERS]
    detail = {
        HTTPStatus.NOT_FOUND: f"There is nothing at {path}.",
        HTTPStatus.METHOD_NOT_ALLOWED: f"{path} does not take {request.method[:PLACE_CHARACTERS]}.",
    }.get(HTTPStatus(error.status_code), str(error.detail))
    return problem_response(error.status_code, detail, headers=error.headers)


async def _answer_unavailable(request: Request, error: Exception) -> Response:
    _log.warning("request_not_served", path=request.url.path, error=repr(error))
    detail = "A server behind this one does not answer: try again; repeating is safe."
    if isinstance(error, PyMongoError) and error.timeout and not isinstance(error, _UNAVAILABLE):
        detail = "This takes longer than it may: ask for less, such as one page or channel."
    return problem_response(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers=_LATER)


async def _answer_too_large(request: Request, error: Exception) -> Response:
    """Cannot happen within the limits of all fields; handles a limit that was computed wrongly."""
    _log.warning("request_too_large_for_the_log", path=request.url.path, error=str(error))
    detail = "All of it together is more than the log accepts: make it shorter, or split it."
    return problem_response(HTTPStatus.UNPROCESSABLE_ENTITY, detail)


async def _answer_unexpected(request: Request, error: Exception) -> Response:
    _log.error("request_failed", path=request.url.path, error=repr(error))
    detail = "This is an error of the server, and was logged. Try again later."
    return problem_response(HTTPStatus.INTERNAL_SERVER_ERROR, detail)
