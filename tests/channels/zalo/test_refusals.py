"""The table of Zalo's errors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.calling import answer
from tuyen_channels.calls import Pause, PauseScope, RefusalKind
from tuyen_channels.refusals import TEXTS
from tuyen_channels.transport import HttpAnswer
from tuyen_channels.zalo.refusals import find_zalo_pause, find_zalo_refusal

TABLE = [
    (-216, "dead_token", "token_dead"),
    (-220, "dead_token", "token_dead"),
    (-32, "throttled", "throttled"),
    (-200, "transient", "channel_unavailable"),
    (-100, "upload_expired", "file_missing"),
    (-211, "permanent", "quota_exhausted"),
    (-218, "permanent", "quota_exhausted"),
    (-230, "permanent", "outside_window"),
    (-232, "permanent", "outside_window"),
    (-234, "permanent", "at_night"),
    (-213, "permanent", "not_receiving"),
    (-217, "permanent", "unavailable"),
    (-227, "permanent", "unavailable"),
    (-244, "permanent", "not_receiving"),
    (-201, "permanent", "refused"),
    (-210, "permanent", "refused"),
    (-233, "permanent", "refused"),
    (-248, "permanent", "content_refused"),
    (-204, "page_stopped", "misconfigured"),
    (-224, "page_stopped", "misconfigured"),
    (-321, "page_stopped", "misconfigured"),
    (-99999, "permanent", "refused"),
]


@pytest.mark.parametrize(("code", "kind", "ours"), TABLE)
def test_p5_an_error_in_a_successful_answer_means_what_its_code_says(
    code: int, kind: str, ours: str
) -> None:
    refusal = find_zalo_refusal(answer({"error": code, "message": "x"}))
    assert refusal is not None
    assert (refusal.kind.value, refusal.code) == (kind, ours)
    assert refusal.code in TEXTS


@pytest.mark.parametrize("text", ["Invalid access token", "access_token is invalid"])
def test_p5_a_text_about_the_token_means_the_token_whatever_the_code(text: str) -> None:
    refusal = find_zalo_refusal(answer({"error": -201, "message": text}))
    assert refusal is not None
    assert refusal.kind is RefusalKind.DEAD_TOKEN


@pytest.mark.parametrize(
    ("message", "scope"),
    [
        ("Your application reached limit call api", PauseScope.APP),
        ("Over the limit of the app", PauseScope.APP),
        ("OA has reached its limit of requests", PauseScope.PAGE),
        ("", PauseScope.PAGE),
        (None, PauseScope.PAGE),
    ],
)
def test_r9_5_a_limit_pauses_the_account_unless_it_is_the_apps(
    message: str | None, scope: PauseScope
) -> None:
    refusal = find_zalo_refusal(answer({"error": -32, "message": message}))
    assert refusal is not None
    assert refusal.pause == Pause(scope, 60)


@pytest.mark.parametrize("code", ["-216", -216, -216.0])
def test_p5_a_number_in_another_form_is_the_same_number(code: object) -> None:
    refusal = find_zalo_refusal(answer({"error": code, "message": None}))
    assert refusal is not None
    assert refusal.kind is RefusalKind.DEAD_TOKEN


def test_p5_the_apps_limit_lasts_until_the_next_minute() -> None:
    assert find_zalo_pause({"x-ratelimit-remain": "0"}) == Pause(PauseScope.APP, 60)
    assert find_zalo_pause({"x-ratelimit-remain": "7"}) is None


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("Your application reached limit call api", PauseScope.APP),
        ("The app of this OA reached limit", PauseScope.APP),
        ("Your OA reached limit call api", PauseScope.PAGE),
        ("official account has reached its limit", PauseScope.PAGE),
    ],
)
def test_p5_an_accounts_limit_pauses_that_account_alone(text: str, scope: PauseScope) -> None:
    refusal = find_zalo_refusal(answer({"error": -32, "message": text}))
    assert refusal is not None
    assert refusal.pause == Pause(scope, 60)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, RefusalKind.LOST),
        (404, RefusalKind.PERMANENT),
        (429, RefusalKind.THROTTLED),
        (500, RefusalKind.TRANSIENT),
        (502, RefusalKind.LOST),
    ],
)
def test_p5_an_answer_that_is_no_json_is_judged_by_its_status(
    status: int, kind: RefusalKind
) -> None:
    refusal = find_zalo_refusal(answer(b"<html>", status))
    assert refusal is not None
    assert refusal.kind is kind


@given(st.binary(max_size=60), st.integers(100, 599))
def test_p5_any_answer_is_judged(body: bytes, status: int) -> None:
    refusal = find_zalo_refusal(HttpAnswer(status, {}, body))
    assert refusal is None or refusal.code in TEXTS


def test_a_success_is_no_refusal() -> None:
    assert find_zalo_refusal(answer({"error": 0, "data": {"message_id": "m"}})) is None
