"""Many contacts at once (S3)."""

from typing import Annotated, Any

from fastapi import APIRouter, status
from msgspec import UNSET
from pydantic import ConfigDict, Field, StringConstraints

from tuyen_events.crm.shares import CareStatus
from tuyen_events.ids import ContactId
from tuyen_events.jobs import ContactsChangeRequested
from tuyen_events.limits import BULK_IDS, NOTE_CHARACTERS, QUERY_CHARACTERS
from tuyen_gateway.api.bodies import ChosenId, RequestBody
from tuyen_gateway.api.crm.access import load_scope
from tuyen_gateway.api.crm.entities import given_fields
from tuyen_gateway.api.dependencies import Caller, CurrentCaller, GatewayPorts
from tuyen_gateway.api.jobs import JobView, find_job, job_view, new_job_id
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.contact_filter import ContactFilter
from tuyen_gateway.domain.contact_visibility import Sight
from tuyen_gateway.errors import InvalidError
from tuyen_gateway.gateway import Gateway

router = APIRouter(prefix="/contacts", tags=["contacts"])

_PAGE = 1_000


class ContactSelection(RequestBody):
    """All contacts that match by now, among those that the caller may change."""

    q: Annotated[str, StringConstraints(min_length=1, max_length=QUERY_CHARACTERS)] | None = None
    """A part of the name, accents ignored."""


class ContactChange(RequestBody):
    """What is omitted stays as it is; null empties a field."""

    campaign_id: ChosenId | None = None
    care_status: CareStatus | None = None


class ContactBulkIn(RequestBody):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "ids": ["con_fa225c17f85f00afa6d32251"],
                    "set": {"campaign_id": "tet-2027", "care_status": "multi_assign_pending"},
                }
            ]
        }
    )

    ids: list[ChosenId] | None = Field(
        default=None, min_length=1, max_length=BULK_IDS, fail_fast=True
    )
    filter: ContactSelection | None = None
    set: ContactChange
    note: str | None = Field(default=None, max_length=NOTE_CHARACTERS)


@router.post(
    "/bulk",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Change many contacts",
    responses=problems(403, 429),
)
async def change_contacts(
    body: ContactBulkIn, caller: CurrentCaller, gateway: GatewayPorts
) -> JobView:
    """Gives a campaign, a care status or both to the contacts in `ids`, or to those that match
    `filter`.

    Answers at once with a job that continues by itself, even if a gateway stops meanwhile; `GET
    /v1/jobs/{id}` shows its progress. A contact is skipped, and listed with the reason, if it does
    not exist or the caller may not see it (`not_found`), if it is only shared with the caller
    (`read_only`), and if there is no such campaign (`no_campaign`).
    """
    if not body.set.model_fields_set:
        raise InvalidError("set", "Say what to set: `campaign_id`, `care_status`, or both.")
    changed: dict[str, Any] = {"campaign_id": UNSET, "care_status": UNSET, **given_fields(body.set)}
    request = ContactsChangeRequested(
        job_id=new_job_id(),
        organization=caller.organization.id,
        at=gateway.clock.now(),
        by=caller.viewer.agent_id,
        note=body.note,
        contact_ids=await _list_contacts(gateway, caller, body),
        **changed,
    )
    await gateway.jobs.ask(request)
    return job_view(find_job(gateway, caller, request.job_id))


async def _list_contacts(
    gateway: Gateway, caller: Caller, body: ContactBulkIn
) -> tuple[ContactId, ...]:
    if (body.ids is None) == (body.filter is None):
        raise InvalidError("", "Name the contacts either by `ids` or by `filter`.")
    if body.filter is None:
        return tuple(ContactId(one) for one in body.ids or ())
    scope = await load_scope(gateway, caller)
    wanted = ContactFilter(words=(body.filter.q or "").strip())
    found: list[ContactId] = []
    after: str | None = None
    while True:
        page = await gateway.crm.contacts(scope, wanted, _PAGE, after)
        found += [each.document.id for each in page.items if each.sight is Sight.WRITE]
        if len(found) > BULK_IDS:
            raise InvalidError(
                "filter", f"It matches more than {BULK_IDS} contacts: name fewer at a time."
            )
        if page.following is None:
            return tuple(found)
        after = page.following
