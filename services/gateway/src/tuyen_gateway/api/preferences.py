"""An agent's preferences (I15): the gateway keeps them, and their program knows what they mean."""

import json
import math
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError
from starlette.responses import JSONResponse

from tuyen_events.limits import (
    ID_CHARACTERS,
    PREFERENCES_BYTES,
    PREFERENCES_DEPTH,
    PREFERENCES_OF_AGENT,
)
from tuyen_gateway.api.dependencies import AfterDeskVersion, CurrentCaller, GatewayPorts
from tuyen_gateway.api.editors import editor_of
from tuyen_gateway.api.etags import set_etag
from tuyen_gateway.api.problems import problems

router = APIRouter(prefix="/me/preferences", tags=["templates and views"])

_LARGEST = 2**53
"""Beyond it, programs that read JSON disagree about whole numbers."""


class Preferences(BaseModel):
    """Everything that an agent prefers. Other names than these are kept as they are, within the
    limits."""

    model_config = ConfigDict(
        extra="allow",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"language": "vi", "theme": "dark", "sound": True, "panes": {"contact": 320}}
            ]
        },
    )

    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")] | None = (
        None
    )
    """A language tag (BCP 47): `vi`, `en-GB`."""
    theme: Annotated[str, Field(max_length=ID_CHARACTERS)] | None = None
    sound: bool | Annotated[str, Field(max_length=ID_CHARACTERS)] | None = None
    """Whether a new message makes a sound, or which."""

    @model_validator(mode="before")
    @classmethod
    def _within_limits(cls, given: object) -> object:
        if isinstance(given, dict):
            _check_limits(given)
        return given


def _check_limits(preferences: dict[str, Any]) -> None:
    if len(preferences) > PREFERENCES_OF_AGENT:
        raise _refusal(f"There are at most {PREFERENCES_OF_AGENT} preferences.")
    left: list[tuple[object, int]] = [(preferences, 1)]
    while left:
        value, depth = left.pop()
        match value:
            case dict() | list():
                if depth > PREFERENCES_DEPTH:
                    raise _refusal(
                        f"Objects and lists are at most {PREFERENCES_DEPTH} deep in each other."
                    )
                left += [(one, depth + 1) for one in _values(value)]
            case float() if not math.isfinite(value):
                raise _refusal("Infinite numbers, and what is no number, cannot be stored.")
            case int() if abs(value) > _LARGEST:
                raise _refusal(f"Whole numbers are at most {_LARGEST}.")
            case _:
                pass
    if len(json.dumps(preferences, ensure_ascii=False).encode()) > PREFERENCES_BYTES:
        raise _refusal(f"They have at most {PREFERENCES_BYTES} bytes.")


def _values(container: dict[str, Any] | list[Any]) -> list[Any]:
    if isinstance(container, list):
        return container
    if any(len(name) > ID_CHARACTERS for name in container):
        raise _refusal(f"Names have at most {ID_CHARACTERS} characters.")
    return list(container.values())


def _refusal(detail: str) -> PydanticCustomError:
    return PydanticCustomError("preferences", "{detail}", {"detail": detail})


@router.get(
    "",
    summary="My preferences",
    response_model=Preferences,
    dependencies=[AfterDeskVersion],
    responses=problems(403),
)
async def get_preferences(caller: CurrentCaller, gateway: GatewayPorts) -> Response:
    """What was put last, as it was put; an empty object before."""
    organization = caller.organization.id
    kept = gateway.desk.preferences(organization, caller.viewer.agent_id)
    response = JSONResponse(kept)
    set_etag(response, gateway.desk.version(organization))
    return response


@router.put(
    "", summary="Replace my preferences", response_model=Preferences, responses=problems(403)
)
async def put_preferences(
    body: Preferences, caller: CurrentCaller, gateway: GatewayPorts
) -> Response:
    """Replaces all of them: what is omitted is forgotten. The version is in `ETag`."""
    preferences = body.model_dump(mode="json", exclude_unset=True)
    version = await gateway.desk.put_preferences(editor_of(caller, gateway), preferences)
    response = JSONResponse(preferences)
    set_etag(response, version)
    return response
