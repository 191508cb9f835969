"""Every reason has its sentence, in natural words and by names (R9.4)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tuyen_events.assignments import Choice
from tuyen_events.ids import AgentId, RuleId
from tuyen_events.vocabulary import ConversationKind, Reason, Strategy
from tuyen_gateway.domain.history import AssignmentEntry
from tuyen_gateway.domain.sentences import NameLookup, build_sentence

NAMES = NameLookup(
    agent=lambda agent: {"lan": "Lan", "minh": "Minh", "hoa": "Hoa"}.get(agent, agent),
    rule=lambda _: "Bán hàng",
)
LAN, MINH, HOA, RULE = AgentId("lan"), AgentId("minh"), AgentId("hoa"), RuleId("r")


def entry(reason: Reason, agent: AgentId | None = LAN, **said: Any) -> AssignmentEntry:
    given: dict[str, Any] = {
        "version": 1,
        "previous_agent_id": None,
        "mode": None,
        "rule_id": None,
        "by": None,
        "note": None,
        "candidates": (),
        "caused_by": "evt_1",
        "at": datetime(2026, 11, 21, 8, tzinfo=UTC),
        **said,
    }
    return AssignmentEntry(reason=reason, agent_id=agent, **given)


BY_RULE: dict[str, Any] = {"rule_id": RULE, "mode": Strategy.SEQUENTIAL}
CASES = {
    "rotation": (
        entry(Reason.ROTATION, **BY_RULE, choice=Choice(after=MINH)),
        "Đến lượt Lan, sau Minh, theo quy tắc “Bán hàng”.",
        "It was Lan’s turn, after Minh, under the rule “Bán hàng”.",
    ),
    "first of a rule": (
        entry(Reason.ROTATION, **BY_RULE, candidates=(LAN, MINH)),
        "Đến lượt Lan theo quy tắc “Bán hàng” (2 nhân viên có thể nhận).",
        "It was Lan’s turn under the rule “Bán hàng” (2 could take it).",
    ),
    "random": (
        entry(Reason.RANDOM, rule_id=RULE, mode=Strategy.RANDOM, candidates=(LAN, MINH, HOA)),
        "Lan được chọn ngẫu nhiên theo quy tắc “Bán hàng” (3 nhân viên có thể nhận).",
        "Lan was drawn at random under the rule “Bán hàng” (3 could take it).",
    ),
    "least_loaded": (
        entry(Reason.LEAST_LOADED, rule_id=RULE, mode=Strategy.LEAST_LOADED, choice=Choice(load=0)),
        "Lan đang có ít hội thoại mở nhất, là 0, theo quy tắc “Bán hàng”.",
        "Lan had the fewest open conversations, 0, under the rule “Bán hàng”.",
    ),
    "sticky_lost": (
        entry(Reason.STICKY_LOST, previous_agent_id=MINH, **BY_RULE),
        "Minh không còn được phụ trách khách này, nên Lan nhận thay theo quy tắc “Bán hàng”.",
        "Minh may not have this customer any more, so Lan took over under the rule “Bán hàng”.",
    ),
    "reassigned_offline": (
        entry(Reason.REASSIGNED_OFFLINE, previous_agent_id=MINH, **BY_RULE),
        "Khách nhắn lại khi Minh không trực tuyến, nên Lan nhận thay theo quy tắc “Bán hàng”.",
        "Minh was offline when the customer came back, so Lan took over under the rule “Bán hàng”.",
    ),
    "queue_drained": (
        entry(Reason.QUEUE_DRAINED, **BY_RULE),
        "Hội thoại chờ trong hàng đợi đến khi Lan có thể nhận theo quy tắc “Bán hàng”.",
        "It waited in the queue until Lan could take it under the rule “Bán hàng”.",
    ),
    "manual": (
        entry(Reason.MANUAL, previous_agent_id=MINH, by=HOA, note="quen khách"),
        "Hoa chuyển hội thoại từ Minh cho Lan. Ghi chú: “quen khách”.",
        "Hoa gave it from Minh to Lan. Note: “quen khách”.",
    ),
    "taken": (
        entry(Reason.TAKEN, by=LAN),
        "Lan tự nhận hội thoại chưa có ai phụ trách.",
        "Lan took it, as nobody had it.",
    ),
    "unassigned": (
        entry(Reason.UNASSIGNED, None, previous_agent_id=MINH, by=HOA),
        "Hoa bỏ phân công Minh; hội thoại chưa có ai phụ trách.",
        "Hoa took it from Minh; nobody has it now.",
    ),
    "out of the queue by itself": (
        entry(Reason.UNASSIGNED, None),
        "Hệ thống đưa hội thoại ra khỏi hàng đợi.",
        "The system took it out of the queue.",
    ),
    "bulk to an agent": (
        entry(Reason.BULK, previous_agent_id=MINH, by=HOA),
        "Hoa bàn giao hàng loạt: hội thoại của Minh được chuyển cho Lan.",
        "Hoa handed many over at once: this one went from Minh to Lan.",
    ),
    "bulk back to rotation": (
        entry(Reason.BULK, **BY_RULE, choice=Choice(handed_over_by=MINH)),
        "Hội thoại của Minh được trả về để chia lại, và Lan nhận theo quy tắc “Bán hàng”.",
        "Minh’s conversation went back to rotation, and Lan got it under the rule “Bán hàng”.",
    ),
    "bulk with automatic assignment off": (
        entry(Reason.BULK, None, previous_agent_id=MINH, by=HOA),
        "Hoa thu hồi hội thoại từ Minh; hội thoại chưa có ai phụ trách.",
        "Hoa took it back from Minh; nobody has it now.",
    ),
    "queued": (
        entry(Reason.QUEUED, None, rule_id=RULE),
        "Chưa có nhân viên nào có thể nhận theo quy tắc “Bán hàng”; "
        "hội thoại đang chờ trong hàng đợi.",
        "Nobody could take it under the rule “Bán hàng”; it waits in the queue.",
    ),
    "queued by a handover": (
        entry(Reason.QUEUED, None, previous_agent_id=MINH, by=HOA),
        "Hoa trả hội thoại của Minh về để chia lại; hội thoại đang chờ trong hàng đợi.",
        "Hoa took it back from Minh for rotation; it waits in the queue.",
    ),
    "no_candidate": (
        entry(Reason.NO_CANDIDATE, None, rule_id=RULE),
        "Chưa có nhân viên nào có thể nhận theo quy tắc “Bán hàng”; "
        "hội thoại chưa có ai phụ trách.",
        "Nobody could take it under the rule “Bán hàng”; nobody has it.",
    ),
    "of a later version": (
        entry(Reason("offered"), rule_id=RULE, mode=Strategy("weighted")),
        "Hội thoại được giao cho Lan theo quy tắc “Bán hàng” (lý do: offered).",
        "The conversation was given to Lan under the rule “Bán hàng” (reason: offered).",
    ),
    "of a later version, by somebody": (
        entry(Reason("held"), None, previous_agent_id=MINH, by=HOA, note="chờ hàng"),
        "Theo quyết định của Hoa: hội thoại chưa có ai phụ trách (lý do: held). "
        "Ghi chú: “chờ hàng”.",
        "As Hoa decided: nobody has the conversation (reason: held). Note: “chờ hàng”.",
    ),
    "a livestream that follows its customer": (
        entry(Reason.ROTATION, rule_id=RULE, kind=ConversationKind.LIVESTREAM),
        "Lan đang phụ trách khách này nên phụ trách luôn hội thoại này.",
        "Lan has this customer already, so this conversation too.",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_r9_4_a_sentence_for_people(name: str) -> None:
    told, vi, en = CASES[name]
    said = build_sentence(told, NAMES)
    assert (said.vi, said.en) == (vi, en)


def test_r9_4_no_reason_is_without_a_sentence() -> None:
    assert {told.reason for told, _, _ in CASES.values()} >= set(Reason)
