"""Rate limits and pauses, on a clock that the tests move."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuyen_channels.calls import Limit, Pause, PauseScope
from tuyen_outbound.domain.pacing import Pacing, RateBucket

PAGE = Limit("messages", rate_s=10, burst=2)
APP = Limit("app", rate_s=10, burst=2, of_app=True)


def test_p5_a_bucket_lets_a_burst_through_and_then_its_rate() -> None:
    bucket = RateBucket(rate_s=10, burst=3)
    assert [bucket.reserve(100.0) for _ in range(5)] == pytest.approx([0, 0, 0, 0.1, 0.2])
    assert bucket.reserve(200.0) == 0


@given(st.lists(st.floats(0, 2), min_size=1, max_size=50), st.floats(0.5, 50), st.integers(1, 10))
def test_p5_a_bucket_never_lets_more_through_than_it_may(
    gaps: list[float], rate_s: float, burst: int
) -> None:
    bucket, now = RateBucket(rate_s, burst), 0.0
    made: list[float] = []
    for gap in gaps:
        now += gap
        made.append(now + bucket.reserve(now))
    assert made == sorted(made)
    for first, moment in enumerate(made):
        within = [each for each in made[first:] if each <= moment + 1.0]
        assert len(within) <= burst + rate_s + 1


def test_p5_pages_have_limits_of_their_own_and_share_those_of_the_app() -> None:
    pacing = Pacing()
    assert [pacing.reserve("a", [PAGE], 0.0) for _ in range(3)] == pytest.approx([0, 0, 0.1])
    assert pacing.reserve("b", [PAGE], 0.0) == 0
    waits = [pacing.reserve(page, [APP], 0.0) for page in ("a", "b", "c", "d")]
    assert waits == pytest.approx([0, 0, 0.1, 0.2])


def test_p5_a_worker_uses_its_share_of_a_limit() -> None:
    pacing = Pacing()
    pacing.share = 0.5
    waits = [pacing.reserve("a", [PAGE], 0.0) for _ in range(3)]
    assert waits == pytest.approx([0, 0.2, 0.4])


def test_p5_a_pause_concerns_the_page_or_all() -> None:
    pacing = Pacing()
    assert pacing.pause("a", Pause(PauseScope.PAGE, 30), 100.0) == 30
    assert [pacing.find_pause(page, 110.0) for page in ("a", "b")] == [20, 0]
    pacing.pause("a", Pause(PauseScope.APP, 60), 100.0)
    assert [pacing.find_pause(page, 110.0) for page in ("a", "b")] == [50, 50]
    assert pacing.find_pause("b", 160.0) == 0


def test_p5_pauses_without_a_time_grow_until_a_call_succeeds() -> None:
    pacing, pause = Pacing(), Pause(PauseScope.PAGE)
    assert [pacing.pause("a", pause, 0.0) for _ in range(3)] == [15, 30, 60]
    pacing.note_success("a")
    assert pacing.pause("a", pause, 0.0) == 15


def test_r9_6_full_buckets_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuyen_outbound.domain.pacing._BUCKETS", 3)
    pacing = Pacing()
    for number in range(50):
        pacing.reserve(str(number), [PAGE], float(number))
        pacing.pause(str(number), Pause(PauseScope.PAGE, 1), float(number))
    assert len(pacing._buckets) <= 3
    assert len(pacing._paused) <= 4
