"""The settings of an organization."""

from fastapi import APIRouter, Response
from msgspec.structs import replace
from pydantic import ConfigDict, Field

from tuyen_directory.organization import Organization
from tuyen_events.directory import SettingsChanged
from tuyen_events.limits import DONE_AFTER_HOURS
from tuyen_events.vocabulary import Merging, Visibility, WhenNobody
from tuyen_gateway.api.bodies import RequestBody, Versioned
from tuyen_gateway.api.dependencies import (
    Administrator,
    AfterVersion,
    GatewayPorts,
    SetupReader,
)
from tuyen_gateway.api.etags import set_etag
from tuyen_gateway.api.problems import problems
from tuyen_gateway.api.words import Known
from tuyen_gateway.domain.changes import check_settings

router = APIRouter(prefix="/settings", tags=["settings"])


class SettingsIn(RequestBody):
    """Fields that are omitted (or null) keep their value."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"assignment": True, "auto_assign": True, "visibility": "own_only"}]
        }
    )

    page_permissions: bool | None = None
    """Agents work on the pages that they were given, and see no others (R1.4, R7.1)."""
    assignment: bool | None = None
    """Conversations may be assigned at all."""
    visibility: Visibility | None = None
    """How much agents see of other agents' conversations (R7)."""
    auto_assign: bool | None = None
    """Rules assign new conversations; needs `assignment`."""
    auto_reassign: bool | None = None
    """A customer whose agent is offline gets another one (R3.3); needs `auto_assign`."""
    when_nobody: Known[WhenNobody] | None = None
    """What happens to a conversation without a candidate (R5)."""
    take_unassigned: bool | None = None
    """Agents may take unassigned conversations (R6.6)."""
    done_after_hours: int | None = Field(default=None, ge=0, le=DONE_AFTER_HOURS)
    """Hours without an event after which a conversation is done (I12); 0 is never."""
    merge_contacts: Merging | None = None
    """What happens if contacts with different owners have a phone number or email in common: the
    merge is proposed to their managers, or the contacts are merged at once (C2)."""


class SettingsView(Versioned):
    page_permissions: bool
    assignment: bool
    visibility: Visibility
    auto_assign: bool
    auto_reassign: bool
    when_nobody: WhenNobody
    take_unassigned: bool
    done_after_hours: int
    merge_contacts: Merging
    revision: int
    """Rises by one with each change; 0 if nothing was ever set. Assignments refer to it (R9.4)."""


@router.put("", summary="Change settings", responses=problems(403))
async def put_settings(
    body: SettingsIn, caller: Administrator, gateway: GatewayPorts, response: Response
) -> SettingsView:
    """For the role `system_admin`. A change applies from everybody's next request on (R7.4).
    Switching something off removes no assignment that was made while it was on."""
    given = body.model_dump(exclude_none=True)
    by, now = caller.viewer.agent_id, gateway.clock.now()

    def decide(organization: Organization) -> SettingsChanged:
        before = organization.settings
        change: SettingsChanged = replace(
            before, by=by, at=now, version=before.version + 1, **given
        )
        check_settings(change)
        return change

    stored = await gateway.directory.change(caller.organization.id, decide)
    set_etag(response, stored.version)
    return _view(stored.value, stored.version)


@router.get("", summary="The settings", dependencies=[AfterVersion], responses=problems(403))
async def get_settings(caller: SetupReader, response: Response) -> SettingsView:
    """For managing roles."""
    stored = caller.organization.stored_settings
    version = 0 if stored is None else stored.version
    set_etag(response, version)
    return _view(caller.organization.settings, version)


def _view(settings: SettingsChanged, version: int) -> SettingsView:
    return SettingsView(
        page_permissions=settings.page_permissions,
        assignment=settings.assignment,
        visibility=settings.visibility,
        auto_assign=settings.auto_assign,
        auto_reassign=settings.auto_reassign,
        when_nobody=settings.when_nobody,
        take_unassigned=settings.take_unassigned,
        done_after_hours=settings.done_after_hours,
        merge_contacts=settings.merge_contacts,
        revision=settings.version,
        version=version,
    )
