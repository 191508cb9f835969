"""The parameters of a call, wherever the caller put them: query, JSON, form or multipart."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Message

from tuyen_platform.bodies import read_body

JsonObject = dict[str, Any]

BODY_BYTES = 32 * 1024 * 1024
"""Above the largest attachment that a channel takes (25 MB)."""

_MOST_FIELDS = 200
_MOST_FILES = 5
_FIELD_BYTES = 1024 * 1024
_SECRETS = frozenset(
    {
        "access_token",
        "appsecret_proof",
        "client_secret",
        "code",
        "code_verifier",
        "fb_exchange_token",
        "input_token",
        "refresh_token",
    }
)


class UnreadableParametersError(Exception):
    """The body is not what its content type says."""


@dataclass(frozen=True, slots=True)
class UploadedPart:
    """A file in a multipart body. `content_type` is None if the part has no such header."""

    name: str
    content_type: str | None
    content: bytes


@dataclass(frozen=True, slots=True)
class Parameters:
    """`values` has strings where they came in a query or a form, any JSON where they came in
    JSON."""

    values: JsonObject
    files: Mapping[str, UploadedPart] = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        """A parameter as text; None if it is missing, or is no text, number or truth value."""
        value = self.values.get(name)
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value) if isinstance(value, str | int | float) else None

    def structure(self, name: str) -> JsonObject | None:
        """A parameter that is a JSON object, also one that is written as text in a form."""
        value = self.values.get(name)
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                return None
        return value if isinstance(value, dict) else None

    def without_secrets(self) -> JsonObject:
        """All parameters that may be shown, and what there is to say of each file."""
        shown = {name: value for name, value in self.values.items() if name not in _SECRETS}
        for name, file in self.files.items():
            shown[name] = {
                "name": file.name,
                "content_type": file.content_type,
                "size": len(file.content),
            }
        return shown


def text_of(value: Any) -> str | None:
    """An id as text: callers write some as numbers."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value) or None


async def read_parameters(request: Request) -> Parameters:
    """Reads the whole request; a parameter of the body replaces one of the query.

    Raises UnreadableParametersError, and BodyRefusedError and CallerGoneError as `read_body` does.
    """
    values: JsonObject = dict(request.query_params)
    body = await read_body(request.scope, request.receive, max_bytes=BODY_BYTES)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return await _read_form(request, body, values)
    if body.strip():
        values.update(_decode(body))
    return Parameters(values)


def _decode(body: bytes) -> JsonObject:
    try:
        decoded = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnreadableParametersError from error
    if not isinstance(decoded, dict):
        raise UnreadableParametersError
    return decoded


async def _read_form(request: Request, body: bytes, values: JsonObject) -> Parameters:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    files: dict[str, UploadedPart] = {}
    # With an application in its scope, starlette would raise an HTTPException of its own.
    scope = {name: value for name, value in request.scope.items() if name != "app"}
    try:
        async with Request(scope, receive).form(
            max_files=_MOST_FILES, max_fields=_MOST_FIELDS, max_part_size=_FIELD_BYTES
        ) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    content = await value.read()
                    files[name] = UploadedPart(value.filename or "", value.content_type, content)
                else:
                    values[name] = value
    except (MultiPartException, ValueError, LookupError) as error:
        raise UnreadableParametersError from error
    return Parameters(values, files)
