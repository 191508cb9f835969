"""The history of sharing, in sentences (C8)."""

import pytest

from crm.shared_lan import HOA, LAN, MINH, PENDING, Lan, rule
from tuyen_crm.entities.shares.view import describe
from tuyen_events.crm.shares import (
    SharingRuleApplied,
)
from tuyen_events.ids import AgentId
from tuyen_views.history import name_mentioned


def _name(agent: AgentId) -> str:
    return agent.title()


@pytest.mark.parametrize("language", ["vi", "en"])
def test_c8_the_history_of_sharing_reads_like_a_story(language: str) -> None:
    lan, sentences = Lan(rule(HOA, MINH)), []
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
            sentences.append(name_mentioned(getattr(description, language), _name))
        before = lan.document
    assert (
        sentences
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
