"""R1: who may be chosen."""

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from tuyen_events.directory import AgentChanged, Member, RuleChanged
from tuyen_events.ids import AgentId, GroupId, PageId
from tuyen_events.pools import Excluded
from tuyen_events.vocabulary import (
    AppliesTo,
    Capability,
    Channel,
    ConversationKind,
    Exclusion,
    Presence,
    Role,
)
from tuyen_router.domain.loads import Totals, full_by
from tuyen_router.domain.organization import Organization, Team
from tuyen_router.domain.pools import UNKNOWN, Offer, Pool

MEMBERS_KEPT = 1_000_000
"""Of an organization, so many members of pools are kept, those of one rule once for each pool."""
_BESIDE = 32
"""What a pool takes beside its members, in members."""

_K = TypeVar("_K")
_V = TypeVar("_V")


def capability_for(channel: Channel, kind: ConversationKind) -> Capability:
    """What a member must be able to do for an event of this channel and kind (R1.3)."""
    match channel:
        case Channel.FACEBOOK:
            if kind is ConversationKind.MESSAGE:
                return Capability.FACEBOOK_MESSAGE
            return Capability.FACEBOOK_COMMENT
        case Channel.ZALO:
            return Capability.ZALO_MESSAGE
        case Channel.LIVECHAT:
            return Capability.LIVECHAT_MESSAGE


def may_answer(organization: Organization, agent: AgentId, page: PageId) -> bool:
    """Whether the agent may have conversations of the page at all: R1.4 and R1.8.

    This binds a manager's choice (R6.2) and ends a stickiness (R3.4) as well.
    """
    found = organization.agents.get(agent)
    return found is not None and not found.disabled and _holds(organization, agent, page)


def is_outside(
    organization: Organization, agent: AgentId, department: str | None, region: str | None
) -> bool:
    """R3.7: whether the agent is not of the department, or of the region, that a visitor names."""
    if department is None:
        return False
    found = organization.agents.get(agent)
    if found is None or department not in organization.departments:
        return True
    if region is not None and f"{department}/{region}" not in organization.regions:
        return True
    return not _belongs(found, department, region)


def rule_for(organization: Organization, page: PageId) -> RuleChanged | None:
    """The enabled rule that covers the page: one that names it, else a default rule (R1.1).

    Of several, the one with the smallest id.
    """
    enabled = [rule for _, rule in sorted(organization.rules.items()) if rule.enabled]
    named = (rule for rule in enabled if rule.pages is not None and page in rule.pages)
    default = (rule for rule in enabled if rule.pages is None)
    return next(named, None) or next(default, None)


def pool_for(
    organization: Organization,
    page: PageId,
    capability: Capability,
    *,
    department: str | None = None,
    region: str | None = None,
    page_url: str | None = None,
) -> Pool:
    """Whom the page's rule chooses from for an event, and who of them may be chosen now.

    That is R1.1 to R1.6 and R1.8; what cuts off candidates for one conversation alone is `offered`.
    There are as many pools as the organization has set up kinds of event, whatever visitors say.
    """
    group = None if page_url is None else _group_of(organization, page_url)
    if department is None:
        region = None  # a region is one of a department
    elif department not in organization.departments:
        department = region = UNKNOWN
    elif region is not None and f"{department}/{region}" not in organization.regions:
        region = UNKNOWN
    key = (page, capability, department, region, group)
    pool = organization.pools.get(key)
    if pool is None:
        pool = _pool_of_page(organization, _Wants(page, capability, department, region, group))
        is_shared = not organization.settings.page_permissions
        _keep(organization.pools, key, pool, 0 if is_shared else len(pool.order))
    return pool


def offered(pool: Pool, loads: Mapping[AgentId, int] | None, leavers: Collection[AgentId]) -> Offer:
    """Those of the pool's candidates who may be given one more conversation.

    Left out are those who have as many as they may (R1.7; `loads` is None where nobody counts), and
    those whom it was taken from (R6.5). With nobody left of a link's group, the others come (R1.6).
    """
    if loads is None and not leavers:
        return pool.offer
    offer = Offer(pool, _busy(pool, loads), frozenset(leavers))
    if pool.beyond is not None and not offer.has_any():
        return offered(pool.beyond, loads, leavers)
    return offer


def _busy(pool: Pool, loads: Mapping[AgentId, int] | None) -> AbstractSet[AgentId]:
    """R1.7: who has as many open conversations as the rule lets them have."""
    if not pool.capacities or pool.rule is None:
        return frozenset()
    if isinstance(loads, Totals):
        return loads.full(pool.rule.id, pool.capacities)
    return full_by(loads or {}, pool.capacities)


@dataclass(frozen=True, slots=True)
class _Wants:
    """What an event asks of an agent. A department, region or group is one that there is."""

    page: PageId
    capability: Capability
    department: str | None
    region: str | None
    group: GroupId | None


def _pool_of_page(organization: Organization, wants: _Wants) -> Pool:
    """The page's pool; pages of one rule share it, unless agents are given pages (R1.4). Everybody
    who comes or goes makes all pools of an organization out of date, however many pages it has."""
    rule = rule_for(organization, wants.page)
    if rule is None:
        return Pool(organization.id, None, (), ())
    if organization.settings.page_permissions:
        return _pool(organization, rule, wants)
    key = (rule.id, wants.capability, wants.department, wants.region, wants.group)
    pool = organization.pools_of_rules.get(key)
    if pool is None:
        pool = _pool(organization, rule, wants)
        _keep(organization.pools_of_rules, key, pool, len(pool.order))
    return pool


def _pool(organization: Organization, rule: RuleChanged, wants: _Wants) -> Pool:
    beyond = None
    if wants.group is not None:
        beyond = pool_for(
            organization,
            wants.page,
            wants.capability,
            department=wants.department,
            region=wants.region,
        )
    candidates = _eligible(organization, rule, wants)
    if rule.applies_to is not AppliesTo.ALL:
        online = organization.online
        candidates = tuple([agent for agent in candidates if agent in online])
    if beyond is not None and not candidates:
        return beyond  # R1.6
    team = _team(organization, rule)
    return Pool(
        organization.id,
        rule,
        order=team.order,
        candidates=candidates,
        reasons=partial(_reasons, organization.alone, rule, team, wants, candidates),
        capacities=team.capacities,
        department=wants.department,
        region=wants.region,
        group=wants.group,
        beyond=beyond,
    )


def _team(organization: Organization, rule: RuleChanged) -> Team:
    teams = organization.kept().teams
    team = teams.get(rule.id)
    if team is None:
        members = members_of(organization, rule)
        team = teams[rule.id] = Team(
            members,
            tuple(each.agent_id for each in members),
            {each.agent_id: each.capacity for each in members if each.capacity is not None},
        )
    return team


def _eligible(organization: Organization, rule: RuleChanged, wants: _Wants) -> tuple[AgentId, ...]:
    """The members who are candidates if they are there (R1.1, R1.3 to R1.6, R1.8)."""
    team, rosters = _team(organization, rule), organization.kept()
    page = wants.page if organization.settings.page_permissions else PageId("")
    key = (page, wants.capability, wants.department, wants.region, wants.group)
    found = rosters.eligible.get((rule.id, key))
    if found is None:
        may = {
            each.agent_id
            for each in team.members
            if _able(each, wants.capability) and _is_enabled(organization, each.agent_id)
        }
        if organization.settings.page_permissions:
            may = {each for each in may if _holds(organization, each, wants.page)}
        if wants.department is not None:
            agents = organization.agents
            may = {each for each in may if _belongs(agents[each], wants.department, wants.region)}
        if wants.group is not None:
            may.intersection_update(_group(organization, wants.group))
        found = tuple([each for each in team.order if each in may])
        _keep(rosters.eligible, (rule.id, key), found, len(team.order))
    return found


def _keep(kept: dict[_K, _V], key: _K, found: _V, members: int) -> None:
    """Keeps what was worked out for a rule of so many members. Visitors choose what is asked for,
    so where it is as much as may be kept, all of it is let go, and worked out again as needed."""
    if len(kept) * (members + _BESIDE) >= MEMBERS_KEPT:
        kept.clear()
    kept[key] = found


def _is_enabled(organization: Organization, agent: AgentId) -> bool:
    """R1.8."""
    found = organization.agents.get(agent)
    return found is not None and not found.disabled


def _reasons(
    organization: Organization,
    rule: RuleChanged,
    team: Team,
    wants: _Wants,
    candidates: tuple[AgentId, ...],
) -> tuple[Excluded, ...]:
    """Who of the members is no candidate, with the first reason (R9.4). That is found without much
    ado for those who are not there, who may be a thousand."""
    told, among, absent = [], frozenset(candidates), organization.kept().absent
    there = frozenset(team.order) if rule.applies_to is AppliesTo.ALL else organization.online
    for member in team.members:
        agent = member.agent_id
        if agent in among:
            continue
        if agent not in there and agent in absent:
            told.append(absent[agent])
        elif (why := _why_not(organization, rule, member, wants)) is not None:
            excluded = Excluded(agent_id=agent, why=why)
            if why is Exclusion.OFFLINE:
                absent[agent] = excluded
            told.append(excluded)
    return tuple(told)


def _why_not(
    organization: Organization, rule: RuleChanged, member: Member, wants: _Wants
) -> Exclusion | None:
    """The first reason why a member is no candidate: they are gone, else in the order of R1."""
    agent = organization.agents.get(member.agent_id)
    why = None
    if agent is None or agent.disabled:
        why = Exclusion.DISABLED  # R1.8
    elif not _present(organization, rule, agent.id):
        why = Exclusion.OFFLINE
    elif not _able(member, wants.capability):
        why = Exclusion.CAPABILITY
    elif not _holds(organization, agent.id, wants.page):
        why = Exclusion.PAGE
    elif not _belongs(agent, wants.department, wants.region):
        why = Exclusion.DEPARTMENT
    elif wants.group is not None and agent.id not in _group(organization, wants.group):
        why = Exclusion.GROUP
    return why


def members_of(organization: Organization, rule: RuleChanged) -> tuple[Member, ...]:
    """The rule's members in their order; a rule that lists none takes all of role `agent` (R1.1).

    Those stand in the order of the support team; whoever is not in it comes after, by id.
    """
    if rule.members:
        return rule.members
    place = {agent: index for index, agent in enumerate(organization.support_team)}
    agents = [agent.id for agent in organization.agents.values() if agent.role is Role.AGENT]
    agents.sort(key=lambda agent: (place.get(agent, len(place)), agent))
    return tuple(Member(agent_id=agent) for agent in agents)


def _able(member: Member, capability: Capability) -> bool:
    """R1.3."""
    return member.capabilities is None or capability in member.capabilities


def _present(organization: Organization, rule: RuleChanged, agent: AgentId) -> bool:
    """R1.2: `away` is not online for new work."""
    return rule.applies_to is AppliesTo.ALL or organization.presence_of(agent) is Presence.ONLINE


def _holds(organization: Organization, agent: AgentId, page: PageId) -> bool:
    """R1.4."""
    if not organization.settings.page_permissions:
        return True
    found = organization.agents.get(agent)
    if found is not None and found.role is Role.SYSTEM_ADMIN:
        return True
    return agent in _staff(organization, page)


def _staff(organization: Organization, page: PageId) -> frozenset[AgentId]:
    """Who was given the page."""
    found, known = organization.pages.get(page), organization.kept().staff
    if found is not None and page not in known:
        known[page] = frozenset(found.staff)
    return known.get(page, frozenset())


def _group(organization: Organization, group: GroupId) -> frozenset[AgentId]:
    """Who is in a group that there is."""
    known = organization.kept().groups
    if group not in known:
        known[group] = frozenset(organization.groups[group].members)
    return known[group]


def _belongs(agent: AgentChanged, department: str | None, region: str | None) -> bool:
    """R1.5, strictly: nobody belongs to a department that the organization does not have."""
    if department is None:
        return True
    if department not in agent.departments:
        return False
    return region is None or f"{department}/{region}" in agent.regions


def _group_of(organization: Organization, page_url: str) -> GroupId | None:
    """R1.6: the group of the longest link above the address, if there still is one."""
    group = organization.links.group_for(page_url)
    return group if group in organization.groups else None
