"""With whom a contact is shared, in its document, and the changes of that in words."""

from collections.abc import Collection
from typing import Any, assert_never

import msgspec

from tuyen_crm.entities.entity import EventDescription
from tuyen_crm.entities.shares.evolve import ShareEvents
from tuyen_crm.entities.wording import list_changes
from tuyen_events.crm.shares import (
    CareStatus,
    ContactEnrolled,
    ContactShared,
    ContactUnshared,
    SharingRuleApplied,
    SharingRuleEnded,
)
from tuyen_events.ids import AgentId
from tuyen_views.contacts import ContactDocument
from tuyen_views.history import mention_agent
from tuyen_views.shares import AppliedRule, Share

_SHOWN = ("viewers", "campaign_id", "care_status")
_MENTIONED = 5
"""How many agents a sentence names."""

_STATUSES = {
    CareStatus.MULTI_ASSIGN_PENDING: "Account Multi Assigned",
    CareStatus.MULTI_ASSIGNED: "Account đã gán Multi Assigned",
}


def fold(document: ContactDocument | None, event: ShareEvents) -> ContactDocument | None:
    """Events of a contact that does not exist are ignored."""
    if document is None:
        return None
    return msgspec.structs.replace(
        document,
        **_changed(document, event),
        updated_at=event.at,
        version=event.sequence,
        sequence=event.sequence,
    )


def _changed(document: ContactDocument, event: ShareEvents) -> dict[str, Any]:
    match event:
        case ContactShared():
            manual = {*_given_by(document, None), event.agent_id}
            return _share(document, event, manual, None)
        case ContactUnshared():
            manual = _given_by(document, None) - {event.agent_id}
            return _share(document, event, manual, None)
        case ContactEnrolled():
            return {"campaign_id": event.campaign_id, "care_status": event.care_status}
        case SharingRuleApplied():
            applied = AppliedRule(id=event.rule_id, revision=event.revision)
            return {
                **_share(document, event, event.agent_ids, event.rule_id),
                "rules": (*_without(document, event.rule_id), applied),
                "care_status": event.care_status,
            }
        case SharingRuleEnded():
            ended = _share(document, event, (), event.rule_id)
            return {**ended, "rules": _without(document, event.rule_id)}
        case _:
            assert_never(event)


def _given_by(document: ContactDocument | None, rule_id: str | None) -> set[AgentId]:
    shares = document.shares if document else ()
    return {share.agent_id for share in shares if share.rule_id == rule_id}


def _share(
    document: ContactDocument,
    event: ShareEvents,
    agents: Collection[AgentId],
    rule_id: str | None,
) -> dict[str, Any]:
    """The shares after the rule, or an agent if `rule_id` is None, gives the contact to these
    agents, and to no others. Shares that exist already do not change."""
    kept = [each for each in document.shares if each.rule_id != rule_id or each.agent_id in agents]
    given = {each.agent_id for each in kept if each.rule_id == rule_id}
    new = [
        Share(
            agent_id=agent,
            rule_id=rule_id,
            by=event.by if isinstance(event, ContactShared) else None,
            at=event.at,
            version=event.sequence,
        )
        for agent in agents
        if agent not in given
    ]
    shares = tuple(sorted([*kept, *new], key=lambda share: (share.agent_id, share.rule_id or "")))
    return {"shares": shares, "viewers": tuple(sorted({each.agent_id for each in shares}))}


def _without(document: ContactDocument, rule_id: str) -> tuple[AppliedRule, ...]:
    return tuple(each for each in document.rules if each.id != rule_id)


def describe(
    event: ShareEvents, before: ContactDocument | None, after: ContactDocument | None
) -> EventDescription:
    by = None
    match event:
        case ContactShared():
            by, whom = event.by, mention_agent(event.agent_id)
            vi, en = f"chia sẻ khách này cho {whom}.", f"shared the contact with {whom}."
        case ContactUnshared():
            by, whom = event.by, mention_agent(event.agent_id)
            vi = f"thôi chia sẻ khách này cho {whom}."
            en = f"stopped sharing the contact with {whom}."
        case ContactEnrolled():
            by = event.by
            vi, en = _describe_enrolled(event, before)
        case SharingRuleApplied():
            vi, en = _describe_applied(event, before, after)
        case SharingRuleEnded():
            vi = "Khách không còn được chia sẻ theo quy tắc của chiến dịch."
            en = "A rule of the campaign does not share the contact any more."
        case _:
            assert_never(event)
    return EventDescription(by=by, vi=vi, en=en, changes=list_changes(before, after, _SHOWN))


def _describe_enrolled(event: ContactEnrolled, before: ContactDocument | None) -> tuple[str, str]:
    if before is None or event.campaign_id != before.campaign_id:
        if event.campaign_id is None:
            return "đưa khách ra khỏi chiến dịch.", "took the contact out of the campaign."
        name = event.campaign_name or event.campaign_id
        return f"đưa khách vào chiến dịch “{name}”.", f"put the contact into the campaign “{name}”."
    if event.care_status is None:
        return "xóa tình trạng chăm sóc.", "removed the care status."
    status = _STATUSES[event.care_status]
    return f"đặt tình trạng chăm sóc là “{status}”.", f"set the care status to “{status}”."


def _describe_applied(
    event: SharingRuleApplied, before: ContactDocument | None, after: ContactDocument | None
) -> tuple[str, str]:
    was, now = _given_by(before, event.rule_id), _given_by(after, event.rule_id)
    vi, en = f"Quy tắc “{event.rule_name}”", f"The rule “{event.rule_name}”"
    given, taken = sorted(now - was), sorted(was - now)
    said_vi, said_en = [], []
    if given:
        said_vi.append(f"chia sẻ khách này cho {_list_agents(given, 'người khác')}")
        said_en.append(f"shared the contact with {_list_agents(given, 'others')}")
    if taken:
        said_vi.append(f"thôi chia sẻ cho {_list_agents(taken, 'người khác')}")
        said_en.append(f"stopped sharing it with {_list_agents(taken, 'others')}")
    if not given and not taken:
        said_vi.append("đã được áp dụng cho khách này")
        said_en.append("was applied to the contact")
    return f"{vi} {' và '.join(said_vi)}.", f"{en} {' and '.join(said_en)}."


def _list_agents(agents: list[AgentId], others: str) -> str:
    named = [mention_agent(agent) for agent in agents[:_MENTIONED]]
    rest = len(agents) - len(named)
    return ", ".join([*named, f"+{rest} {others}"] if rest else named)
