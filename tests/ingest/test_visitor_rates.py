"""R9.5: how many requests wait at once, and what is left of those who are gone."""

from tuyen_events import visitor_limits as limits
from tuyen_ingest.domain.visitors import SiteVisitor
from tuyen_ingest.visitor_rates import WaitingVisitors

LAN = SiteVisitor(app_id="app_1", id="guest-1")


def test_r9_6_those_who_waited_are_forgotten() -> None:
    waiting = WaitingVisitors()
    held = [waiting.hold(LAN, "net") for _ in range(limits.WAITING_OF_VISITOR + 1)]
    allowed = [one.__enter__() for one in held]
    assert allowed == [True] * limits.WAITING_OF_VISITOR + [False]
    for one in held:
        one.__exit__(None, None, None)
    assert not any(vars(waiting).values())


def test_r9_5_an_address_waits_so_often_whoever_its_visitors_are() -> None:
    waiting = WaitingVisitors()
    held = [
        waiting.hold(SiteVisitor(app_id="app_1", id=f"guest-{number}"), "net")
        for number in range(limits.WAITING_OF_ADDRESS + 1)
    ]
    assert [one.__enter__() for one in held].count(True) == limits.WAITING_OF_ADDRESS
    with waiting.hold(LAN, "another") as may_wait:
        assert may_wait
