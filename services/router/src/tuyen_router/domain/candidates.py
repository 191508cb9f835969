"""R1: who may be chosen."""

from tuyen_events.directory import Member, RuleChanged
from tuyen_events.ids import AgentId, PageId
from tuyen_events.vocabulary import (
    AppliesTo,
    Capability,
    Channel,
    ConversationKind,
    Presence,
    Role,
)
from tuyen_router.domain.organization import Organization, Pool


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
    if found is None or found.disabled:
        return False
    if not organization.settings.page_permissions or found.role is Role.SYSTEM_ADMIN:
        return True
    known = organization.pages.get(page)
    return known is not None and agent in known.staff


def rule_for(organization: Organization, page: PageId) -> RuleChanged | None:
    """The enabled rule that covers the page: one that names it, else a default rule (R1.1).

    Of several, the one with the smallest id.
    """
    enabled = [rule for _, rule in sorted(organization.rules.items()) if rule.enabled]
    named = (rule for rule in enabled if rule.pages is not None and page in rule.pages)
    default = (rule for rule in enabled if rule.pages is None)
    return next(named, None) or next(default, None)


def pool_for(organization: Organization, page: PageId, capability: Capability) -> Pool:
    """The page's pool, and who of it may be chosen now (R1.1 to R1.4, R1.8)."""
    pool = organization.pools.get((page, capability))
    if pool is None:
        pool = organization.pools[page, capability] = _pool(organization, page, capability)
    return pool


def _pool(organization: Organization, page: PageId, capability: Capability) -> Pool:
    rule = rule_for(organization, page)
    if rule is None:
        return Pool(None, (), ())
    members = members_of(organization, rule)
    return Pool(
        rule,
        tuple(member.agent_id for member in members),
        tuple(
            member.agent_id
            for member in members
            if _able(member, capability)
            and _present(organization, rule, member.agent_id)
            and may_answer(organization, member.agent_id, page)
        ),
    )


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
