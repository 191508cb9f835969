"""The table of Facebook's errors."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.calling import answer
from tuyen_channels.calls import Pause, PauseScope, RefusalKind
from tuyen_channels.facebook.refusals import find_graph_pause, find_graph_refusal
from tuyen_channels.refusals import TEXTS
from tuyen_channels.transport import HttpAnswer

TABLE = [
    (1, 0, "transient", "channel_unavailable"),
    (2, 0, "transient", "channel_unavailable"),
    (2, 2018344, "page_stopped", "terms_not_accepted"),
    (1200, 0, "transient", "channel_unavailable"),
    (4, 0, "throttled", "throttled"),
    (17, 0, "throttled", "throttled"),
    (32, 0, "throttled", "throttled"),
    (341, 0, "throttled", "throttled"),
    (613, 0, "throttled", "throttled"),
    (80001, 0, "throttled", "throttled"),
    (368, 0, "page_stopped", "blocked_by_policy"),
    (10, 2018278, "permanent", "outside_window"),
    (10, 2534022, "permanent", "outside_window"),
    (10, 2018065, "permanent", "outside_window"),
    (10, 2018108, "permanent", "not_receiving"),
    (10, 2018300, "permanent", "thread_taken"),
    (551, 1545041, "permanent", "unavailable"),
    (200, 1545041, "permanent", "unavailable"),
    (100, 2018001, "permanent", "no_such_recipient"),
    (100, 2018292, "permanent", "no_such_comment"),
    (100, 2018047, "permanent", "file_refused"),
    (100, 33, "permanent", "gone"),
    (100, 0, "permanent", "refused"),
    (190, 463, "dead_token", "token_dead"),
    (190, 0, "dead_token", "token_dead"),
    (102, 0, "dead_token", "token_dead"),
    (3, 0, "page_stopped", "no_permission"),
    (10, 0, "page_stopped", "no_permission"),
    (200, 0, "page_stopped", "no_permission"),
    (230, 0, "page_stopped", "no_permission"),
    (299, 0, "page_stopped", "no_permission"),
    (506, 0, "permanent", "duplicate"),
    (10900, 0, "permanent", "already_replied"),
    (10902, 0, "permanent", "not_replyable"),
    (99999, 0, "permanent", "refused"),
]


def error(code: int, subcode: int = 0, status: int = 400, **more: object) -> HttpAnswer:
    return answer({"error": {"code": code, "error_subcode": subcode, **more}}, status)


@pytest.mark.parametrize(("code", "subcode", "kind", "ours"), TABLE)
def test_p5_an_error_means_what_its_code_says_whatever_the_status(
    code: int, subcode: int, kind: str, ours: str
) -> None:
    for status in (200, 400, 403, 500):
        refusal = find_graph_refusal(error(code, subcode, status))
        assert refusal is not None
        assert (refusal.kind.value, refusal.code) == (kind, ours)
        assert refusal.code in TEXTS
        assert str(code) in refusal.detail


@pytest.mark.parametrize(("code", "kind"), [(4, RefusalKind.THROTTLED), (7, RefusalKind.TRANSIENT)])
def test_p5_an_error_that_passes_is_transient_unless_it_is_a_limit(
    code: int, kind: RefusalKind
) -> None:
    refusal = find_graph_refusal(error(code, is_transient=True))
    assert refusal is not None
    assert refusal.kind is kind


def test_p5_an_object_that_does_not_exist_is_gone_without_a_subcode_as_well() -> None:
    refusal = find_graph_refusal(error(100, message="Object with ID '1' does not exist, ..."))
    assert refusal is not None
    assert refusal.code == "gone"


@pytest.mark.parametrize(
    ("code", "scope"), [(4, PauseScope.APP), (341, PauseScope.APP), (32, PauseScope.PAGE)]
)
def test_p5_a_limit_pauses_the_page_or_the_app(code: int, scope: PauseScope) -> None:
    refusal = find_graph_refusal(error(code))
    assert refusal is not None
    assert refusal.pause == Pause(scope, None)


def test_p5_the_pause_is_what_the_headers_ask_for() -> None:
    usage = {"104": [{"type": "messenger", "estimated_time_to_regain_access": 7}]}
    header = json.dumps(usage)
    throttled = answer({"error": {"code": 32}}, 400, x_business_use_case_usage=header)
    refusal = find_graph_refusal(throttled)
    assert refusal is not None
    assert refusal.pause == Pause(PauseScope.PAGE, 420)
    assert find_graph_pause({"x-business-use-case-usage": header}) == Pause(PauseScope.PAGE, 420)


@pytest.mark.parametrize(
    ("usage", "pause"),
    [
        ('{"call_count": 89, "total_time": 5}', None),
        ('{"call_count": 91}', Pause(PauseScope.APP, 10)),
        ('{"total_cputime": 100}', Pause(PauseScope.APP, 300)),
        ("", None),
        ("[1]", None),
        ('{"call_count": "x"}', None),
    ],
)
def test_p5_an_app_near_its_limit_pauses(usage: str, pause: Pause | None) -> None:
    assert find_graph_pause({"x-app-usage": usage}) == pause


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, RefusalKind.LOST),
        (302, RefusalKind.PERMANENT),
        (404, RefusalKind.PERMANENT),
        (429, RefusalKind.THROTTLED),
        (500, RefusalKind.TRANSIENT),
        (502, RefusalKind.LOST),
        (503, RefusalKind.TRANSIENT),
        (504, RefusalKind.LOST),
    ],
)
def test_p5_an_answer_that_is_no_json_is_judged_by_its_status(
    status: int, kind: RefusalKind
) -> None:
    refusal = find_graph_refusal(answer(b"<html>", status))
    assert refusal is not None
    assert refusal.kind is kind


@given(st.binary(max_size=60), st.integers(100, 599), st.text(max_size=40))
def test_p5_any_answer_is_judged(body: bytes, status: int, header: str) -> None:
    headers = {"x-app-usage": header, "x-business-use-case-usage": header}
    refusal = find_graph_refusal(HttpAnswer(status, headers, body))
    assert refusal is None or refusal.code in TEXTS


def test_a_success_is_no_refusal() -> None:
    assert find_graph_refusal(answer({"success": True})) is None


@pytest.mark.parametrize(
    "said",
    [
        {"code": 190, "error_subcode": None, "is_transient": None, "message": None},
        {"code": "190", "error_subcode": "0"},
        {"code": 190.0},
    ],
)
def test_p5_an_error_with_odd_fields_means_what_its_code_says(said: object) -> None:
    """Otherwise the message would fail, and the page would go on with a dead token."""
    refusal = find_graph_refusal(answer({"error": said}, 400))
    assert refusal is not None
    assert refusal.kind is RefusalKind.DEAD_TOKEN


def test_p5_a_redirect_is_no_success() -> None:
    refusal = find_graph_refusal(answer({}, 302))
    assert refusal is not None
    assert refusal.kind is RefusalKind.PERMANENT
