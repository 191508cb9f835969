"""A shop for tables of given, when and then: everything is set up in one line."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from support.directory import organization
from tuyen_events.assignments import AssignmentEvent
from tuyen_events.commands import AssignConversation, CommandSettled, MarkConversationDone
from tuyen_events.directory import (
    AgentChanged,
    DepartmentChanged,
    DirectoryEvent,
    GroupChanged,
    LinkChanged,
    Member,
    PageChanged,
    RegionChanged,
    RuleChanged,
    SettingsChanged,
    SupportTeamChanged,
)
from tuyen_events.ids import (
    AgentId,
    ConversationId,
    CustomerId,
    DepartmentId,
    GroupId,
    LinkId,
    OrganizationId,
    PageId,
    RegionId,
    RuleId,
    event_id,
)
from tuyen_events.routing import ChoiceMade, ChoiceRequested, Position, Purpose, Verdict
from tuyen_events.vocabulary import (
    AppliesTo,
    Channel,
    ConversationKind,
    Presence,
    Reason,
    Role,
    Strategy,
)
from tuyen_router.domain.arrivals import Arrival
from tuyen_router.domain.candidates import build_pool
from tuyen_router.domain.customer_state import CustomerState
from tuyen_router.domain.decisions import ConversationIdentity, Decision, apply_decision
from tuyen_router.domain.organization import OrganizationState
from tuyen_router.domain.pool_cache import PoolCache
from tuyen_router.domain.pools import Pool

AT = datetime(2026, 1, 5, 8, tzinfo=UTC)
SHOP = OrganizationId("shop")
PAGE = PageId("page")
CUSTOMER = CustomerId("cus")
THREAD = ConversationId("msg")
LIVE = ConversationId("live")
COMMENT = ConversationId("cmt")
A, B, C = AgentId("a"), AgentId("b"), AgentId("c")
KINDS = {
    THREAD: ConversationKind.MESSAGE,
    LIVE: ConversationKind.LIVESTREAM,
    COMMENT: ConversationKind.COMMENT,
}


def agent(name: str, role: Role = Role.AGENT, *, disabled: bool = False) -> AgentChanged:
    return AgentChanged(
        organization=SHOP,
        at=AT,
        id=AgentId(name),
        name=name,
        username=name,
        role=role,
        disabled=disabled,
    )


def rule(name: str = "r", members: Iterable[str] = ("a", "b", "c"), **changes: Any) -> RuleChanged:
    fields: dict[str, Any] = {
        "enabled": True,
        "mode": Strategy.SEQUENTIAL,
        "applies_to": AppliesTo.ONLINE,
        "members": tuple(Member(agent_id=AgentId(each)) for each in members),
    }
    return RuleChanged(
        organization=SHOP, at=AT, id=RuleId(name), name=name, **{**fields, **changes}
    )


def page(name: str = "page", staff: Iterable[str] = ()) -> PageChanged:
    return PageChanged(
        organization=SHOP,
        at=AT,
        id=PageId(name),
        channel=Channel.FACEBOOK,
        external_id=name,
        name=name,
        staff=tuple(map(AgentId, staff)),
    )


def department(name: str) -> DepartmentChanged:
    return DepartmentChanged(organization=SHOP, at=AT, id=DepartmentId(name), name=name)


def region(of: str, name: str) -> RegionChanged:
    return RegionChanged(
        organization=SHOP,
        at=AT,
        department_id=DepartmentId(of),
        id=RegionId(name),
        name=name,
    )


def group(name: str, members: str) -> GroupChanged:
    return GroupChanged(
        organization=SHOP,
        at=AT,
        id=GroupId(name),
        name=name,
        members=tuple(map(AgentId, members)),
    )


def link(url: str, to: str) -> LinkChanged:
    return LinkChanged(organization=SHOP, at=AT, id=LinkId(url), url=url, group=GroupId(to))


def shop(
    *,
    online: str = "abc",
    away: str = "",
    agents: Iterable[AgentChanged] = (agent("a"), agent("b"), agent("c")),
    rules: Iterable[RuleChanged] = (rule(),),
    pages: Iterable[PageChanged] = (page(),),
    team: str = "",
    suspended: bool = False,
    **settings: Any,
) -> OrganizationState:
    """Rules assign, and a, b and c are there, unless something else is said."""
    presence = {AgentId(each): Presence.ONLINE for each in online}
    presence |= {AgentId(each): Presence.AWAY for each in away}
    chosen: dict[str, Any] = {"assignment": True, "auto_assign": True, **settings}
    changes: list[DirectoryEvent] = [
        SettingsChanged(organization=SHOP, at=AT, **chosen),
        *agents,
        *pages,
        *rules,
    ]
    if team:
        members = tuple(map(AgentId, team))
        changes.append(SupportTeamChanged(organization=SHOP, at=AT, agent_ids=members))
    return organization(SHOP, changes, presence=presence, suspended=suspended)


def pool_of(organization: OrganizationState, *wants: Any, **named: Any) -> Pool:
    """Whom the organization chooses from for an event, as a cache that knows nothing has it."""
    return build_pool(PoolCache().pools_of(organization), *wants, **named)


def arrival(
    offset: int, conversation: ConversationId = THREAD, event: str | None = None, **fields: Any
) -> Arrival:
    """An event at an offset; its id is of the offset unless another is given."""
    return Arrival(
        event_id=event_id(event or str(offset)),
        conversation=ConversationIdentity(
            id=conversation,
            kind=KINDS[conversation],
            organization=SHOP,
            page_id=PAGE,
            customer_id=CUSTOMER,
        ),
        channel=Channel.FACEBOOK,
        position=at("inbound", offset),
        at=AT,
        **fields,
    )


def at(topic: str, offset: int) -> Position:
    return Position(topic=topic, partition=3, offset=offset)


def request(offset: int = 0, conversation: ConversationId = THREAD, **fields: Any) -> Any:
    """What stage 1 asks because of the inbound record at an offset."""
    chosen: dict[str, Any] = {"purpose": Purpose.FIRST, "page_id": PAGE, "organization": SHOP}
    return ChoiceRequested(
        request_id=f"inbound/3/{offset}",
        conversation_id=conversation,
        customer_id=CUSTOMER,
        kind=KINDS[conversation],
        channel=Channel.FACEBOOK,
        seed=event_id(str(offset)),
        cause=at("inbound", offset),
        at=AT,
        **{**chosen, **fields},
    )


def answer(
    asked: ChoiceRequested, verdict: Verdict, chosen: AgentId | None = None, **fields: Any
) -> ChoiceMade:
    return ChoiceMade(
        request_id=asked.request_id,
        organization=asked.organization,
        page_id=asked.page_id,
        conversation_id=asked.conversation_id,
        customer_id=asked.customer_id,
        kind=asked.kind,
        purpose=asked.purpose,
        verdict=verdict,
        agent_id=chosen,
        rule_id=RuleId("r"),
        mode=Strategy.SEQUENTIAL,
        seed=asked.seed,
        at=AT,
        **fields,
    )


def assign(
    chosen: AgentId | None, conversation: ConversationId = THREAD, **fields: Any
) -> AssignConversation:
    chosen_by: dict[str, Any] = {"by": AgentId("manager"), **fields}
    return AssignConversation(
        command_id="command",
        organization=SHOP,
        page_id=PAGE,
        conversation_id=conversation,
        customer_id=CUSTOMER,
        customer_external_id="x",
        kind=KINDS[conversation],
        agent_id=chosen,
        at=AT,
        **chosen_by,
    )


def mark_done(
    conversation: ConversationId = THREAD,
    *,
    done: bool = True,
    seen: int = -1,
    by: AgentId | None = A,
) -> MarkConversationDone:
    """`seen` is the inbound offset up to which the caller knows the conversation."""
    return MarkConversationDone(
        command_id="command",
        organization=SHOP,
        page_id=PAGE,
        conversation_id=conversation,
        customer_id=CUSTOMER,
        customer_external_id="x",
        kind=KINDS[conversation],
        done=done,
        seen_events=1,
        seen_offset=seen,
        by=by,
        at=AT,
    )


def fold(state: CustomerState, decisions: Iterable[Decision]) -> list[Decision]:
    """Folds decisions, and hands them back."""
    folded = list(decisions)
    for decision in folded:
        apply_decision(state, decision)
    return folded


def records(decisions: Iterable[Decision]) -> list[tuple[str, AgentId | None, Reason]]:
    """What the assignment records among them say: conversation, agent, reason."""
    return [
        (each.conversation_id, each.agent_id, each.reason)
        for each in decisions
        if isinstance(each, AssignmentEvent)
    ]


def requests(decisions: Iterable[Decision]) -> list[tuple[str, Purpose]]:
    return [
        (each.request_id, each.purpose) for each in decisions if isinstance(each, ChoiceRequested)
    ]


def settled(decisions: Iterable[Decision]) -> CommandSettled:
    """The one result among them."""
    (result,) = [each for each in decisions if isinstance(each, CommandSettled)]
    return result
