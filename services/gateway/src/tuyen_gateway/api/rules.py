"""Assignment rules: who is chosen for new conversations, and how (R1, R2)."""

from fastapi import APIRouter, Response, status
from pydantic import ConfigDict, Field

from tuyen_directory.organization import Organization, StoredEntity, next_version
from tuyen_events.directory import Member, RuleChanged
from tuyen_events.ids import AgentId, PageId, RuleId
from tuyen_events.limits import AGENTS, CAPACITY, PAGES
from tuyen_events.vocabulary import AppliesTo, Capability, Strategy
from tuyen_gateway.api.bodies import ChosenId, Name, RequestBody, ResponseBody, Versioned
from tuyen_gateway.api.dependencies import (
    Administrator,
    AfterVersion,
    GatewayPorts,
    PathId,
    SetupReader,
)
from tuyen_gateway.api.etags import set_etag
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.positions import directory_position
from tuyen_gateway.api.problems import problems
from tuyen_gateway.api.words import Known
from tuyen_gateway.domain.changes import check_rule
from tuyen_gateway.errors import NotFoundError

router = APIRouter(prefix="/rules", tags=["rules"])


class MemberBody(RequestBody):
    """One agent of the pool."""

    agent_id: ChosenId
    capabilities: list[Known[Capability]] | None = Field(default=None, max_length=len(Capability))
    """The kinds of conversations that the member may handle; null is everything (R1.3)."""
    capacity: int | None = Field(default=None, ge=1, le=CAPACITY)
    """The most open conversations; null is no limit (R1.7)."""


class RuleIn(RequestBody):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Ca tối",
                    "enabled": True,
                    "mode": "sequential",
                    "applies_to": "online",
                    "pages": None,
                    "members": [
                        {"agent_id": "lan"},
                        {"agent_id": "minh", "capabilities": ["facebook_comment"]},
                    ],
                }
            ]
        }
    )

    name: Name
    enabled: bool
    mode: Known[Strategy] = Strategy.SEQUENTIAL
    applies_to: Known[AppliesTo] = AppliesTo.ONLINE
    pages: list[ChosenId] | None = Field(default=None, max_length=PAGES, fail_fast=True)
    """The pages that it covers; null is the default rule, for pages that no rule names."""
    members: list[MemberBody] = Field(default=[], max_length=AGENTS, fail_fast=True)
    """The pool, in the order of the rotation; an empty one includes everybody of role `agent`
    (R1.1)."""


class MemberView(ResponseBody):
    """As it was stored, whatever the limits were at that time."""

    agent_id: str
    capabilities: list[Capability] | None
    capacity: int | None


class RuleView(Versioned):
    id: str
    name: str
    enabled: bool
    mode: Strategy
    applies_to: AppliesTo
    pages: list[str] | None
    members: list[MemberView]
    revision: int
    """Rises by one with each change of this rule. It is never used again, not even when the rule is
    removed and another one is created under its id."""


@router.put("/{rule_id}", summary="Add or change a rule", responses=problems(403))
async def put_rule(
    rule_id: PathId, body: RuleIn, caller: Administrator, gateway: GatewayPorts, response: Response
) -> RuleView:
    """For the role `system_admin`. Changing a rule keeps its place in the rotation (R2.4). Of
    several enabled rules that name a page, or of several enabled default rules, the one with the
    smallest id counts: so one can be replaced by another without a moment in which there is
    none."""
    by, now = caller.viewer.agent_id, gateway.clock.now()

    def decide(organization: Organization) -> RuleChanged:
        # The number of each record is higher than the last and at least its time in milliseconds,
        # so no earlier rule with this id reached this revision.
        first = next_version(organization.version, int(now.timestamp() * 1000))
        before = organization.rules.get(RuleId(rule_id))
        change = RuleChanged(
            organization=organization.id,
            by=by,
            at=now,
            id=RuleId(rule_id),
            name=body.name,
            enabled=body.enabled,
            mode=body.mode,
            applies_to=body.applies_to,
            pages=None if body.pages is None else tuple(PageId(page) for page in body.pages),
            members=tuple(_member(member) for member in body.members),
            version=first if before is None else before.value.version + 1,
        )
        check_rule(organization, change)
        return change

    stored = await gateway.directory.change(caller.organization.id, decide)
    set_etag(response, stored.version)
    return _view(stored)


@router.get("", summary="List the rules", dependencies=[AfterVersion], responses=problems(403))
async def list_rules(
    caller: SetupReader, gateway: GatewayPorts, paging: CurrentPaging
) -> Listed[RuleView]:
    """For managing roles; in the order of their ids."""
    rules = sorted(caller.organization.rules.values(), key=lambda stored: stored.value.id)
    page, following = paging.cut(rules, lambda stored: stored.value.id)
    return Listed(
        items=[_view(stored) for stored in page],
        next=following,
        position=directory_position(gateway, caller.organization.id),
    )


@router.get(
    "/{rule_id}", summary="One rule", dependencies=[AfterVersion], responses=problems(403, 404)
)
async def get_rule(rule_id: PathId, caller: SetupReader, response: Response) -> RuleView:
    """For managing roles."""
    stored = caller.organization.rules.get(RuleId(rule_id))
    if stored is None:
        raise NotFoundError(f"There is no rule {rule_id!r}.")
    set_etag(response, stored.version)
    return _view(stored)


@router.delete(
    "/{rule_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Remove a rule",
    responses=problems(403, 404),
)
async def delete_rule(
    rule_id: PathId, caller: Administrator, gateway: GatewayPorts, response: Response
) -> None:
    """For the role `system_admin`. What it has assigned stays assigned."""
    version = await gateway.directory.remove(
        caller.organization.id, "rule", rule_id, caller.viewer.agent_id, lambda _: None
    )
    set_etag(response, version)


def _member(member: MemberBody) -> Member:
    return Member(
        agent_id=AgentId(member.agent_id),
        capabilities=None if member.capabilities is None else tuple(member.capabilities),
        capacity=member.capacity,
    )


def _view(stored: StoredEntity[RuleChanged]) -> RuleView:
    rule = stored.value
    return RuleView(
        id=rule.id,
        name=rule.name,
        enabled=rule.enabled,
        mode=rule.mode,
        applies_to=rule.applies_to,
        pages=None if rule.pages is None else list(rule.pages),
        members=[
            MemberView(
                agent_id=member.agent_id,
                capabilities=None if member.capabilities is None else list(member.capabilities),
                capacity=member.capacity,
            )
            for member in rule.members
        ],
        revision=rule.version,
        version=stored.version,
    )
