"""What a request says of its session, from what is wanted and what the broker answered."""

from hypothesis import given
from hypothesis import strategies as st

from tuyen_fetch_sessions._session import (
    NO_SESSION,
    FetchSession,
    PartitionName,
    WantedRecords,
    by_topic,
)

A, B = ("a", 0), ("b", 0)
NONE: dict[PartitionName, WantedRecords] = {}


def test_the_first_request_names_everything() -> None:
    fetch = FetchSession().begin({A: WantedRecords(5, 100), B: WantedRecords(7, 100)})
    assert (fetch.session_id, fetch.epoch) == (NO_SESSION, 0)
    assert fetch.added == {A: WantedRecords(5, 100), B: WantedRecords(7, 100)}
    assert fetch.forgotten == []


def test_later_requests_name_what_changed_and_what_is_not_wanted_any_more() -> None:
    session = FetchSession()
    session.confirm(session.begin({A: WantedRecords(5, 100), B: WantedRecords(7, 100)}), 33)
    fetch = session.begin({A: WantedRecords(6, 100)})
    assert (fetch.session_id, fetch.epoch) == (33, 1)
    assert fetch.added == {A: WantedRecords(6, 100)}
    assert fetch.forgotten == [B]
    session.confirm(fetch, 33)
    fetch = session.begin({A: WantedRecords(6, 100), B: WantedRecords(7, 100)})
    assert (fetch.epoch, fetch.added, fetch.forgotten) == (2, {B: WantedRecords(7, 100)}, [])


def test_after_a_request_without_its_response_everything_is_named_again() -> None:
    session = FetchSession()
    session.confirm(session.begin({A: WantedRecords(5, 100)}), 33)
    session.begin({A: WantedRecords(6, 100)})
    fetch = session.begin({A: WantedRecords(6, 100)})
    assert (fetch.session_id, fetch.epoch) == (33, 0), "the older session is given up"
    assert fetch.added == {A: WantedRecords(6, 100)}


def test_without_room_at_the_broker_every_request_names_everything() -> None:
    session = FetchSession()
    session.confirm(session.begin({A: WantedRecords(5, 100)}), NO_SESSION)
    fetch = session.begin({A: WantedRecords(5, 100)})
    assert (fetch.session_id, fetch.epoch, fetch.added) == (
        NO_SESSION,
        0,
        {A: WantedRecords(5, 100)},
    )


def test_epochs_begin_again_at_one() -> None:
    session = FetchSession()
    last = session.begin(NONE)._replace(epoch=2**31 - 1)
    session.confirm(last, 33)
    assert session.begin(NONE).epoch == 1


class _Broker:
    """Sessions as KIP-227 describes them."""

    def __init__(self) -> None:
        self.epoch = 0
        self.remembered: dict[PartitionName, WantedRecords] = {}

    def take(
        self, epoch: int, added: dict[PartitionName, WantedRecords], forgotten: list[PartitionName]
    ) -> bool:
        """False for another epoch than the one that is due."""
        if epoch == 0:
            self.remembered, self.epoch = {}, 0
        elif epoch != self.epoch:
            return False
        for place in forgotten:
            del self.remembered[place]
        self.remembered.update(added)
        self.epoch += 1
        return True


_PLACES = st.tuples(st.sampled_from("ab"), st.integers(0, 2))
_WANTED = st.dictionaries(_PLACES, st.builds(WantedRecords, st.integers(0, 3), st.just(100)))


@given(st.lists(st.tuples(_WANTED, st.sampled_from(["answered", "lost", "never arrived"]))))
def test_the_broker_always_knows_what_is_wanted(
    requests: list[tuple[dict[PartitionName, WantedRecords], str]],
) -> None:
    session, broker = FetchSession(), _Broker()
    for wanted, fate in requests:
        fetch = session.begin(wanted)
        if fate == "never arrived":
            continue
        assert broker.take(fetch.epoch, fetch.added, fetch.forgotten)
        assert broker.remembered == wanted
        if fate == "answered":
            session.confirm(fetch, 33)


def test_partitions_are_grouped_by_their_topics() -> None:
    parts = [(("a", 0), "a0"), (("b", 0), "b0"), (("a", 1), "a1")]
    assert by_topic(iter(parts)) == [("a", ["a0", "a1"]), ("b", ["b0"])]
