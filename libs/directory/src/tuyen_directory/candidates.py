"""R1: who may be chosen.

Decides R1.1, R1.2, R1.3, R1.5, R1.6 and R1.8.
"""

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial

from tuyen_directory.capacity import Totals, find_at_capacity
from tuyen_directory.organization import Organization, may_work_on, works_everywhere
from tuyen_directory.organization_state import OrganizationState
from tuyen_directory.pool_cache import DirectoryPools, Eligible, OrganizationPools, RuleMembers
from tuyen_directory.pools import UNKNOWN, Offer, Pool
from tuyen_events.directory import AgentChanged, Member, RuleChanged
from tuyen_events.ids import AgentId, GroupId, PageId, RuleId
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

MEMBERS_KEPT = 1_000_000
"""How many members the cached pools of an organization may contain in total; each pool counts its
own members."""
_EVERYBODY = RuleId("")
"""Stands for all rules that list no members: they have the same ones (R1.1)."""


def find_required_capability(channel: Channel, kind: ConversationKind) -> Capability:
    """The capability that a member needs for an event of this channel and kind (R1.3)."""
    return _CAPABILITIES.get((channel, kind)) or _capability_named_for(channel, kind)


def _capability_named_for(channel: Channel, kind: ConversationKind) -> Capability:
    """The capability with the channel's name: the one for comments where there is one.

    Of a channel that this version does not know, only members who were given the capability of that
    name, or everything, are candidates. Where there is none of them, R5 applies.
    """
    if kind is not ConversationKind.MESSAGE:
        comments = Capability(f"{channel.value}_comment")
        if comments.is_known or not channel.is_known:
            return comments
    return Capability(f"{channel.value}_message")


_CAPABILITIES: Mapping[tuple[Channel, ConversationKind], Capability] = {
    (channel, kind): _capability_named_for(channel, kind)
    for channel in Channel
    for kind in ConversationKind
}


def may_answer(organization: OrganizationState, agent: AgentId, page: PageId) -> bool:
    """Whether the agent may have conversations of the page at all: R1.4 and R1.8.

    The same check limits a manager's choice (R6.2) and ends a stickiness (R3.4).
    """
    found = organization.directory.active_agent(agent)
    return found is not None and may_work_on(organization.directory, found, page)


def is_outside(
    organization: OrganizationState, agent: AgentId, department: str | None, region: str | None
) -> bool:
    """R3.7: whether the agent is outside the department, or the region, that a visitor names."""
    if department is None:
        return False
    found = organization.directory.agent(agent)
    if found is None or department not in organization.directory.departments:
        return True
    if region is not None and f"{department}/{region}" not in organization.directory.regions:
        return True
    return not _belongs_to(found, department, region)


def build_pool(
    pools: OrganizationPools,
    page: PageId,
    capability: Capability,
    *,
    department: str | None = None,
    region: str | None = None,
    page_url: str | None = None,
) -> Pool:
    """The agents that the page's rule chooses from for an event, and which of them are candidates
    now.

    That is R1.1 to R1.6 and R1.8; `narrow_to_offer` leaves out agents for one conversation alone.
    The number of pools is bounded by what the organization has set up, whatever visitors send.
    """
    directory = pools.organization.directory
    group = None if page_url is None else _group_of(pools.directory_pools, page_url)
    if department is None:
        region = None  # a region exists only inside a department
    elif department not in directory.departments:
        department = region = UNKNOWN
    elif region is not None and f"{department}/{region}" not in directory.regions:
        region = UNKNOWN
    key = (page, capability, department, region, group)
    pool = pools.by_event.get(key)
    if pool is None:
        pool = _pool_of_page(pools, _Wants(page, capability, department, region, group))
        is_shared = not pools.organization.settings.page_permissions
        members = 0 if is_shared else len(pool.order)
        pools.by_event.keep(key, pool, members, MEMBERS_KEPT)
    return pool


def narrow_to_offer(
    pool: Pool, loads: Mapping[AgentId, int] | None, leavers: Collection[AgentId]
) -> Offer:
    """The pool's candidates who may be given one more conversation.

    Excludes agents at capacity (R1.7; `loads` is None where no rule counts loads) and the agents
    whom the conversation was handed over from (R6.5). When nobody of a link's group is left, falls
    back to the pool without the group (R1.6).
    """
    if loads is None and not leavers:
        return pool.offer
    offer = Offer(pool, _agents_at_capacity(pool, loads), frozenset(leavers))
    if pool.without_group is not None and not offer.has_any():
        return narrow_to_offer(pool.without_group, loads, leavers)
    return offer


def _agents_at_capacity(pool: Pool, loads: Mapping[AgentId, int] | None) -> AbstractSet[AgentId]:
    """R1.7: who has as many open conversations as the rule allows them."""
    if not pool.capacities or pool.rule is None:
        return frozenset()
    if isinstance(loads, Totals):
        return loads.at_capacity(pool.rule.id, pool.capacities)
    return find_at_capacity(loads or {}, pool.capacities)


@dataclass(frozen=True, slots=True)
class _Wants:
    """What an event requires of an agent. Departments, regions and groups in it exist."""

    page: PageId
    capability: Capability
    department: str | None
    region: str | None
    group: GroupId | None


def _pool_of_page(pools: OrganizationPools, wants: _Wants) -> Pool:
    """The page's pool. Pages of one rule share a pool, unless `page_permissions` is on (R1.4): each
    agent who comes online or leaves invalidates all pools of the organization, however many pages
    it has."""
    organization = pools.organization
    rule = pools.directory_pools.rules.find_for(wants.page)
    if rule is None:
        return Pool(organization.id, None, (), ())
    if organization.settings.page_permissions:
        return _pool(pools, rule, wants)
    key = (rule.id, wants.capability, wants.department, wants.region, wants.group)
    pool = pools.by_rule.get(key)
    if pool is None:
        pool = _pool(pools, rule, wants)
        pools.by_rule.keep(key, pool, len(pool.order), MEMBERS_KEPT)
    return pool


def _pool(pools: OrganizationPools, rule: RuleChanged, wants: _Wants) -> Pool:
    organization, directory_pools, without_group = pools.organization, pools.directory_pools, None
    if wants.group is not None:
        without_group = build_pool(
            pools,
            wants.page,
            wants.capability,
            department=wants.department,
            region=wants.region,
        )
    candidates = _eligible(directory_pools, rule, wants)
    if rule.applies_to is not AppliesTo.ALL:
        online = organization.online
        candidates = tuple([agent for agent in candidates if agent in online])
    if without_group is not None and not candidates:
        return without_group  # R1.6
    rule_members = _find_rule_members(directory_pools, rule)
    return Pool(
        organization.id,
        rule,
        order=rule_members.order,
        candidates=candidates,
        reasons=partial(
            _explain_exclusions, organization, directory_pools, rule, wants, candidates
        ),
        capacities=rule_members.capacities,
        department=wants.department,
        region=wants.region,
        group=wants.group,
        without_group=without_group,
    )


def _roster_of(rule: RuleChanged) -> RuleId:
    """By what the members of a rule are cached."""
    return rule.id if rule.members else _EVERYBODY


def _find_rule_members(directory_pools: DirectoryPools, rule: RuleChanged) -> RuleMembers:
    rule_members = directory_pools.members_by_rule.get(_roster_of(rule))
    if rule_members is None:
        members = members_of(directory_pools.directory, rule)
        rule_members = directory_pools.members_by_rule[_roster_of(rule)] = RuleMembers(
            members,
            tuple(each.agent_id for each in members),
            {each.agent_id: each.capacity for each in members if each.capacity is not None},
        )
    return rule_members


def _eligible(
    directory_pools: DirectoryPools, rule: RuleChanged, wants: _Wants
) -> tuple[AgentId, ...]:
    """The members who are candidates whenever they are present (R1.1, R1.3 to R1.6, R1.8)."""
    members = _eligible_members(directory_pools, rule, wants)
    if not directory_pools.directory.settings.page_permissions:
        return members.agents
    page = (wants.page, wants.capability, wants.department, wants.region, wants.group)
    key = _roster_of(rule), page
    found = directory_pools.eligible_on_page.get(key)
    if found is None:
        found = members.on_page(directory_pools.directory.staff_of(wants.page))
        count = 0 if found is members.everywhere else len(found)
        directory_pools.eligible_on_page.keep(key, found, count, MEMBERS_KEPT)
    return found


def _eligible_members(
    directory_pools: DirectoryPools, rule: RuleChanged, wants: _Wants
) -> Eligible:
    """The same without R1.4."""
    key = (_roster_of(rule), wants.capability, wants.department, wants.region, wants.group)
    found = directory_pools.eligible.get(key)
    if found is None:
        team, directory = _find_rule_members(directory_pools, rule), directory_pools.directory
        agents = directory.agents
        may = {
            each.agent_id
            for each in team.members
            if _has_capability(each, wants.capability)
            and directory.active_agent(each.agent_id) is not None  # R1.8
        }
        if wants.department is not None:
            may = {
                each
                for each in may
                if _belongs_to(agents[each].value, wants.department, wants.region)
            }
        if wants.group is not None:
            may.intersection_update(directory.members_of_group(wants.group))
        order = tuple([each for each in team.order if each in may])
        unbound = tuple([each for each in order if works_everywhere(directory, agents[each].value)])
        found = Eligible(order, order if len(unbound) == len(order) else unbound)
        directory_pools.eligible.keep(key, found, len(team.order), MEMBERS_KEPT)
    return found


def _explain_exclusions(
    organization: OrganizationState,
    directory_pools: DirectoryPools,
    rule: RuleChanged,
    wants: _Wants,
    candidates: tuple[AgentId, ...],
) -> tuple[Excluded, ...]:
    """The members who are no candidates, each with the first reason (R9.4). Entries of absent
    agents, and of those who do not work on a page, are cached: there may be thousands for each
    page."""
    exclusions: list[Excluded] = []
    among, absent, elsewhere = (
        frozenset(candidates),
        directory_pools.absent,
        directory_pools.elsewhere,
    )
    rule_members, eligible = (
        _find_rule_members(directory_pools, rule),
        _eligible_members(directory_pools, rule, wants),
    )
    there = (
        frozenset(rule_members.order) if rule.applies_to is AppliesTo.ALL else organization.online
    )
    for member in rule_members.members:
        agent = member.agent_id
        if agent in among:
            continue
        if agent not in there and agent in absent:
            exclusions.append(absent[agent])
        elif agent in there and agent in eligible:  # nothing but R1.4 is left
            excluded = elsewhere.get(agent)
            if excluded is None:
                excluded = elsewhere[agent] = Excluded(agent_id=agent, why=Exclusion.PAGE)
            exclusions.append(excluded)
        elif (why := _exclusion_of(organization, rule, member, wants)) is not None:
            excluded = Excluded(agent_id=agent, why=why)
            if why is Exclusion.OFFLINE:
                absent[agent] = excluded
            exclusions.append(excluded)
    return tuple(exclusions)


def _exclusion_of(
    organization: OrganizationState, rule: RuleChanged, member: Member, wants: _Wants
) -> Exclusion | None:
    """The first reason why a member is no candidate: disabled or removed first, then in the order
    of R1."""
    directory = organization.directory
    agent, why = directory.agent(member.agent_id), None
    if agent is None or agent.disabled:
        why = Exclusion.DISABLED  # R1.8
    elif not _is_present(organization, rule, agent.id):
        why = Exclusion.OFFLINE
    elif not _has_capability(member, wants.capability):
        why = Exclusion.CAPABILITY
    elif not may_work_on(directory, agent, wants.page):
        why = Exclusion.PAGE
    elif not _belongs_to(agent, wants.department, wants.region):
        why = Exclusion.DEPARTMENT
    elif wants.group is not None and agent.id not in directory.members_of_group(wants.group):
        why = Exclusion.GROUP
    return why


def members_of(directory: Organization, rule: RuleChanged) -> tuple[Member, ...]:
    """The rule's members in their order; a rule that lists none takes all of role `agent` (R1.1).

    Those come in the order of the support team, then everybody else by id.
    """
    if rule.members:
        return rule.members
    team = directory.support_team
    place = {agent: index for index, agent in enumerate(team.value.agent_ids if team else ())}
    known = (stored.value for stored in directory.agents.values())
    agents = [agent.id for agent in known if agent.role is Role.AGENT]
    agents.sort(key=lambda agent: (place.get(agent, len(place)), agent))
    return tuple(Member(agent_id=agent) for agent in agents)


def _has_capability(member: Member, capability: Capability) -> bool:
    """R1.3."""
    return member.capabilities is None or capability in member.capabilities


def _is_present(organization: OrganizationState, rule: RuleChanged, agent: AgentId) -> bool:
    """R1.2: `away` is not online for new work."""
    return rule.applies_to is AppliesTo.ALL or organization.presence_of(agent) is Presence.ONLINE


def _belongs_to(agent: AgentChanged, department: str | None, region: str | None) -> bool:
    """R1.5, strict: nobody belongs to a department that the organization does not have."""
    if department is None:
        return True
    if department not in agent.departments:
        return False
    return region is None or f"{department}/{region}" in agent.regions


def _group_of(directory_pools: DirectoryPools, page_url: str) -> GroupId | None:
    """R1.6: the group of the longest link that covers the address, if that group still exists."""
    group = directory_pools.links.group_for(page_url)
    return group if group in directory_pools.directory.groups else None
