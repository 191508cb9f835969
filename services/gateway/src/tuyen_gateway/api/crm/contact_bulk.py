"""Changes of many contacts at once (S3, W5)."""

from typing import Annotated, Any, Self

from fastapi import APIRouter, status
from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from tuyen_directory.usernames import compose_unicode
from tuyen_events.crm.shares import CareStatus
from tuyen_events.crm.tags import fold_tag
from tuyen_events.crm_limits import TAG_CHARACTERS
from tuyen_events.ids import AgentId, ContactId
from tuyen_events.jobs import ContactsChangeRequested
from tuyen_events.limits import (
    BULK_IDS,
    CRM_SETUP_ENTITIES,
    NOTE_CHARACTERS,
    TAGS,
)
from tuyen_gateway.api.bodies import ChosenId, RequestBody
from tuyen_gateway.api.crm.contact_list import ContactSelectionIn, read_selection
from tuyen_gateway.api.crm.entities import LEFT_OUT, list_given_fields
from tuyen_gateway.api.dependencies import CurrentCaller, GatewayPorts
from tuyen_gateway.api.jobs import JobView, find_job, job_view, new_job_id
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.changes import check_active_agent
from tuyen_gateway.errors import InvalidError

router = APIRouter(prefix="/contacts", tags=["contacts"])

ContactTag = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=TAG_CHARACTERS),
    AfterValidator(compose_unicode),
]
StepText = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9._-]{1,64}:[A-Za-z0-9._-]{1,64}$")]
Tags = Annotated[list[ContactTag], Field(max_length=TAGS, fail_fast=True)]
StepsByPipeline = Annotated[dict[ChosenId, ChosenId | None], Field(max_length=CRM_SETUP_ENTITIES)]


class TagChange(RequestBody):
    add: Tags = Field(default_factory=list)
    remove: Tags = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_or_the_other(self) -> Self:
        if {fold_tag(each) for each in self.add} & {fold_tag(each) for each in self.remove}:
            raise PydanticCustomError("tags", "Either add a tag or remove it.")
        return self


class ContactChange(RequestBody):
    """What is omitted stays as it is; null empties a field. Who may change `assignee` and
    `warehouse_id` is as for one contact."""

    assignee: ChosenId | None = None
    warehouse_id: ChosenId = LEFT_OUT
    campaign_id: ChosenId | None = None
    care_status: CareStatus | None = None
    tags: TagChange = LEFT_OUT
    step: StepsByPipeline | StepText = LEFT_OUT
    """`{"retail": "quoted"}`, where null takes the contacts out of the pipeline; or one step as the
    filter of the list has it, `retail:quoted`, if neither id contains a colon."""

    def to_fields(self) -> dict[str, Any]:
        """The fields of the job that the body names."""
        given = list_given_fields(self)
        tags, step = given.pop("tags", TagChange()), given.pop("step", {})
        if isinstance(step, str):
            pipeline, _, id_ = step.partition(":")
            step = {pipeline: id_}
        return {
            **given,
            "tags_added": tuple(tags.add),
            "tags_removed": tuple(tags.remove),
            "steps": step,
        }


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
    filter: ContactSelectionIn | None = None
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
    """Gives a campaign, a care status, an assignee, another warehouse, tags or a step of a pipeline
    to the contacts in `ids`, or to all that match `filter` and the caller may read, however many
    they are: to each of them all of `set`, or nothing.

    Answers at once with a job that continues by itself, even if a gateway stops meanwhile; `GET
    /v1/jobs/{id}` shows its progress. A contact is skipped, and listed with the reason, if it does
    not exist or the caller may not see it (`not_found`), if it is only shared with the caller
    (`read_only`), if the caller may not assign or move it (`not_allowed`), if it would have too
    many tags (`too_many`), if somebody changes it first, so that it does not match `filter` any
    more (`version_passed`), if there is no such campaign (`no_campaign`), warehouse
    (`no_warehouse`) or step (`unknown_reference`), and if the CRM could not carry it out and an
    operator has to look why (`failed`).
    """
    if (body.ids is None) == (body.filter is None):
        raise InvalidError("", "Name the contacts either by `ids` or by `filter`.")
    if not body.set.model_fields_set:
        raise InvalidError("set", "Say what to set: `assignee`, `campaign_id`, for example.")
    changed = body.set.to_fields()
    if (assignee := changed.get("assignee")) is not None:
        check_active_agent(caller.organization, "set.assignee", AgentId(assignee))
    selection = None
    if body.filter is not None:
        selection = await read_selection(gateway, caller, body.filter)
    request = ContactsChangeRequested(
        job_id=new_job_id(),
        organization=caller.organization.id,
        at=gateway.clock.now(),
        by=caller.viewer.agent_id,
        note=body.note,
        contact_ids=tuple(ContactId(one) for one in body.ids or ()),
        selection=selection,
        **changed,
    )
    await gateway.jobs.ask(request)
    return job_view(find_job(gateway, caller, request.job_id))
