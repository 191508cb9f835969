"""R9.5, R9.6: strangers may do little at once, and remembering them takes little."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuyen_ingest.domain.rates import CallerBuckets, Rate


def test_r9_5_a_burst_and_then_one_at_a_time() -> None:
    buckets = CallerBuckets(Rate(burst=2, every_s=10))
    assert [buckets.take("a", 0) for _ in range(3)] == [0, 0, 10]
    assert buckets.take("a", 4) == pytest.approx(6)
    assert buckets.take("b", 4) == 0
    assert buckets.take("a", 10) == 0
    assert buckets.take("a", 10) == pytest.approx(10)


def test_a_clock_that_is_set_back_gives_nothing() -> None:
    buckets = CallerBuckets(Rate(burst=1, every_s=10))
    assert buckets.take("a", 100) == 0
    assert buckets.take("a", 0) > 0


def test_r9_6_those_who_did_nothing_for_longest_are_forgotten() -> None:
    buckets = CallerBuckets(Rate(burst=1, every_s=10), kept=2)
    for caller in ("a", "b", "a", "c"):
        buckets.take(caller, 0)
    assert buckets.take("a", 0) > 0  # b was forgotten, not a
    assert buckets.take("b", 0) == 0


@given(st.lists(st.floats(0, 100), max_size=60))
def test_r9_5_never_more_than_the_rate(moments: list[float]) -> None:
    buckets = CallerBuckets(Rate(burst=3, every_s=5))
    taken = [now for now in sorted(moments) if buckets.take("a", now) == 0]
    for first, start in enumerate(taken):
        for count, end in enumerate(taken[first:], 1):
            assert count <= 3 + (end - start) / 5 + 1e-6
