"""Lan, with whom her contact is shared, and the campaigns and rules for that."""

from datetime import UTC, datetime
from typing import Any

from crm.known import KnownThings
from tuyen_crm.domain.state import ContactState
from tuyen_crm.entities import evolve
from tuyen_crm.entities.contacts.view import fold as fold_contact
from tuyen_crm.entities.shares.decide import ShareCommands, decide
from tuyen_crm.entities.shares.evolve import ShareEvents
from tuyen_crm.entities.shares.view import fold
from tuyen_events.crm.campaigns import CampaignChanged
from tuyen_events.crm.contacts import ContactCreated
from tuyen_events.crm.records import CrmOutcome, CrmRefusal, SetupEvent
from tuyen_events.crm.shares import (
    ApplySharingRule,
    CareStatus,
    EnrollContact,
    ShareContact,
    UnshareContact,
)
from tuyen_events.crm.sharing_rules import SharingRuleChanged
from tuyen_events.ids import AgentId, ContactId, CustomerId, OrganizationId, PageId
from tuyen_events.vocabulary import Channel
from tuyen_views.contacts import ContactDocument
from tuyen_views.shares import AppliedRule

MOMENT = datetime(2026, 9, 21, 12, tzinfo=UTC)
SHOP, CONTACT, BOSS = OrganizationId("hoa-sen"), ContactId("con_1"), AgentId("boss")
HOA, LAN, MINH = AgentId("hoa"), AgentId("lan"), AgentId("minh")
PENDING, ASSIGNED = CareStatus.MULTI_ASSIGN_PENDING, CareStatus.MULTI_ASSIGNED
CREATED = ContactCreated(
    organization=SHOP,
    contact_id=CONTACT,
    customer_id=CustomerId("cus_1"),
    page_id=PageId("trang"),
    channel=Channel.FACEBOOK,
    external_id="1",
    name="Lan",
    warehouse_id="default",
    caused_by="evt_1",
    at=MOMENT,
)


def campaign(campaign_id: str = "tet") -> CampaignChanged:
    return CampaignChanged(
        organization=SHOP,
        id=campaign_id,
        name=campaign_id.title(),
        by=BOSS,
        sequence=1,
        caused_by="cmd_0",
        at=MOMENT,
    )


def rule(
    *agents: AgentId, revision: int = 2, campaign_id: str = "tet", rule_id: str = "r"
) -> SharingRuleChanged:
    return SharingRuleChanged(
        organization=SHOP,
        id=rule_id,
        name="Khách Tết",
        owner=BOSS,
        campaign_id=campaign_id,
        agent_ids=agents,
        every_minutes=15,
        revision=revision,
        by=BOSS,
        sequence=revision,
        caused_by="cmd_0",
        at=MOMENT,
    )


class Lan:
    """A contact, as the decisions and as the view know her."""

    def __init__(self, *setup: SetupEvent) -> None:
        self.events: list[ShareEvents] = []
        self.state: ContactState | None = evolve(None, CREATED)
        self.document: ContactDocument | None = fold_contact(None, CREATED)
        self.setup: dict[tuple[str, str], SetupEvent] = {}
        self._commands = 0
        self.define(campaign(), campaign("he"), *setup)

    def define(self, *setup: SetupEvent) -> None:
        for each in setup:
            kind = "campaigns" if isinstance(each, CampaignChanged) else "sharing_rules"
            self.setup[kind, each.id] = each

    def forget(self, rule_id: str = "r") -> None:
        self.setup.pop(("sharing_rules", rule_id), None)

    def ask(self, command: ShareCommands) -> tuple[CrmOutcome, CrmRefusal | None]:
        decision = decide(KnownThings(self.state, entities=self.setup), command)
        for event in decision.events:
            assert isinstance(event, ShareEvents)
            assert self.state is not None
            assert event.sequence == self.state.sequence + 1
            self.events.append(event)
            self.state = evolve(self.state, event)
            self.document = fold(self.document, event)
        return decision.outcome, decision.refusal

    def command(self) -> dict[str, Any]:
        self._commands += 1
        command_id = f"cmd_{self._commands}"
        return {
            "command_id": command_id,
            "organization": SHOP,
            "contact_id": CONTACT,
            "at": MOMENT,
        }

    def share(self, agent: AgentId, expected: int | None = None) -> CrmOutcome:
        command = ShareContact(**self.command(), agent_id=agent, by=BOSS, expected_version=expected)
        return self.ask(command)[0]

    def unshare(self, agent: AgentId) -> CrmOutcome:
        return self.ask(UnshareContact(**self.command(), agent_id=agent, by=BOSS))[0]

    def enroll(self, **given: Any) -> CrmOutcome:
        return self.ask(EnrollContact(**self.command(), by=BOSS, **given))[0]

    def apply(self, rule_id: str = "r") -> CrmOutcome:
        return self.ask(ApplySharingRule(**self.command(), rule_id=rule_id))[0]

    def viewers(self) -> tuple[AgentId, ...]:
        """Who reads her: the state and the view agree."""
        assert self.state is not None
        assert self.document is not None
        assert self.document.viewers == tuple(self.state.shares)
        listed = {(each.agent_id, each.rule_id or "") for each in self.document.shares}
        known = {(agent, why) for agent, reasons in self.state.shares.items() for why in reasons}
        assert listed == known
        assert self.document.rules == tuple(
            AppliedRule(id=id_, revision=at) for id_, at in self.state.applied.items()
        )
        assert self.document.campaign_id == self.state.campaign_id
        assert self.document.care_status == self.state.care_status
        assert self.document.version == self.document.sequence == self.state.version
        return self.document.viewers
