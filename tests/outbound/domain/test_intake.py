"""Which new requests of a batch are accepted."""

import pytest

from outbound.asking import request
from tuyen_outbound.domain.intake import Intake
from tuyen_outbound.domain.open_requests import OpenRequests
from tuyen_outbound.domain.requests import StoredRequest


def test_r9_2_a_request_that_is_known_is_skipped() -> None:
    requests = OpenRequests()
    requests.add(3, StoredRequest(request=request("1"), offset=0), 10)
    intake = Intake(requests)
    assert intake.take(3, 1, request("1"), 10)
    assert intake.take(3, 2, request("2"), 10)
    assert intake.take(3, 3, request("2"), 10)
    assert intake.accepted == ((3, StoredRequest(request=request("2"), offset=2)),)


def test_i6_of_a_repetition_the_parts_that_were_sent_are_done() -> None:
    intake = Intake(OpenRequests())
    assert intake.take(3, 1, request("1", sent_external_ids=("mid_1", "mid_2")), 10)
    ((_, stored),) = intake.accepted
    assert (stored.part, stored.external_ids) == (2, ("mid_1", "mid_2"))


def test_r9_6_the_limit_counts_what_waits_and_what_is_in_the_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tuyen_outbound.domain.open_requests.OUTBOUND_WAITING", 2)
    requests = OpenRequests()
    requests.add(3, StoredRequest(request=request("0"), offset=0), 10)
    intake = Intake(requests)
    assert intake.take(3, 1, request("1"), 10)
    assert not intake.take(3, 2, request("2"), 10)
    assert intake.take(4, 2, request("3"), 10)


def test_i6_a_request_that_is_cancelled_in_the_same_batch_is_removed() -> None:
    intake = Intake(OpenRequests())
    intake.take(3, 1, request("1"), 10)
    removed = intake.remove("req_1")
    assert removed is not None
    assert removed.request == request("1")
    assert intake.remove("req_1") is None
    assert intake.accepted == ()
