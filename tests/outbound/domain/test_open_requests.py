"""The lines of conversations: order, loads, and what is remembered."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outbound.asking import MOMENT, SHOP, conversation, request
from tuyen_events.outbound_limits import (
    OUTBOUND_REQUEST_BYTES,
    OUTBOUND_WAITING,
    OUTBOUND_WAITING_BYTES,
)
from tuyen_outbound.domain.open_requests import OpenRequests, WaitingLoad
from tuyen_outbound.domain.requests import StoredRequest

LATER = MOMENT + timedelta(hours=1)


def stored(name: str, offset: int, customer: str = "670") -> StoredRequest:
    return StoredRequest(request=request(name, customer), offset=offset)


@given(st.permutations(range(8)))
def test_i6_a_line_is_in_the_order_of_the_log_however_it_is_read(order: list[int]) -> None:
    requests = OpenRequests()
    for offset in order:
        requests.add(3, stored(str(offset), offset), 10)
    served = []
    while (first := requests.first_of(conversation())) is not None:
        served.append(first.offset)
        requests.close(3, first.id, first.close(LATER))
    assert served == list(range(8))
    assert (len(requests), requests.conversations()) == (0, ())
    assert requests.load_of(3, SHOP) == WaitingLoad()


def test_i6_an_unknown_request_leaves_its_line_and_is_found_by_an_echo() -> None:
    requests = OpenRequests()
    first, second = stored("1", 1), stored("2", 2)
    for each in (first, second):
        requests.add(3, each, 10)
    unknown = first.begin(MOMENT).give_up()
    requests.replace(unknown)
    assert requests.first_of(conversation()) == second
    assert list(requests.find_sent(conversation())) == [unknown, second]
    assert list(requests.find_sent(conversation("other"))) == []
    assert (requests.find("req_1"), requests.find_any("req_1")) == (None, unknown)
    assert (requests.find_partition("req_1"), requests.find_partition("req_2")) == (3, 3)
    requests.close(3, unknown.id, unknown.close(LATER))
    assert list(requests.find_sent(conversation())) == [second]
    assert requests.is_known(3, "req_1")
    assert not requests.is_known(3, "req_3")


def test_r9_6_what_is_old_is_forgotten() -> None:
    requests = OpenRequests()
    for number in range(3):
        requests.add(3, stored(str(number), number), 10)
    requests.close(3, "req_0", stored("0", 0).close(LATER))
    requests.replace(stored("1", 1).begin(MOMENT).give_up())
    assert requests.forget(MOMENT, MOMENT - timedelta(days=1)) == []
    assert requests.forget(LATER, MOMENT) == [(3, "req_0"), (3, "req_1")]
    assert not requests.is_known(3, "req_0")
    assert list(requests.find_sent(conversation())) == [stored("2", 2)]


def test_p5b_what_was_made_is_known_for_as_long_as_its_request_is() -> None:
    requests = OpenRequests()
    for number in range(2):
        requests.add(3, stored(str(number), number), 10)
        made = stored(str(number), number).close(LATER, (f"mid_{number}",))
        requests.close(3, f"req_{number}", made)
    assert requests.has_made(3, "mid_1")
    assert not requests.has_made(4, "mid_1")
    requests.forget(LATER, MOMENT)
    assert not requests.has_made(3, "mid_1")


def test_r9_6_the_oldest_are_forgotten_beyond_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OUTBOUND_CLOSED_KEPT", "OUTBOUND_UNKNOWN_KEPT"):
        monkeypatch.setattr(f"tuyen_outbound.domain.open_requests.{name}", 1)
    requests = OpenRequests()
    for number in range(4):
        requests.add(3, stored(str(number), number), 10)
    for number in (0, 1):
        requests.close(3, f"req_{number}", stored(str(number), number).close(LATER))
    for number in (2, 3):
        requests.replace(stored(str(number), number).begin(MOMENT).give_up())
    before = MOMENT - timedelta(days=1)
    assert requests.forget(MOMENT, before) == [(3, "req_0"), (3, "req_2")]


def test_r9_6_an_organization_has_room_for_so_many_requests_and_bytes() -> None:
    assert WaitingLoad(OUTBOUND_WAITING - 1, 0).has_room(1)
    assert not WaitingLoad(OUTBOUND_WAITING, 0).has_room(1)
    assert WaitingLoad().has_room(OUTBOUND_REQUEST_BYTES)
    assert not WaitingLoad().has_room(OUTBOUND_REQUEST_BYTES + 1)
    assert WaitingLoad(0, OUTBOUND_WAITING_BYTES - 1).has_room(1)
    assert not WaitingLoad(0, OUTBOUND_WAITING_BYTES).has_room(1)
