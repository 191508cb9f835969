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


def test_i6_a_call_stays_doubtful_until_its_part_is_carried_out() -> None:
    """Its answer was an error; later ones were not made, or certainly not carried out."""
    refused = StoredRequest(request=request(), offset=7).begin(MOMENT)
    refused = refused.refuse(LATER, LATER, is_doubtful=True)
    later = [
        refused,
        again := refused.begin(LATER),
        again.return_to_waiting(),
        again.refuse(LATER, LATER),
        again.refuse(LATER, LATER, is_doubtful=True),
        again.give_up(),
        refused.give_up(),
    ]
    assert {each.called_since for each in later} == {MOMENT}
    assert refused.since is None
    assert refused.give_up().since == MOMENT
    assert again.finish_part("mid_1").called_since is None


def test_i6_what_was_certainly_not_carried_out_is_not_doubtful() -> None:
    calling = StoredRequest(request=request(), offset=7).begin(MOMENT)
    assert calling.called_since == MOMENT
    assert calling.refuse(LATER, LATER).called_since is None
    assert calling.return_to_waiting().called_since is None


def test_what_an_earlier_version_stored_of_a_refused_call_is_read() -> None:
    calling = StoredRequest(request=request(), offset=7).begin(MOMENT)
    refused = msgspec.to_builtins(calling.refuse(LATER, LATER, is_doubtful=True))
    del refused["doubtful_since"]
    read = msgspec.convert(refused, type=StoredRequest | ClosedRequest)
    assert isinstance(read, StoredRequest)
    assert (read.refusals, read.called_since) == (1, None)


def test_a_part_that_has_no_id_adds_none() -> None:
    assert StoredRequest(request=request(), offset=0).finish_part(None).external_ids == ()


def test_what_is_stored_is_read_again() -> None:
    stored = StoredRequest(request=request(), offset=7).begin(MOMENT)
    doubtful = stored.refuse(LATER, LATER, is_doubtful=True)
    for state in (stored, doubtful, stored.close(LATER)):
        read = msgspec.json.decode(msgspec.json.encode(state), type=StoredRequest | ClosedRequest)
        assert read == state
