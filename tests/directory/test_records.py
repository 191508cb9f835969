"""One record of the directory's topic, read as a change."""

import pytest

from support.organizations import AT, SHOP, agent, profile, region
from tuyen_directory.organization import Removed, entity_of
from tuyen_directory.records import read_change
from tuyen_events.codec import Headers, UnknownTypeError, UnreadableEventError, encode
from tuyen_events.directory import DirectoryEvent, directory_key
from tuyen_events.event import Envelope, Event
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.presence import PresenceChanged
from tuyen_events.vocabulary import Presence, PresenceCause

ENTITIES: list[DirectoryEvent] = [profile(), agent("a"), region("sales", "north")]


def encode_event(event: Event) -> tuple[bytes, Headers]:
    return encode(Envelope(id="evt_1", source="test", subject="shop", time=AT, data=event))


@pytest.mark.parametrize("event", ENTITIES)
def test_a_record_is_the_change_of_the_organization_that_its_key_names(
    event: DirectoryEvent,
) -> None:
    value, headers = encode_event(event)
    key = directory_key(SHOP, *entity_of(event)).encode()
    assert read_change(key, headers, value) == (SHOP, event)


@pytest.mark.parametrize("event", ENTITIES)
def test_a_record_without_a_value_removes_what_its_key_names(event: DirectoryEvent) -> None:
    entity, entity_id = entity_of(event)
    key = directory_key(SHOP, entity, entity_id).encode()
    assert read_change(key, [], None) == (SHOP, Removed(entity, entity_id))


@pytest.mark.parametrize(
    "key", [None, b"", b"shop", b"shop/agent", b"/agent/a", b"//", b"\xff", b"\xff/agent"]
)
@pytest.mark.parametrize("removes", [False, True])
def test_a_key_that_names_no_entity_is_unreadable(key: bytes | None, removes: bool) -> None:
    value, headers = encode_event(agent("a"))
    with pytest.raises(UnreadableEventError, match="no key of the directory"):
        read_change(key, headers, None if removes else value)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (b"shop/region/sales/north", Removed("region", "sales/north")),
        (b"shop/region/a/b/c", Removed("region", "a/b/c")),
        (b"shop/settings/", Removed("settings", "")),
        (b"shop//x", Removed("", "x")),
        (b"shop/shift/s", Removed("shift", "s")),
        (b"shop/agent/\xff", Removed("agent", "\ufffd")),
    ],
)
def test_any_other_key_is_taken_as_it_is(key: bytes, expected: Removed) -> None:
    assert read_change(key, [], None) == (SHOP, expected)


def test_the_key_alone_names_the_organization_of_a_record() -> None:
    value, headers = encode_event(agent("a"))
    other, _ = read_change(b"other/agent/a", headers, value)
    assert other == OrganizationId("other")


def test_an_event_of_another_topic_is_unreadable() -> None:
    value, headers = encode_event(
        PresenceChanged(
            organization=SHOP,
            agent_id=AgentId("a"),
            presence=Presence.ONLINE,
            previous=Presence.OFFLINE,
            cause=PresenceCause.LOGIN,
            at=AT,
            version=1,
        )
    )
    with pytest.raises(UnreadableEventError, match="no event of the directory"):
        read_change(b"shop/agent/a", headers, value)


def test_an_event_of_a_later_version_is_distinguished_from_one_that_is_broken() -> None:
    with pytest.raises(UnknownTypeError):
        read_change(b"shop/shift/s", [("ce_type", b"shift.changed.v1")], b"{}")
    with pytest.raises(UnreadableEventError) as broken:
        read_change(b"shop/agent/a", [("ce_type", b"agent.changed.v1")], b"{")
    assert not isinstance(broken.value, UnknownTypeError)
