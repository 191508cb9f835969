"""How far a request has come, as a value."""

from datetime import timedelta
from itertools import pairwise

import msgspec

from outbound.asking import MOMENT, request
from tuyen_outbound.domain.requests import ClosedRequest, RequestPhase, StoredRequest

LATER = MOMENT + timedelta(seconds=5)


def test_i6_each_change_is_newer_than_the_one_before() -> None:
    waiting = StoredRequest(request=request(), offset=7)
    calling = waiting.begin(MOMENT)
    refused = calling.refuse(MOMENT, LATER)
    again = refused.begin(LATER)
    proved = again.prove("mid_1")
    first = proved.finish_part("mid_1")
    unknown = first.begin(LATER).give_up()
    closed = unknown.close(LATER)
    history: list[StoredRequest | ClosedRequest] = [
        waiting, calling, refused, again, proved, first, unknown, closed
    ]  # fmt: skip
    assert all(later.step > earlier.step for earlier, later in pairwise(history))
    assert (calling.phase, calling.since, calling.not_before) == (
        RequestPhase.CALLING,
        MOMENT,
        None,
    )
    assert (refused.phase, refused.refusals, refused.not_before) == (RequestPhase.WAITING, 1, LATER)
    assert refused.refuse(LATER, LATER).refused_at == MOMENT
    assert (proved.phase, proved.proof) == (RequestPhase.CALLING, "mid_1")
    assert (first.part, first.external_ids, first.refusals) == (1, ("mid_1",), 0)
    assert (unknown.phase, unknown.since) == (RequestPhase.UNKNOWN, LATER)


def test_a_part_that_has_no_id_adds_none() -> None:
    assert StoredRequest(request=request(), offset=0).finish_part(None).external_ids == ()


def test_what_is_stored_is_read_again() -> None:
    stored = StoredRequest(request=request(), offset=7).begin(MOMENT)
    for state in (stored, stored.close(LATER)):
        read = msgspec.json.decode(msgspec.json.encode(state), type=StoredRequest | ClosedRequest)
        assert read == state
