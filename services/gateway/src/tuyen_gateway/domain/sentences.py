"""Explains an assignment in a sentence for people, in Vietnamese and in English (R9.4)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from tuyen_events.ids import AgentId, RuleId
from tuyen_events.vocabulary import Reason
from tuyen_gateway.domain.history import AssignmentEntry, find_considered, is_followed


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    vi: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NameLookup:
    """The names of agents and rules; what was removed since is shown by its id."""

    agent: Callable[[AgentId], str]
    rule: Callable[[RuleId], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """The names in one record, ready for a sentence."""

    agent: str
    previous: str | None
    by: str | None
    after: str | None
    gave: str | None
    """The agent whose conversation was returned to rotation (R6.5)."""
    vi_rule: str
    en_rule: str
    """The rule with its preposition; empty if no rule was applied."""
    count: int | None
    load: int | None


def build_sentence(entry: AssignmentEntry, names: NameLookup) -> Sentence:
    """One sentence for every reason, also for one that this version does not know. If there is a
    note, it is a second sentence."""
    words = _words(entry, names)
    if not entry.reason.is_known:
        text = _name_reason(entry, words)
    else:
        text = _explain_following(words) if is_followed(entry) else _explain_decision(entry, words)
    if not entry.note:
        return text
    return Sentence(vi=f"{text.vi} Ghi chú: “{entry.note}”.", en=f"{text.en} Note: “{entry.note}”.")


def _words(entry: AssignmentEntry, names: NameLookup) -> _Words:
    def name(agent: AgentId | None) -> str | None:
        return None if agent is None else names.agent(agent)

    choice = entry.choice
    rule = None if entry.rule_id is None else names.rule(entry.rule_id)
    candidates = find_considered(entry)
    return _Words(
        agent=name(entry.agent_id) or "",
        previous=name(entry.previous_agent_id),
        by=name(entry.by),
        after=None if choice is None else name(choice.after),
        gave=None if choice is None else name(choice.handed_over_by),
        vi_rule="" if rule is None else f" theo quy tắc “{rule}”",
        en_rule="" if rule is None else f" under the rule “{rule}”",
        count=len(candidates) if candidates else None,
        load=None if choice is None else choice.load,
    )


def _explain_following(words: _Words) -> Sentence:
    return Sentence(
        vi=f"{words.agent} đang phụ trách khách này nên phụ trách luôn hội thoại này.",
        en=f"{words.agent} has this customer already, so this conversation too.",
    )


def _explain_decision(entry: AssignmentEntry, words: _Words) -> Sentence:
    match entry.reason:
        case Reason.ROTATION | Reason.RANDOM | Reason.LEAST_LOADED:
            text = _by_rule(entry.reason, words)
        case Reason.STICKY_LOST | Reason.REASSIGNED_OFFLINE:
            text = _instead(entry.reason, words)
        case Reason.QUEUE_DRAINED:
            text = Sentence(
                vi=f"Hội thoại chờ trong hàng đợi đến khi {words.agent} có thể nhận"
                f"{words.vi_rule}.",
                en=f"It waited in the queue until {words.agent} could take it{words.en_rule}.",
            )
        case Reason.MANUAL | Reason.TAKEN | Reason.UNASSIGNED:
            text = _manual(entry.reason, words)
        case Reason.BULK:
            text = _explain_handover(entry, words)
        case Reason.QUEUED | Reason.NO_CANDIDATE:
            text = _nobody(entry.reason, words)
        case _:
            assert_never(entry.reason)
    return text


def _name_reason(entry: AssignmentEntry, words: _Words) -> Sentence:
    """The sentence for a reason that this version does not know: the new assignee, and the reason's
    name."""
    vi_by = "" if words.by is None else f"Theo quyết định của {words.by}: "
    en_by = "" if words.by is None else f"As {words.by} decided: "
    vi_end, en_end = f" (lý do: {entry.reason})", f" (reason: {entry.reason})"
    if entry.agent_id is None:
        vi, en = "hội thoại chưa có ai phụ trách", "nobody has the conversation"
    else:
        vi = f"hội thoại được giao cho {words.agent}"
        en = f"the conversation was given to {words.agent}"
    return Sentence(
        vi=_capitalize(f"{vi_by}{vi}{words.vi_rule}{vi_end}."),
        en=_capitalize(f"{en_by}{en}{words.en_rule}{en_end}."),
    )


def _capitalize(text: str) -> str:
    return text[0].upper() + text[1:]


def _by_rule(reason: Reason, words: _Words) -> Sentence:
    vi_of = "" if words.count is None else f" ({words.count} nhân viên có thể nhận)"
    en_of = "" if words.count is None else f" ({words.count} could take it)"
    if reason is Reason.RANDOM:
        vi, en = f"{words.agent} được chọn ngẫu nhiên", f"{words.agent} was drawn at random"
    elif reason is Reason.LEAST_LOADED:
        vi_load = "" if words.load is None else f", là {words.load},"
        en_load = "" if words.load is None else f", {words.load},"
        vi = f"{words.agent} đang có ít hội thoại mở nhất{vi_load}"
        en = f"{words.agent} had the fewest open conversations{en_load}"
    else:
        vi_after = "" if words.after is None else f", sau {words.after},"
        en_after = "" if words.after is None else f", after {words.after},"
        vi, en = f"Đến lượt {words.agent}{vi_after}", f"It was {words.agent}’s turn{en_after}"
    return Sentence(vi=f"{vi}{words.vi_rule}{vi_of}.", en=f"{en}{words.en_rule}{en_of}.")


def _instead(reason: Reason, words: _Words) -> Sentence:
    vi_before = words.previous or "Người phụ trách trước"
    en_before = words.previous or "Whoever had it"
    if reason is Reason.STICKY_LOST:
        return Sentence(
            vi=f"{vi_before} không còn được phụ trách khách này, nên {words.agent} nhận thay"
            f"{words.vi_rule}.",
            en=f"{en_before} may not have this customer any more, so {words.agent} took over"
            f"{words.en_rule}.",
        )
    return Sentence(
        vi=f"Khách nhắn lại khi {vi_before} không trực tuyến, nên {words.agent} nhận thay"
        f"{words.vi_rule}.",
        en=f"{en_before} was offline when the customer came back, so {words.agent} took over"
        f"{words.en_rule}.",
    )


def _manual(reason: Reason, words: _Words) -> Sentence:
    if reason is Reason.TAKEN:
        return Sentence(
            vi=f"{words.agent} tự nhận hội thoại chưa có ai phụ trách.",
            en=f"{words.agent} took it, as nobody had it.",
        )
    if reason is Reason.MANUAL:
        vi_from = "" if words.previous is None else f" từ {words.previous}"
        en_from = "" if words.previous is None else f" from {words.previous}"
        return Sentence(
            vi=f"{words.by or 'Quản lý'} chuyển hội thoại{vi_from} cho {words.agent}.",
            en=f"{words.by or 'A manager'} gave it{en_from} to {words.agent}.",
        )
    if words.previous is not None:
        return Sentence(
            vi=f"{words.by or 'Hệ thống'} bỏ phân công {words.previous}; "
            "hội thoại chưa có ai phụ trách.",
            en=f"{words.by or 'The system'} took it from {words.previous}; nobody has it now.",
        )
    return Sentence(
        vi=f"{words.by or 'Hệ thống'} đưa hội thoại ra khỏi hàng đợi.",
        en=f"{words.by or 'The system'} took it out of the queue.",
    )


def _explain_handover(entry: AssignmentEntry, words: _Words) -> Sentence:
    by_vi, by_en = words.by or "Quản lý", words.by or "A manager"
    if entry.mode is not None:
        gave = words.gave or words.previous
        vi_gave = "" if gave is None else f" của {gave}"
        en_gave = "The conversation" if gave is None else f"{gave}’s conversation"
        return Sentence(
            vi=f"Hội thoại{vi_gave} được trả về để chia lại, và {words.agent} nhận{words.vi_rule}.",
            en=f"{en_gave} went back to rotation, and {words.agent} got it{words.en_rule}.",
        )
    if entry.agent_id is None:
        vi_from = "" if words.previous is None else f" từ {words.previous}"
        en_from = "" if words.previous is None else f" from {words.previous}"
        return Sentence(
            vi=f"{by_vi} thu hồi hội thoại{vi_from}; hội thoại chưa có ai phụ trách.",
            en=f"{by_en} took it back{en_from}; nobody has it now.",
        )
    vi_from = "" if words.previous is None else f" của {words.previous}"
    en_from = "" if words.previous is None else f" from {words.previous}"
    return Sentence(
        vi=f"{by_vi} bàn giao hàng loạt: hội thoại{vi_from} được chuyển cho {words.agent}.",
        en=f"{by_en} handed many over at once: this one went{en_from} to {words.agent}.",
    )


def _nobody(reason: Reason, words: _Words) -> Sentence:
    if reason is Reason.QUEUED:
        vi_end, en_end = "hội thoại đang chờ trong hàng đợi", "it waits in the queue"
    else:
        vi_end, en_end = "hội thoại chưa có ai phụ trách", "nobody has it"
    if words.by is not None:
        vi_from = "" if words.previous is None else f" của {words.previous}"
        en_from = "" if words.previous is None else f" from {words.previous}"
        return Sentence(
            vi=f"{words.by} trả hội thoại{vi_from} về để chia lại; {vi_end}.",
            en=f"{words.by} took it back{en_from} for rotation; {en_end}.",
        )
    return Sentence(
        vi=f"Chưa có nhân viên nào có thể nhận{words.vi_rule}; {vi_end}.",
        en=f"Nobody could take it{words.en_rule}; {en_end}.",
    )
