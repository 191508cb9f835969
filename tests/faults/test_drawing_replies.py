"""What is answered in a plan, and which faults the doubles get."""

from collections import Counter

import pytest

from faults import plan
from faults.channel_faults import describe_fault
from faults.doubles import find_error
from faults.plan import OUTBOUND_FAULTS, is_of_channel
from faults.tenants import ACCOUNTS, CHANNELS, Json
from tuyen_doubles.steering import FaultBody

STEPS = plan.draw_plan(6, 200)
_OUTBOUND = {*OUTBOUND_FAULTS}
SPOKEN = {each.given["name"]: each for each in STEPS if each.do == "speak"}


def test_everybody_has_a_message_first() -> None:
    first = [each.given for each in list(SPOKEN.values())[: len(ACCOUNTS)]]
    assert {each["page"] for each in first} == {account.page for account in ACCOUNTS}
    assert {each["post"] for each in first} == {None}


def test_what_is_answered_was_written_some_seconds_before() -> None:
    answers = [each for each in STEPS if each.do in ("reply", "act")]
    assert all(SPOKEN[each.given["about"]].at + 2 < each.at for each in answers)
    assert {each.do for each in answers} == {"reply", "act"}
    assert any(each.given["twice"] for each in answers if each.do == "reply")


def test_a_comment_is_answered_privately_once() -> None:
    private = [each.given for each in STEPS if each.do == "reply" and each.given["private"]]
    assert private
    assert Counter(each["about"] for each in private).most_common(1)[0][1] == 1
    assert all(SPOKEN[each["about"]].given["post"] for each in private)


def test_what_is_changed_was_replied_some_seconds_before() -> None:
    replied = {each.given["name"]: each for each in STEPS if each.do == "reply"}
    changes = [each for each in STEPS if each.do in ("retry", "edit", "delete")]
    assert {each.do for each in changes} == {"retry", "edit", "delete"}
    assert all(replied[each.given["about"]].at + 2 < each.at for each in changes)
    own = {each.do: set[str]() for each in changes}
    for each in changes:
        own[each.do].add(each.given["about"])
    for name in own["edit"] | own["delete"]:
        about = replied[name].given
        assert SPOKEN[about["about"]].given["post"]
        assert not about["private"]
    assert not own["edit"] & own["delete"]


def test_a_reply_with_a_picture_is_asked_for_by_one_person() -> None:
    pictured = [each.given for each in STEPS if each.do == "reply" and each.given["file"]]
    assert pictured
    assert not any(each["twice"] or each["private"] for each in pictured)


def test_replies_change_nothing_in_the_rest_of_a_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faults.plan.REPLIES_PER_S", 0.0)
    replying = ("speak", "reply", "act", "retry", "edit", "delete")
    rest = [each for each in STEPS if each.do not in replying]
    assert plan.draw_plan(6, 200) == rest


def test_the_last_faults_of_senders_are_over_before_the_history_is() -> None:
    faults = [each for each in STEPS if each.do == "fault"]
    senders = [each for each in faults if (each.given["what"], each.given["target"]) in _OUTBOUND]
    assert max(each.at for each in senders) < 190
    throttled = [each for each in faults if each.given["what"] == "throttle"]
    assert all(each.at < 130 for each in throttled if each.given["target"] == "zalo")


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("which", [0.0, 0.5, 0.99])
def test_the_doubles_understand_every_fault_of_a_channel(channel: str, which: float) -> None:
    for what, target in OUTBOUND_FAULTS:
        fault: Json = {"what": what, "target": channel, "which": which}
        if target == channel and what != "kill token":
            assert is_of_channel(fault)
            assert FaultBody.model_validate(describe_fault(fault)).fault().channel == channel


@pytest.mark.parametrize(
    ("answered", "error"),
    [
        ({"status": 200, "body": {"message_id": "m"}}, None),
        ({"status": 200, "body": {"error": 0, "data": {}}, "dropped": True}, None),
        ({"status": 200, "body": {"error": -216}}, "-216"),
        ({"status": 400, "body": {"error": {"code": 190, "error_subcode": 463}}}, "190"),
        ({"status": 503, "body": "<html>"}, "503"),
        ({"status": 503, "body": "<html>", "carried_out": True}, None),
        ({"status": 429, "body": {}}, "429"),
    ],
)
def test_what_a_channel_refused_has_its_code(answered: Json, error: str | None) -> None:
    assert find_error(answered) == error
