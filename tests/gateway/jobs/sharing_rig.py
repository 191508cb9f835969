"""Contacts that are shared, in memory: what the CRM decides about them, and what its view shows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from crm.known import KnownThings
from tuyen_crm.domain.state import ContactState
from tuyen_crm.entities import BY_EVENT, evolve
from tuyen_crm.entities.contacts.view import fold as fold_contact
from tuyen_crm.entities.shares.decide import decide
from tuyen_crm.entities.sharing_rules.decide import decide as decide_rule
from tuyen_crm.entities.sharing_rules.view import fold as fold_rule
from tuyen_events.crm.campaigns import CampaignChanged
from tuyen_events.crm.contacts import ContactCreated
from tuyen_events.crm.records import (
    ContactEvent,
    CrmCommand,
    CrmCommandSettled,
    CrmEvent,
    CrmOutcome,
    SetupEvent,
)
from tuyen_events.crm.shares import (
    ApplySharingRule,
    CareStatus,
    EnrollContact,
    ShareContact,
    UnshareContact,
)
from tuyen_events.crm.sharing_rules import (
    PutSharingRule,
    RemoveSharingRule,
    SharingRuleChanged,
    SharingRuleRemoved,
)
from tuyen_events.ids import AgentId, ContactId, CustomerId, OrganizationId, PageId
from tuyen_events.vocabulary import Channel
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.ports.sharing import SharedContact
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.ports import LogUnavailableError
from tuyen_views.contacts import ContactDocument
from tuyen_views.sharing_rules import SharingRuleDocument

START = datetime(2026, 9, 21, 12, tzinfo=UTC)
SHOP, BOSS = OrganizationId("hoa-sen"), AgentId("boss")


@dataclass
class SharedShop:
    """A CRM that decides at once, and a view of it. It is every port that the job needs.

    After `steps` more commands the log is unavailable, once. While `behind`, the view does not
    follow.
    """

    clock: ManualClock = field(default_factory=lambda: ManualClock(START))
    steps: int | None = None
    behind: bool = False
    states: dict[ContactId, ContactState] = field(default_factory=dict)
    documents: dict[ContactId, ContactDocument] = field(default_factory=dict)
    events: list[ContactEvent] = field(default_factory=list)
    results: dict[str, int] = field(default_factory=dict)
    _setup: dict[tuple[str, str], SetupEvent] = field(default_factory=dict)
    _rules: dict[str, SharingRuleDocument] = field(default_factory=dict)
    _sequence: int = 1
    _commands: int = 0
    _folded: int = 0

    def as_gateway(self) -> Gateway:
        return cast("Gateway", _Ports(self, self, self.clock))

    def add(self, *numbers: int) -> None:
        for number in numbers:
            created = ContactCreated(
                organization=SHOP,
                contact_id=ContactId(f"con_{number}"),
                customer_id=CustomerId(f"cus_{number}"),
                page_id=PageId("trang"),
                channel=Channel.FACEBOOK,
                external_id=str(number),
                warehouse_id="default",
                caused_by=f"evt_{number}",
                at=START,
            )
            self.happen(created)
        self.catch_up()

    def enroll(self, *numbers: int, campaign: str | None = "tet", waits: bool = True) -> None:
        self._setup.setdefault(
            ("campaigns", "tet"),
            CampaignChanged(
                organization=SHOP, id="tet", name="T", by=BOSS, sequence=1, caused_by="c", at=START
            ),
        )
        status = CareStatus.MULTI_ASSIGN_PENDING if waits else None
        for number in numbers:
            self.decide(
                EnrollContact(
                    **self._command(number), by=BOSS, campaign_id=campaign, care_status=status
                )
            )

    def share(self, number: int, agent: str) -> None:
        command = ShareContact(**self._command(number), by=BOSS, agent_id=AgentId(agent))
        self.decide(command)

    def put_rule(self, *agents: str, rule_id: str = "r", every_minutes: int = 15) -> None:
        command = PutSharingRule(
            command_id=f"cmd_r{self._sequence}",
            organization=SHOP,
            id=rule_id,
            name="R",
            owner=BOSS,
            campaign_id="tet",
            agent_ids=tuple(AgentId(agent) for agent in agents),
            every_minutes=every_minutes,
            by=BOSS,
            at=START,
        )
        known = KnownThings(entities=self._setup, sequence=self._sequence)
        (event,) = decide_rule(known, command).events
        assert isinstance(event, SharingRuleChanged)
        self._sequence, self._setup["sharing_rules", rule_id] = event.sequence, event
        document = fold_rule(self._rules.get(rule_id), event)
        assert document is not None
        self._rules[rule_id] = document

    def remove_rule(self, rule_id: str = "r") -> None:
        command = RemoveSharingRule(
            command_id=f"cmd_r{self._sequence}", organization=SHOP, id=rule_id, by=BOSS, at=START
        )
        known = KnownThings(entities=self._setup, sequence=self._sequence)
        (event,) = decide_rule(known, command).events
        assert isinstance(event, SharingRuleRemoved)
        self._sequence = event.sequence
        del self._setup["sharing_rules", rule_id], self._rules[rule_id]

    def decide(
        self, command: ShareContact | UnshareContact | EnrollContact | ApplySharingRule
    ) -> int:
        if command.command_id in self.results:
            return self.results[command.command_id]
        decision = decide(self.known(command.contact_id), command)
        for event in decision.events:
            self.happen(event)
        self.results[command.command_id] = decision.version
        return decision.version

    def known(self, contact_id: ContactId) -> KnownThings:
        return KnownThings(self.states.get(contact_id), entities=self._setup)

    def catch_up(self) -> None:
        for event in self.events[self._folded :]:
            document = self.documents.get(event.contact_id)
            fold = BY_EVENT[type(event)].fold if document else fold_contact
            folded: ContactDocument | None = fold(document, event)
            assert folded is not None
            self.documents[event.contact_id] = folded
        self._folded = len(self.events)

    def viewers(self, number: int) -> tuple[AgentId, ...]:
        self.catch_up()
        return self.documents[ContactId(f"con_{number}")].viewers

    def waits(self, number: int) -> bool:
        self.catch_up()
        status = self.documents[ContactId(f"con_{number}")].care_status
        return status is CareStatus.MULTI_ASSIGN_PENDING

    def _command(self, number: int) -> dict[str, Any]:
        self._commands += 1
        command_id = f"cmd_{self._commands}"
        contact_id = ContactId(f"con_{number}")
        return {
            "command_id": command_id,
            "organization": SHOP,
            "contact_id": contact_id,
            "at": START,
        }

    def happen(self, event: CrmEvent) -> None:
        assert isinstance(event, ContactEvent)
        self.events.append(event)
        state = evolve(self.states.get(event.contact_id), event)
        assert state is not None
        self.states[event.contact_id] = state

    # CrmCommands

    def now(self) -> datetime:
        return self.clock.now()

    async def carry_out_all(
        self, commands: Sequence[CrmCommand]
    ) -> Mapping[str, CrmCommandSettled]:
        settled = {}
        for command in commands:
            if self.steps is not None:
                self.steps -= 1
                if self.steps < 0:
                    self.steps = None
                    raise LogUnavailableError("the process ends here")
            assert isinstance(command, ApplySharingRule)
            version = self.decide(command)
            settled[command.command_id] = CrmCommandSettled(
                command_id=command.command_id,
                organization=SHOP,
                contact_id=command.contact_id,
                outcome=CrmOutcome.APPLIED,
                version=version,
            )
        return settled

    # SharingScans

    async def rules(self, organization: OrganizationId) -> Sequence[SharingRuleDocument]:
        assert organization == SHOP
        return [self._rules[rule_id] for rule_id in sorted(self._rules)]

    async def outdated(
        self,
        organization: OrganizationId,
        revisions: Mapping[str, int],
        limit: int,
        among: Collection[ContactId] | None = None,
    ) -> Sequence[SharedContact]:
        assert organization == SHOP
        found = []
        for document in self._shown():
            rules = {
                each.id: revisions.get(each.id)
                for each in document.rules
                if revisions.get(each.id) != each.revision
            }
            if rules and (among is None or document.id in among):
                found.append(SharedContact(document.id, document.sequence, rules))
        return found[:limit]

    async def waiting(
        self, rule: SharingRuleDocument, limit: int, after: ContactId | None
    ) -> Sequence[SharedContact]:
        found = [
            SharedContact(document.id, document.sequence, {rule.id: rule.revision})
            for document in self._shown()
            if document.campaign_id == rule.campaign_id
            and (
                document.care_status is CareStatus.MULTI_ASSIGN_PENDING
                or not any(
                    each.id == rule.id and each.revision >= rule.revision for each in document.rules
                )
            )
            and (after is None or document.id > after)
        ]
        return found[:limit]

    def _shown(self) -> list[ContactDocument]:
        if not self.behind:
            self.catch_up()
        return [self.documents[id_] for id_ in sorted(self.documents)]


@dataclass(frozen=True)
class _Ports:
    sharing_scans: SharedShop
    crm_commands: SharedShop
    clock: ManualClock
