"""Who may read a contact besides those who work on it, and the campaigns for which it is shared."""

from typing import ClassVar

from msgspec import UNSET, UnsetType

from tuyen_events.crm.records import ContactCommand, ContactEvent
from tuyen_events.ids import AgentId
from tuyen_events.vocabulary import Word


class CareStatus(Word):
    """How far a contact is shared for its campaign (S3)."""

    MULTI_ASSIGN_PENDING = "multi_assign_pending"
    """The sharing rules of the campaign are to be applied: “Account Multi Assigned”."""
    MULTI_ASSIGNED = "multi_assigned"
    """They have been applied: “Account đã gán Multi Assigned”."""


class ShareContact(ContactCommand, frozen=True, kw_only=True):
    """Let an agent read the contact, manually."""

    type: ClassVar[str] = "contact.share.v1"
    agent_id: AgentId
    by: AgentId
    expected_version: int | None = None
    """Refuse when the contact has another version by then."""


class UnshareContact(ContactCommand, frozen=True, kw_only=True):
    """End what was given manually; if nothing was, nothing changes."""

    type: ClassVar[str] = "contact.unshare.v1"
    agent_id: AgentId
    by: AgentId
    expected_version: int | None = None
    """Refuse when the contact has another version by then."""


class EnrollContact(ContactCommand, frozen=True, kw_only=True):
    """Put the contact into a campaign, or out of it (null), and set its care status: what is
    given."""

    type: ClassVar[str] = "contact.enroll.v1"
    campaign_id: str | UnsetType | None = UNSET
    care_status: CareStatus | UnsetType | None = UNSET
    by: AgentId
    expected_version: int | None = None
    """Refuse when the contact has another version by then."""


class ApplySharingRule(ContactCommand, frozen=True, kw_only=True):
    """Share the contact as the rule says at the time of the decision: with its agents while the
    contact is in its campaign, and otherwise with nobody. Whoever finds that a contact differs from
    that sends it, as often as they like."""

    type: ClassVar[str] = "contact.apply_sharing_rule.v1"
    rule_id: str


class ContactShared(ContactEvent, frozen=True, kw_only=True):
    """An agent let another one read the contact (S1)."""

    type: ClassVar[str] = "contact.shared.v1"
    agent_id: AgentId
    by: AgentId


class ContactUnshared(ContactEvent, frozen=True, kw_only=True):
    """An agent ended what was given manually."""

    type: ClassVar[str] = "contact.unshared.v1"
    agent_id: AgentId
    by: AgentId


class ContactEnrolled(ContactEvent, frozen=True, kw_only=True):
    """An agent changed the campaign of the contact, its care status, or both (S3). The event
    contains both, as they are afterwards."""

    type: ClassVar[str] = "contact.enrolled.v1"
    campaign_id: str | None
    campaign_name: str | None
    care_status: CareStatus | None
    by: AgentId


class SharingRuleApplied(ContactEvent, frozen=True, kw_only=True):
    """A sharing rule shares the contact with these agents, and with no others (S2, S4). `revision`
    is that of the rule, and `care_status` what the contact has afterwards."""

    type: ClassVar[str] = "contact.sharing_rule_applied.v1"
    rule_id: str
    rule_name: str
    revision: int
    agent_ids: tuple[AgentId, ...]
    care_status: CareStatus | None


class SharingRuleEnded(ContactEvent, frozen=True, kw_only=True):
    """A sharing rule does not share the contact any more: the contact has left the campaign, or the
    rule has another one or was removed."""

    type: ClassVar[str] = "contact.sharing_rule_ended.v1"
    rule_id: str
