from datetime import UTC, datetime
from typing import Any

from tuyen_doubles.calls import MOST_CALLS, CallRecord, DoubleAction


def record(calls: CallRecord, action: DoubleAction = DoubleAction.SEND, **given: Any) -> None:
    call = {
        "channel": "facebook",
        "account": "1",
        "to": "c",
        "text": "Dạ",
        "body": {},
        "answered": {"status": 200, "body": {}},
        "at": datetime(2026, 11, 29, tzinfo=UTC),
        "token": None,
    }
    calls.add(action=action, **{**call, **given})


def test_calls_are_numbered_and_found_by_channel_action_account_and_number() -> None:
    calls = CallRecord()
    record(calls)
    record(calls, DoubleAction.HIDE, account="2")
    record(calls, channel="zalo")
    assert [call.seq for call in calls.find()] == [1, 2, 3]
    assert [call.seq for call in calls.find("facebook")] == [1, 2]
    assert [call.seq for call in calls.find(action=DoubleAction.SEND)] == [1, 3]
    assert [call.seq for call in calls.find(account="2")] == [2]
    assert [call.seq for call in calls.find(after=2)] == [3]
    assert calls.last == 3


def test_what_only_looks_is_found_by_its_action_alone() -> None:
    calls = CallRecord()
    record(calls, DoubleAction.READ)
    assert list(calls.find()) == []
    assert [call.seq for call in calls.find(action=DoubleAction.READ)] == [1]


def test_r9_6_the_oldest_calls_and_large_bodies_are_forgotten() -> None:
    calls = CallRecord()
    for _ in range(MOST_CALLS + 1):
        record(calls)
    record(calls, body={"text": "a" * 20_000}, text="b" * 20_000)
    found = list(calls.find())
    assert len(found) == MOST_CALLS
    assert found[0].seq == 3
    assert found[-1].body["truncated"] is True
    assert len(found[-1].text or "") < 20_000
