import pytest

from tuyen_doubles.calls import DoubleAction
from tuyen_doubles.faults import MOST_FAULTS, DoubleFault, FaultTable, TooManyFaultsError

FACEBOOK, ZALO = "facebook", "zalo"
SEND, READ = DoubleAction.SEND, DoubleAction.READ


def test_a_fault_hits_so_many_calls_of_its_channel_action_and_account() -> None:
    faults = FaultTable()
    fault = DoubleFault(channel=FACEBOOK, action=SEND, account="1", status=500, times=2)
    faults.put(fault)
    assert faults.take(ZALO, SEND, "1") is None
    assert faults.take(FACEBOOK, DoubleAction.HIDE, "1") is None
    assert faults.take(FACEBOOK, SEND, "2") is None
    assert [faults.take(FACEBOOK, SEND, "1") for _ in range(3)] == [fault, fault, None]


def test_a_fault_of_no_action_hits_all_but_what_only_looks() -> None:
    faults = FaultTable()
    faults.put(DoubleFault(channel=FACEBOOK, status=500))
    assert faults.take(FACEBOOK, READ, None) is None
    assert faults.take(FACEBOOK, DoubleAction.PROFILE, None) is None
    assert faults.take(FACEBOOK, DoubleAction.TOKEN, None) is not None


def test_a_fault_replaces_one_for_the_same_calls() -> None:
    faults = FaultTable()
    for times in (5, 1):
        faults.put(DoubleFault(channel=FACEBOOK, action=SEND, status=500, times=times))
    faults.put(DoubleFault(channel=ZALO, body={"error": -32}))
    assert [left for _, left in faults.left()] == [1, 1]
    faults.clear(ZALO)
    assert [fault.channel for fault, _ in faults.left()] == [FACEBOOK]
    faults.clear()
    assert faults.left() == []


def test_r9_6_there_are_so_many_faults_at_most() -> None:
    faults = FaultTable()
    for number in range(MOST_FAULTS):
        faults.put(DoubleFault(channel=FACEBOOK, account=str(number), status=500))
    with pytest.raises(TooManyFaultsError):
        faults.put(DoubleFault(channel=ZALO, status=500))


@pytest.mark.parametrize(
    ("fault", "carries_out"),
    [
        (DoubleFault(channel=FACEBOOK, status=500), False),
        (DoubleFault(channel=ZALO, body={"error": -32}), False),
        (DoubleFault(channel=FACEBOOK, status=500, drop_answer=True), True),
        (DoubleFault(channel=FACEBOOK, status=500, carry_out=True), True),
        (DoubleFault(channel=FACEBOOK, delay_ms=10), True),
        (DoubleFault(channel=FACEBOOK, drop_echo=True), True),
    ],
)
def test_a_call_is_carried_out_unless_its_answer_is_replaced(
    fault: DoubleFault, carries_out: bool
) -> None:
    assert fault.carries_out is carries_out
