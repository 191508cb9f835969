from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from types import MappingProxyType
from typing import ClassVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuyen_events import codec
from tuyen_events.catalogue import EVENT_TYPES
from tuyen_events.codec import (
    UnknownTypeError,
    UnreadableEventError,
    decode,
    decode_data,
    encode,
    encode_data,
)
from tuyen_events.event import Envelope, Event
from tuyen_events.ids import AgentId, ConversationId, OrganizationId
from tuyen_events.marks import ConversationRead
from tuyen_events.vocabulary import OPEN_WORD_PATTERN, Moment, OpenWord

NOON = datetime(2026, 9, 21, 12, tzinfo=UTC)
READ = ConversationRead(
    organization=OrganizationId("hoa-sen"),
    conversation_id=ConversationId("msg_1"),
    agent_id=AgentId("lan"),
    seen_events=3,
    at=NOON,
)
ENVELOPE = Envelope(id="evt_1", source="tuyen/gateway", subject="msg_1", time=NOON, data=READ)
HEADERS = [("ce_type", b"conversation.read.v1")]


def strategy(kind: msgspec.inspect.Type) -> st.SearchStrategy[object]:
    """Any value of a type that occurs in an event."""
    match kind:
        case msgspec.inspect.StructType(cls=cls, fields=fields):
            values = {f.name: strategy(f.type) for f in fields if f.required}
            optional = {f.name: strategy(f.type) for f in fields if not f.required}
            return st.fixed_dictionaries(values, optional=optional).map(lambda v: cls(**v))
        case msgspec.inspect.UnionType(types=types):
            return st.one_of([strategy(member) for member in types])
        case msgspec.inspect.VarTupleType(item_type=item):
            return st.lists(strategy(item), max_size=3).map(tuple)
        case msgspec.inspect.DictType(value_type=value):
            return st.dictionaries(st.text(), strategy(value), max_size=3)
        case msgspec.inspect.EnumType(cls=cls):
            return words_of(cls)
    return SCALARS[type(kind)]


def words_of(cls: type[Enum]) -> st.SearchStrategy[Enum]:
    """Any member; of an open set, also words that are not known."""
    if not issubclass(cls, OpenWord):
        return st.sampled_from(cls)
    others = st.from_regex(OPEN_WORD_PATTERN[1:-1], fullmatch=True).map(cls)
    return st.one_of(st.sampled_from(cls), others)


SCALARS: dict[type[msgspec.inspect.Type], st.SearchStrategy[object]] = {
    msgspec.inspect.StrType: st.text(),
    msgspec.inspect.DateType: st.dates(),
    msgspec.inspect.IntType: st.integers(-(2**63), 2**63 - 1),
    msgspec.inspect.FloatType: st.floats(allow_nan=False, allow_infinity=False),
    msgspec.inspect.BoolType: st.booleans(),
    msgspec.inspect.NoneType: st.none(),
    msgspec.inspect.AnyType: st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text()),
    msgspec.inspect.DateType: st.dates(),
    msgspec.inspect.DateTimeType: st.datetimes(timezones=st.just(UTC)),
}
events: st.SearchStrategy[object] = st.sampled_from(list(EVENT_TYPES.values())).flatmap(
    lambda cls: strategy(msgspec.inspect.type_info(cls))
)


@given(events)
def test_every_event_comes_back_as_it_was_written(event: Event) -> None:
    assert decode_data([("ce_type", event.type.encode())], encode_data(event)) == event


@given(st.text(), st.text(), st.text(), st.datetimes(timezones=st.just(UTC)))
def test_every_envelope_comes_back_as_it_was_written(
    event_id: str, source: str, subject: str, time: datetime
) -> None:
    envelope = Envelope(id=event_id, source=source, subject=subject, time=time, data=READ)
    value, headers = encode(envelope)
    assert decode(headers, value) == envelope


def test_headers_are_cloudevents_in_binary_mode() -> None:
    value, headers = encode(ENVELOPE)
    assert dict(headers) == {
        "ce_id": b"evt_1",
        "ce_type": b"conversation.read.v1",
        "ce_source": b"tuyen/gateway",
        "ce_subject": b"msg_1",
        "ce_time": b"2026-09-21T12:00:00Z",
        "ce_specversion": b"1.0",
        "content-type": b"application/json",
    }
    assert msgspec.json.decode(value)["agent_id"] == "lan"


def test_fields_that_a_newer_producer_adds_are_ignored() -> None:
    newer = {**msgspec.to_builtins(READ), "device": "điện thoại"}
    assert decode_data(HEADERS, msgspec.json.encode(newer)) == READ


def test_an_unknown_type_is_distinguished_from_a_bad_record() -> None:
    with pytest.raises(UnknownTypeError, match=r"conversation\.read\.v99"):
        decode_data([("ce_type", b"conversation.read.v99")], b"{}")


def test_a_record_without_a_type_is_unreadable() -> None:
    with pytest.raises(UnreadableEventError, match="ce_type"):
        decode_data([("ce_id", b"evt_1")], encode_data(READ))


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b"null", id="null"),
        pytest.param(b"{}", id="fields missing"),
        pytest.param(encode_data(READ).replace(b"3", b'"three"'), id="wrong type"),
        pytest.param(encode_data(READ).replace(b":00Z", b":00"), id="time without a zone"),
        pytest.param(encode_data(READ).replace(b"lan", b"\xff"), id="not UTF-8"),
        pytest.param(encode_data(READ).replace(b"lan", b"\\ud800"), id="half a character"),
        pytest.param(b'{"more":' + b"[" * 100_000, id="nested too deeply"),
    ],
)
def test_a_value_that_does_not_fit_is_unreadable_and_says_of_which_type(value: bytes) -> None:
    with pytest.raises(UnreadableEventError, match=r"^conversation\.read\.v1: ") as refusal:
        decode_data(HEADERS, value)
    assert not isinstance(refusal.value, UnknownTypeError)


@pytest.mark.parametrize("missing", ["ce_id", "ce_time"])
def test_an_envelope_without_id_or_time_is_unreadable(missing: str) -> None:
    value, headers = encode(ENVELOPE)
    with pytest.raises(UnreadableEventError, match="headers are incomplete"):
        decode([(name, content) for name, content in headers if name != missing], value)


class _First(Event, frozen=True, kw_only=True):
    type: ClassVar[str] = "greeting.said.v1"
    word: str


class _Second(Event, frozen=True, kw_only=True):
    type: ClassVar[str] = "greeting.said.v2"
    words: tuple[str, ...]


class _Third(Event, frozen=True, kw_only=True):
    type: ClassVar[str] = "greeting.said.v3"
    words: tuple[str, ...]
    at: Moment | None


def _second(event: Event) -> Event:
    assert isinstance(event, _First)
    return _Second(words=(event.word,))


def _third(event: Event) -> Event:
    assert isinstance(event, _Second)
    return _Third(words=event.words, at=None)


def test_upcasters_bring_an_event_through_every_version(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: dict[str, Callable[[Event], Event]] = {_First.type: _second, _Second.type: _third}
    decoders = {cls.type.encode(): msgspec.json.Decoder(cls) for cls in (_First, _Second, _Third)}
    monkeypatch.setattr(codec, "UPCASTERS", MappingProxyType(steps))
    monkeypatch.setattr(codec, "_decoders", decoders)
    today = _Third(words=("chào",), at=None)
    for stored in (_First(word="chào"), _Second(words=("chào",)), today):
        assert decode_data([("ce_type", stored.type.encode())], encode_data(stored)) == today
