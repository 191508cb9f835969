"""P6: all that is encrypted gets another key, while others write."""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from tuyen_events.codec import UnreadableEventError
from tuyen_events.topics import PAGE_CREDENTIALS
from tuyen_platform.encrypted_records import EncryptedRecord, RecordCipher, plan_reencryption
from tuyen_platform.kafka.ports import ProducerRecord, Record

OLD, NEW = (urlsafe_b64encode(bytes([number] * 32)).decode() for number in (1, 2))


class Content(msgspec.Struct, frozen=True):
    text: str


def cipher(*keys: str) -> RecordCipher:
    return RecordCipher(SecretStr(",".join(keys)))


class Topic:
    """A topic in memory, with what a reader makes of it."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.end = 0

    def append(self, key: str, value: bytes | None) -> None:
        self.records.append(Record("t", 0, self.end, 0, key.encode(), value, ()))
        self.end += 1

    def encrypt(self, key: str, text: str, by: RecordCipher) -> None:
        self.append(key, msgspec.json.encode(EncryptedRecord(encrypted=by.encrypt(Content(text)))))

    def replace(self, planned: Sequence[ProducerRecord], read_to: int) -> None:
        """As a condition of `Log.append_if` has it."""
        keys = {record.key.encode() for record in planned}
        if keys.isdisjoint(one.key for one in self.records if one.offset >= read_to):
            for record in planned:
                self.append(record.key, record.value)

    def compact(self) -> None:
        latest = {record.key: record.offset for record in self.records}
        self.records = [one for one in self.records if latest[one.key] == one.offset]

    def read(self, by: RecordCipher) -> dict[str, str]:
        found = dict[str, str]()
        for record in self.records:
            key = (record.key or b"").decode()
            found.pop(key, None)
            if record.value is not None:
                # As a global table: a superseded record may be there until compaction.
                with suppress(UnreadableEventError, msgspec.MsgspecError):
                    kept = msgspec.json.decode(record.value, type=EncryptedRecord)
                    found[key] = by.decrypt(kept.encrypted, Content).text
        return found


def test_p6_everything_gets_the_first_key_and_then_nothing_is_left_to_do() -> None:
    topic = Topic()
    topic.encrypt("a", "1", cipher(OLD))
    topic.encrypt("b", "2", cipher(OLD))
    topic.encrypt("c", "3", cipher(NEW))
    topic.append("problem/a", b'{"stamp": "x"}')
    topic.append("no json", b"\xff")
    both = cipher(NEW, OLD)
    planned = plan_reencryption(PAGE_CREDENTIALS, topic.records, both)
    assert ([one.key for one in planned.records], planned.unreadable) == (["a", "b"], [])
    topic.replace(planned.records, topic.end)
    assert topic.read(cipher(NEW)) == {"a": "1", "b": "2", "c": "3"} == topic.read(both)
    assert plan_reencryption(PAGE_CREDENTIALS, topic.records, both) == ([], [])


def test_p6_what_no_key_decrypts_is_named_and_stays_as_it_is() -> None:
    topic = Topic()
    topic.encrypt("a", "1", cipher(OLD))
    assert plan_reencryption(PAGE_CREDENTIALS, topic.records, cipher(NEW)) == ([], ["a"])


@given(st.data())
def test_p6_nothing_old_returns_whoever_writes_and_whenever_the_command_ends(
    data: st.DataObject,
) -> None:
    """Commands that end between any two steps, other writers, and compaction, in any order: what
    was written last stays, all the time. In the end, one command comes to its end."""
    topic, both = Topic(), cipher(NEW, OLD)
    expected: dict[str, str] = {}
    under_way: list[tuple[Sequence[ProducerRecord], int]] = []

    def write() -> None:
        key, text = data.draw(st.sampled_from("ab")), str(topic.end)
        by = data.draw(st.sampled_from([cipher(OLD), both]))
        topic.encrypt(key, text, by)
        expected[key] = text

    def remove() -> None:
        key = data.draw(st.sampled_from("ab"))
        topic.append(key, None)
        expected.pop(key, None)

    def plan() -> None:
        under_way.append(
            (plan_reencryption(PAGE_CREDENTIALS, topic.records, both).records, topic.end)
        )

    def carry_out() -> None:
        if under_way:
            topic.replace(*under_way.pop(0))

    steps: list[Callable[[], None]] = [write, write, remove, plan, carry_out, topic.compact]
    for step in data.draw(st.lists(st.sampled_from(steps), max_size=20)):
        step()
        assert topic.read(both) == expected
    while planned := plan_reencryption(PAGE_CREDENTIALS, topic.records, both).records:
        topic.replace(planned, topic.end)
    assert topic.read(cipher(NEW)) == expected


def test_p6_an_error_holds_nothing_of_what_was_encrypted() -> None:
    class Other(msgspec.Struct):
        secret: int

    encrypted = cipher(OLD).encrypt(Content("s3cret"))
    for keys, kind in ((NEW, Content), (OLD, Other)):
        with pytest.raises(UnreadableEventError) as raised:
            cipher(keys).decrypt(encrypted, kind)
        assert raised.value.__cause__ is None
        assert "s3cret" not in repr(raised.value)
    with pytest.raises(ValueError, match="Fernet key"):
        cipher("short")
