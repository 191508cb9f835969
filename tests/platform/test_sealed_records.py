"""P6: all that is encrypted gets another key, while others write."""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from tuyen_events.codec import KeyedBytes, UnreadableEventError
from tuyen_events.topics import PAGE_CREDENTIALS
from tuyen_platform.kafka.ports import ProducerRecord, Record
from tuyen_platform.sealed_records import RecordOffsets, SealedRecord, Sealer, plan_copies

OLD, NEW = (urlsafe_b64encode(bytes([number] * 32)).decode() for number in (1, 2))


class Content(msgspec.Struct, frozen=True):
    text: str


def sealer(*keys: str) -> Sealer:
    return Sealer(SecretStr(",".join(keys)))


class Topic:
    """A topic in memory, with what a reader makes of it."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def append(self, key: str, value: bytes | None) -> None:
        offset = len(self.records)
        self.records.append(Record("t", 0, offset, 0, key.encode(), value, ()))

    def seal(self, key: str, text: str, by: Sealer) -> None:
        self.append(key, msgspec.json.encode(SealedRecord(sealed=by.seal(Content(text)))))

    def write(self, planned: Sequence[ProducerRecord]) -> None:
        for record in planned:
            self.append(record.key, record.value)

    def compact(self) -> None:
        latest = {record.key: record.offset for record in self.records}
        self.records = [one for one in self.records if latest[one.key] == one.offset]

    def read(self, by: Sealer) -> dict[str, str]:
        offsets, found = RecordOffsets(), dict[str, str]()
        for record in self.records:
            key = (record.key or b"").decode()
            if offsets.comes_too_late(KeyedBytes(key, record.value), record.position):
                continue
            found.pop(key, None)
            if record.value is not None:
                # As a global table: a superseded record may be there until compaction.
                with suppress(UnreadableEventError, msgspec.MsgspecError):
                    kept = msgspec.json.decode(record.value, type=SealedRecord)
                    found[key] = by.open(kept.sealed, Content).text
        return found


def test_p6_everything_gets_the_first_key_and_then_nothing_is_left_to_do() -> None:
    topic = Topic()
    topic.seal("a", "1", sealer(OLD))
    topic.seal("b", "2", sealer(OLD))
    topic.seal("c", "3", sealer(NEW))
    topic.append("problem/a", b'{"stamp": "x"}')
    topic.append("no json", b"\xff")
    both = sealer(NEW, OLD)
    planned = plan_copies(PAGE_CREDENTIALS, topic.records, both)
    assert ([one.key for one in planned.records], planned.unreadable) == (["a", "b"], [])
    topic.write(planned.records)
    assert topic.read(sealer(NEW)) == {"a": "1", "b": "2", "c": "3"} == topic.read(both)
    assert plan_copies(PAGE_CREDENTIALS, topic.records, both) == ([], [])


def test_p6_what_no_key_decrypts_is_named_and_stays_as_it_is() -> None:
    topic = Topic()
    topic.seal("a", "1", sealer(OLD))
    assert plan_copies(PAGE_CREDENTIALS, topic.records, sealer(NEW)) == ([], ["a"])


@pytest.mark.parametrize("late", ["seal", "remove"])
def test_p6_a_copy_that_comes_too_late_overwrites_nothing(late: str) -> None:
    topic, both = Topic(), sealer(NEW, OLD)
    topic.seal("a", "old", sealer(OLD))
    planned = plan_copies(PAGE_CREDENTIALS, topic.records, both)
    if late == "seal":
        topic.seal("a", "new", both)
    else:
        topic.append("a", None)
    topic.write(planned.records)
    if late == "seal":
        assert topic.read(both) == {"a": "new"}
    topic.write(plan_copies(PAGE_CREDENTIALS, topic.records, both).records)
    topic.compact()
    assert topic.read(both) == ({"a": "new"} if late == "seal" else {})


@given(st.data())
def test_p6_whoever_writes_meanwhile_the_newest_content_stays(data: st.DataObject) -> None:
    """Two commands and other writers, in any order; in the end, one command runs alone."""
    topic, both = Topic(), sealer(NEW, OLD)
    expected: dict[str, str] = {}
    under_way: list[Sequence[ProducerRecord]] = []

    def write() -> None:
        key, text = data.draw(st.sampled_from("ab")), str(len(topic.records))
        by = data.draw(st.sampled_from([sealer(OLD), both]))
        topic.seal(key, text, by)
        expected[key] = text

    def remove() -> None:
        key = data.draw(st.sampled_from("ab"))
        topic.append(key, None)
        expected.pop(key, None)

    def plan() -> None:
        under_way.append(plan_copies(PAGE_CREDENTIALS, topic.records, both).records)

    def carry_out() -> None:
        if under_way:
            topic.write(under_way.pop(0))

    steps: list[Callable[[], None]] = [write, write, remove, plan, carry_out]
    for step in data.draw(st.lists(st.sampled_from(steps), max_size=20)):
        step()
    for planned in under_way:
        topic.write(planned)
    while planned := plan_copies(PAGE_CREDENTIALS, topic.records, both).records:
        topic.write(planned)
    assert topic.read(sealer(NEW)) == expected
    topic.compact()
    assert topic.read(sealer(NEW)) == expected


def test_p6_an_error_holds_nothing_of_what_was_encrypted() -> None:
    class Other(msgspec.Struct):
        secret: int

    sealed = sealer(OLD).seal(Content("s3cret"))
    for keys, kind in ((NEW, Content), (OLD, Other)):
        with pytest.raises(UnreadableEventError) as raised:
            sealer(keys).open(sealed, kind)
        assert raised.value.__cause__ is None
        assert "s3cret" not in repr(raised.value)
    with pytest.raises(ValueError, match="Fernet key"):
        sealer("short")
