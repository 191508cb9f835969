"""How often a refused call is repeated, and when."""

from datetime import timedelta

import pytest

from outbound.asking import MOMENT
from tuyen_channels.calls import RefusalKind
from tuyen_outbound.domain.retrying import find_pause_s, find_wait


@pytest.mark.parametrize(
    ("refusals", "wait_s"), [(0, 1), (1, 2), (2, 5), (3, 10), (4, 20), (5, 30), (6, None)]
)
def test_p5_a_transient_error_is_repeated_six_times(refusals: int, wait_s: float | None) -> None:
    assert find_wait(RefusalKind.TRANSIENT, refusals, MOMENT, MOMENT) == wait_s


@pytest.mark.parametrize(
    ("refusals", "minutes", "wait_s"), [(0, 0, 1), (50, 9, 30), (50, 10, None), (1, 11, None)]
)
def test_p5_a_channel_that_is_not_reached_is_tried_for_ten_minutes(
    refusals: int, minutes: int, wait_s: float | None
) -> None:
    now = MOMENT + timedelta(minutes=minutes)
    assert find_wait(RefusalKind.UNREACHABLE, refusals, MOMENT, now) == wait_s


@pytest.mark.parametrize(
    ("asked_s", "before", "pause_s"),
    [
        (None, 0, 15),
        (None, 1, 30),
        (None, 3, 120),
        (None, 9, 600),
        (None, 500, 600),
        (7.0, 5, 7),
        (0.0, 0, 1),
    ],
)
def test_p5_a_pause_is_what_the_channel_asks_for_or_grows(
    asked_s: float | None, before: int, pause_s: float
) -> None:
    assert find_pause_s(asked_s, before) == pause_s
