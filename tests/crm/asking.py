"""Commands of agents of a shop, each with a number for its id."""

from typing import Any

from crm.rig import MOMENT, SHOP, contact
from tuyen_events.crm.campaigns import PutCampaign, RemoveCampaign
from tuyen_events.crm.contacts import AddContact, PatchContact, RenameContact
from tuyen_events.crm.merges import UndoMerge
from tuyen_events.crm.notes import AddNote, ChangeNote, NoteId, RemoveNote
from tuyen_events.crm.shares import (
    ApplySharingRule,
    EnrollContact,
    ShareContact,
    UnshareContact,
)
from tuyen_events.crm.sharing_rules import PutSharingRule, RemoveSharingRule
from tuyen_events.crm.suggestions import AnswerSuggestion
from tuyen_events.ids import (
    AgentId,
    merge_id,
    suggestion_id,
)


def rename(
    number: int, external_id: str, name: str | None, expected: int | None = None
) -> RenameContact:
    return RenameContact(
        command_id=f"cmd_{number}",
        organization=SHOP,
        contact_id=contact(external_id),
        at=MOMENT,
        name=name,
        by=AgentId("hoa"),
        expected_version=expected,
    )


def add_contact(number: int, external_id: str, *phones: str) -> AddContact:
    return AddContact(
        command_id=f"cmd_{number}",
        organization=SHOP,
        contact_id=contact(external_id),
        at=MOMENT,
        phones=phones,
        by=AgentId("hoa"),
        administrator=True,
    )


def give_phone(number: int, external_id: str, phone: str) -> PatchContact:
    return PatchContact(
        command_id=f"cmd_{number}",
        organization=SHOP,
        contact_id=contact(external_id),
        at=MOMENT,
        phones=(phone,),
        by=AgentId("hoa"),
        administrator=True,
    )


def answer_suggestion(
    number: int, external_id: str, value: str, *, accept: bool
) -> AnswerSuggestion:
    return AnswerSuggestion(
        command_id=f"cmd_{number}",
        organization=SHOP,
        contact_id=contact(external_id),
        at=MOMENT,
        suggestion_id=suggestion_id(SHOP, value),
        accept=accept,
        by=AgentId("hoa"),
        administrator=True,
    )


def undo_merge(number: int, external_id: str, of: int, younger: str) -> UndoMerge:
    return UndoMerge(
        command_id=f"cmd_{number}",
        organization=SHOP,
        contact_id=contact(external_id),
        at=MOMENT,
        merge_id=merge_id(f"cmd_{of}", contact(external_id), contact(younger)),
        by=AgentId("hoa"),
        administrator=True,
    )


def note(number: int, external_id: str) -> AddNote:
    return AddNote(
        command_id=f"cmd_{number}",
        organization=SHOP,
        contact_id=contact(external_id),
        at=MOMENT,
        note_id=NoteId(f"note_{number}"),
        text="Thích giày size 42.",
        by=AgentId("hoa"),
    )


def change_note(number: int, external_id: str, of: int, expected: int | None = None) -> ChangeNote:
    return ChangeNote(
        command_id=f"cmd_{number}",
        organization=SHOP,
        contact_id=contact(external_id),
        at=MOMENT,
        note_id=NoteId(f"note_{of}"),
        text=f"Thích giày size {number}.",
        by=AgentId("hoa"),
        expected_version=expected,
    )


def remove_note(number: int, external_id: str, of: int) -> RemoveNote:
    return RemoveNote(
        command_id=f"cmd_{number}",
        organization=SHOP,
        contact_id=contact(external_id),
        at=MOMENT,
        note_id=NoteId(f"note_{of}"),
        by=AgentId("hoa"),
    )


def put_campaign(number: int, campaign: str, name: str, expected: int | None = None) -> PutCampaign:
    return PutCampaign(
        command_id=f"cmd_{number}",
        organization=SHOP,
        id=campaign,
        at=MOMENT,
        name=name,
        by=AgentId("hoa"),
        expected_version=expected,
    )


def remove_campaign(number: int, campaign: str) -> RemoveCampaign:
    return RemoveCampaign(
        command_id=f"cmd_{number}", organization=SHOP, id=campaign, at=MOMENT, by=AgentId("hoa")
    )


def _about(number: int, external_id: str) -> dict[str, Any]:
    return {
        "command_id": f"cmd_{number}",
        "organization": SHOP,
        "contact_id": contact(external_id),
        "at": MOMENT,
    }


def share(number: int, external_id: str, agent: str) -> ShareContact:
    return ShareContact(**_about(number, external_id), agent_id=AgentId(agent), by=AgentId("hoa"))


def unshare(number: int, external_id: str, agent: str) -> UnshareContact:
    return UnshareContact(**_about(number, external_id), agent_id=AgentId(agent), by=AgentId("hoa"))


def enroll(number: int, external_id: str, campaign: str) -> EnrollContact:
    return EnrollContact(**_about(number, external_id), campaign_id=campaign, by=AgentId("hoa"))


def apply_rule(number: int, external_id: str, rule: str) -> ApplySharingRule:
    return ApplySharingRule(**_about(number, external_id), rule_id=rule)


def put_rule(number: int, rule: str, campaign: str, *agents: str) -> PutSharingRule:
    return PutSharingRule(
        command_id=f"cmd_{number}",
        organization=SHOP,
        id=rule,
        at=MOMENT,
        name="Khách Tết",
        owner=AgentId("hoa"),
        campaign_id=campaign,
        agent_ids=tuple(AgentId(agent) for agent in agents),
        every_minutes=15,
        by=AgentId("hoa"),
    )


def remove_rule(number: int, rule: str) -> RemoveSharingRule:
    return RemoveSharingRule(
        command_id=f"cmd_{number}", organization=SHOP, id=rule, at=MOMENT, by=AgentId("hoa")
    )
