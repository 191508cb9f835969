"""Applies what happened to the shares of a contact to the state that decisions depend on."""

from collections.abc import Collection, Mapping
from typing import Any, assert_never

import msgspec

from tuyen_crm.domain.content import MANUALLY
from tuyen_crm.domain.state import ContactState
from tuyen_events.crm.shares import (
    ContactEnrolled,
    ContactShared,
    ContactUnshared,
    SharingRuleApplied,
    SharingRuleEnded,
)
from tuyen_events.ids import AgentId

ShareEvents = (
    ContactShared | ContactUnshared | ContactEnrolled | SharingRuleApplied | SharingRuleEnded
)
_Shares = Mapping[AgentId, tuple[str, ...]]


def evolve(contact: ContactState | None, event: ShareEvents) -> ContactState | None:
    """The contact after the event. Events of a contact that does not exist are ignored."""
    if contact is None:
        return None
    return msgspec.structs.replace(
        contact, sequence=event.sequence, version=event.sequence, **_changed(contact, event)
    )


def _changed(contact: ContactState, event: ShareEvents) -> dict[str, Any]:
    shares = contact.shares
    match event:
        case ContactShared():
            manual = {*_given_by(shares, MANUALLY), event.agent_id}
            return {"shares": _give(shares, manual, MANUALLY)}
        case ContactUnshared():
            manual = _given_by(shares, MANUALLY) - {event.agent_id}
            return {"shares": _give(shares, manual, MANUALLY)}
        case ContactEnrolled():
            return {"campaign_id": event.campaign_id, "care_status": event.care_status}
        case SharingRuleApplied():
            return {
                "shares": _give(shares, event.agent_ids, event.rule_id),
                "applied": {**contact.applied, event.rule_id: event.revision},
                "care_status": event.care_status,
            }
        case SharingRuleEnded():
            applied = {id_: at for id_, at in contact.applied.items() if id_ != event.rule_id}
            return {"shares": _give(shares, (), event.rule_id), "applied": applied}
        case _:
            assert_never(event)


def _given_by(shares: _Shares, reason: str) -> set[AgentId]:
    return {agent for agent, reasons in shares.items() if reason in reasons}


def _give(
    shares: _Shares, agents: Collection[AgentId], reason: str
) -> dict[AgentId, tuple[str, ...]]:
    """The shares after `reason`, which is a rule or MANUALLY, gives the contact to these agents,
    and to no others."""
    after: dict[AgentId, tuple[str, ...]] = {}
    for agent in sorted({*shares, *agents}):
        others = {each for each in shares.get(agent, ()) if each != reason}
        reasons = {*others, reason} if agent in agents else others
        if reasons:
            after[agent] = tuple(sorted(reasons))
    return after
