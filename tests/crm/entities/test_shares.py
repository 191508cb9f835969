"""Shares: by hand, by rule, and what ends them (S1 to S4)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.known import KnownThings
from tuyen_crm.domain.state import ContactState
from tuyen_crm.entities import evolve
from tuyen_crm.entities.contacts.view import fold as fold_contact
from tuyen_crm.entities.shares.decide import ShareCommands, decide
from tuyen_crm.entities.shares.evolve import ShareEvents
from tuyen_crm.entities.shares.view import describe, fold
from tuyen_events.crm.campaigns import CampaignChanged
from tuyen_events.crm.contacts import ContactCreated
from tuyen_events.crm.records import CrmOutcome, CrmRefusal, SetupEvent
from tuyen_events.crm.shares import (
    ApplySharingRule,
    CareStatus,
    ContactEnrolled,
    EnrollContact,
    ShareContact,
    SharingRuleApplied,
    SharingRuleEnded,
    UnshareContact,
)
from tuyen_events.crm.sharing_rules import SharingRuleChanged
from tuyen_events.crm_limits import VIEWERS_BY_HAND
from tuyen_events.ids import AgentId, ContactId, CustomerId, OrganizationId, PageId
from tuyen_events.vocabulary import Channel
from tuyen_views.contacts import ContactDocument
from tuyen_views.history import name_mentioned
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


def test_s1_any_number_of_agents_is_given_a_contact_by_hand() -> None:
    lan = Lan()
    assert [lan.share(agent) for agent in (MINH, HOA)] == [CrmOutcome.APPLIED] * 2
    assert lan.viewers() == (HOA, MINH)
    assert lan.share(MINH) is CrmOutcome.UNCHANGED
    assert lan.unshare(MINH) is CrmOutcome.APPLIED
    assert lan.unshare(MINH) is CrmOutcome.UNCHANGED
    assert lan.viewers() == (HOA,)


def test_s1_a_share_says_who_gave_it_and_when() -> None:
    lan = Lan()
    lan.share(HOA)
    assert lan.document is not None
    (share,) = lan.document.shares
    assert (share.agent_id, share.rule_id, share.by, share.at) == (HOA, None, BOSS, MOMENT)


def test_s1_another_change_came_first() -> None:
    lan = Lan()
    lan.share(HOA, expected=1)
    assert lan.share(MINH, expected=1) is CrmOutcome.VERSION_PASSED
    assert lan.viewers() == (HOA,)


def test_s1_a_contact_has_a_bounded_number_of_viewers_by_hand() -> None:
    lan = Lan()
    for number in range(VIEWERS_BY_HAND):
        lan.share(AgentId(f"a{number}"))
    command = ShareContact(**lan.command(), agent_id=HOA, by=BOSS)
    assert lan.ask(command) == (CrmOutcome.REFUSED, CrmRefusal.TOO_MANY)


def test_s1_nobody_is_shared() -> None:
    command = ShareContact(**Lan().command(), agent_id=HOA, by=BOSS)
    assert decide(KnownThings(), command).outcome is CrmOutcome.NOT_FOUND


def test_s2_a_contact_of_the_campaign_is_shared_with_all_agents_of_the_rule() -> None:
    lan = Lan(rule(HOA, MINH))
    assert lan.apply() is CrmOutcome.UNCHANGED  # she is in no campaign
    lan.enroll(campaign_id="tet")
    assert lan.apply() is CrmOutcome.APPLIED
    assert lan.viewers() == (HOA, MINH)


def test_s3_the_status_moves_when_the_contact_is_shared_and_a_second_run_changes_nothing() -> None:
    lan = Lan(rule(HOA))
    lan.enroll(campaign_id="tet", care_status=PENDING)
    assert lan.apply() is CrmOutcome.APPLIED
    assert lan.state is not None
    assert lan.state.care_status is ASSIGNED
    events = list(lan.events)
    assert lan.apply() is CrmOutcome.UNCHANGED
    assert lan.events == events


def test_s3_a_contact_that_waits_again_is_moved_again() -> None:
    lan = Lan(rule(HOA))
    lan.enroll(campaign_id="tet", care_status=PENDING)
    lan.apply()
    lan.enroll(care_status=PENDING)
    assert lan.apply() is CrmOutcome.APPLIED
    assert lan.viewers() == (HOA,)
    assert lan.state is not None
    assert lan.state.care_status is ASSIGNED


def test_s3_what_is_not_given_stays() -> None:
    lan = Lan()
    lan.enroll(campaign_id="tet", care_status=PENDING)
    lan.enroll(care_status=None)
    assert lan.state is not None
    assert (lan.state.campaign_id, lan.state.care_status) == ("tet", None)
    assert lan.enroll(campaign_id="tet") is CrmOutcome.UNCHANGED


def test_s3_there_has_to_be_such_a_campaign() -> None:
    lan = Lan()
    command = EnrollContact(**lan.command(), by=BOSS, campaign_id="none")
    assert lan.ask(command) == (CrmOutcome.REFUSED, CrmRefusal.NO_CAMPAIGN)


def test_s4_taking_an_agent_off_ends_what_the_rule_gave_and_nothing_by_hand() -> None:
    lan = Lan(rule(HOA, MINH))
    lan.enroll(campaign_id="tet")
    lan.apply()
    lan.share(HOA)
    lan.define(rule(LAN, revision=5))
    assert lan.viewers() == (HOA, MINH)
    assert lan.apply() is CrmOutcome.APPLIED
    assert lan.viewers() == (HOA, LAN)
    lan.unshare(HOA)
    assert lan.viewers() == (LAN,)


def test_s4_what_is_ended_by_hand_stays_by_the_rule() -> None:
    lan = Lan(rule(HOA))
    lan.enroll(campaign_id="tet")
    lan.share(HOA)
    lan.apply()
    lan.unshare(HOA)
    assert lan.viewers() == (HOA,)


def test_s4_a_rule_that_is_removed_gives_nothing() -> None:
    lan = Lan(rule(HOA), rule(HOA, LAN, rule_id="second"))
    lan.enroll(campaign_id="tet")
    lan.apply()
    lan.apply("second")
    lan.forget()
    assert lan.apply() is CrmOutcome.APPLIED
    assert lan.viewers() == (HOA, LAN)
    assert lan.apply() is CrmOutcome.UNCHANGED


def test_s4_a_contact_that_leaves_the_campaign_is_not_shared_by_its_rules() -> None:
    lan = Lan(rule(HOA), rule(LAN, rule_id="second"))
    lan.enroll(campaign_id="tet")
    lan.apply()
    lan.apply("second")
    lan.share(MINH)
    lan.enroll(campaign_id="he")
    assert [type(event) for event in lan.events[-3:]] == [
        ContactEnrolled,
        SharingRuleEnded,
        SharingRuleEnded,
    ]
    assert lan.viewers() == (MINH,)


def test_s4_a_rule_that_is_for_another_campaign_now_follows_its_contacts() -> None:
    lan = Lan(rule(HOA))
    lan.enroll(campaign_id="tet")
    lan.apply()
    lan.define(rule(HOA, revision=7, campaign_id="he"))
    lan.enroll(campaign_id="he")
    assert lan.viewers() == (HOA,)
    lan.apply()
    assert lan.viewers() == (HOA,)


_AGENTS = st.sampled_from([HOA, LAN, MINH])
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("share"), _AGENTS),
        st.tuples(st.just("unshare"), _AGENTS),
        st.tuples(st.just("enroll"), st.sampled_from(["tet", "he", None])),
        st.tuples(st.just("wait"), st.none()),
        st.tuples(st.just("rule"), st.sets(_AGENTS)),
        st.tuples(st.just("forget"), st.none()),
        st.tuples(st.just("apply"), st.none()),
    ),
    max_size=30,
)


@given(_STEPS)
def test_s4_after_a_run_the_viewers_are_those_by_hand_and_those_of_the_rule(
    steps: list[tuple[str, Any]],
) -> None:
    lan, by_hand, given_by, revision = Lan(), set[AgentId](), None, 2
    for step, what in [*steps, ("apply", None)]:
        match step:
            case "share":
                lan.share(what)
                by_hand.add(what)
            case "unshare":
                lan.unshare(what)
                by_hand.discard(what)
            case "enroll":
                lan.enroll(campaign_id=what)
            case "wait":
                lan.enroll(care_status=PENDING)
            case "rule":
                revision += 1
                given_by = sorted(what)
                lan.define(rule(*given_by, revision=revision))
            case "forget":
                given_by = None
                lan.forget()
            case _:
                lan.apply()
        assert by_hand <= set(lan.viewers())
    assert lan.state is not None
    in_campaign = lan.state.campaign_id == "tet"
    assert set(lan.viewers()) == by_hand | (set(given_by or ()) if in_campaign else set())
    assert lan.apply() is CrmOutcome.UNCHANGED


def _name(agent: AgentId) -> str:
    return agent.title()


@pytest.mark.parametrize("language", ["vi", "en"])
def test_c8_the_history_of_sharing_reads_like_a_story(language: str) -> None:
    lan, told = Lan(rule(HOA, MINH)), []
    before = lan.document
    for step in (
        lambda: lan.share(HOA),
        lambda: lan.enroll(campaign_id="tet", care_status=PENDING),
        lan.apply,
        lambda: lan.define(rule(LAN, MINH, revision=5)),
        lan.apply,
        lambda: lan.unshare(HOA),
        lambda: lan.enroll(care_status=None),
        lambda: lan.enroll(campaign_id=None),
    ):
        first = len(lan.events)
        step()
        for event in lan.events[first : first + 1]:
            description = describe(event, before, lan.document)
            told.append(name_mentioned(getattr(description, language), _name))
        before = lan.document
    assert (
        told
        == {
            "vi": [
                "chia sẻ khách này cho Hoa.",
                "đưa khách vào chiến dịch “Tet”.",
                "Quy tắc “Khách Tết” chia sẻ khách này cho Hoa, Minh.",
                "Quy tắc “Khách Tết” chia sẻ khách này cho Lan và thôi chia sẻ cho Hoa.",
                "thôi chia sẻ khách này cho Hoa.",
                "xóa tình trạng chăm sóc.",
                "đưa khách ra khỏi chiến dịch.",
            ],
            "en": [
                "shared the contact with Hoa.",
                "put the contact into the campaign “Tet”.",
                "The rule “Khách Tết” shared the contact with Hoa, Minh.",
                "The rule “Khách Tết” shared the contact with Lan and stopped sharing it with Hoa.",
                "stopped sharing the contact with Hoa.",
                "removed the care status.",
                "took the contact out of the campaign.",
            ],
        }[language]
    )


def test_c8_a_rule_with_many_agents_names_some() -> None:
    agents = [AgentId(f"a{number}") for number in range(8)]
    lan = Lan(rule(*agents))
    lan.enroll(campaign_id="tet")
    before = lan.document
    lan.apply()
    event = lan.events[-1]
    assert isinstance(event, SharingRuleApplied)
    description = describe(event, before, lan.document)
    assert name_mentioned(description.en, _name) == (
        "The rule “Khách Tết” shared the contact with A0, A1, A2, A3, A4, +3 others."
    )
    (change,) = description.changes
    assert change.field == "viewers"
