"""What holds of every registered channel: whoever adds one, adds `support/CHANNEL.py` with a sample
and runs these."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.odd import ACCEPTED, ODD, assert_sound, change_sample, places
from support.channel_samples import open_channel, sample_of
from tuyen_channels.live_posts import LivePosts
from tuyen_channels.ports import Page, ParsedBody, SkipReason
from tuyen_channels.registry import REGISTRY, credential_names, has_page_tokens
from tuyen_events.ids import OrganizationId, PageId
from tuyen_events.inbound import MessageReceived
from tuyen_events.limits import DETAIL_CHARACTERS, FAILED_PART_CHARACTERS
from tuyen_events.vocabulary import Capability, Channel

MAIN = Page(OrganizationId("hoa-sen"), PageId("main"))
OTHER = Page(OrganizationId("sao-mai"), PageId("main"))

every_channel = pytest.mark.parametrize("name", REGISTRY)


def parse(
    name: Channel,
    body: bytes,
    pages: Mapping[str, Page] | None = None,
    account: str | None = None,
    later: timedelta = timedelta(),
) -> ParsedBody:
    """The body, as if it had arrived at the webhook of the sample's page, or of `account`."""
    channel, page = open_channel(name), account or sample_of(name).page
    known = {sample_of(name).page: MAIN} if pages is None else pages
    address = page if channel.by_account else ""
    return channel.parse(body, ACCEPTED + later, known, LivePosts(), address)


def sample(name: Channel) -> bytes:
    return sample_of(name).body(sample_of(name).page)


def assert_complete(parsed: ParsedBody) -> None:
    """Whatever was in the body, what came of it can be stored."""
    assert parsed.events or parsed.skipped or parsed.failures
    assert parsed.unknown_pages <= parsed.pages
    for found in parsed.events:
        assert_sound(found)
    for failure in parsed.failures:
        assert failure.error
        assert len(failure.error) <= DETAIL_CHARACTERS
        assert len(failure.payload) <= FAILED_PART_CHARACTERS


def test_a_channels_settings_are_its_own() -> None:
    assert len(set(credential_names())) == len(credential_names())
    for name, channel in REGISTRY.items():
        assert all(one.startswith(f"{name}_") for one in channel.credentials)


@every_channel
def test_r1_3_members_of_a_rule_can_be_given_its_messages(name: Channel) -> None:
    assert f"{name}_message" in list(Capability)


@every_channel
def test_p2_what_the_channel_signed_is_authentic_and_nothing_else(name: Channel) -> None:
    channel, body, headers = open_channel(name), sample(name), sample_of(name).headers(sample(name))
    page = sample_of(name).page if channel.by_account else ""
    assert channel.authentic(body, headers, page)
    assert not channel.authentic(body, {}, page)
    assert not channel.authentic(body + b" ", headers, page)
    assert not channel.authentic(b"", headers, page)
    for odd in (b"", b"\xff", "sha256=é".encode(), b"sha256=" + b"0" * 64):
        assert not channel.authentic(body, dict.fromkeys(headers, odd), page)
    if channel.by_account:
        assert not channel.authentic(body, headers, "")


@every_channel
def test_p2_a_handshake_without_our_secret_is_refused(name: Channel) -> None:
    for query in ({}, {"hub.mode": "subscribe", "hub.challenge": "1", "hub.verify_token": "x"}):
        assert open_channel(name).handshake(query) is None


@every_channel
def test_a_message_is_an_event_of_its_page_and_its_channel(name: Channel) -> None:
    parsed = parse(name, sample(name))
    (found,) = parsed.events
    event, page = found.event, sample_of(name).page
    assert isinstance(event, MessageReceived)
    assert event.channel == name
    assert (event.organization, event.page_id) == MAIN.key
    assert event.accepted_at == ACCEPTED
    assert found.key.startswith("hoa-sen/main/")
    assert found.subject == event.conversation_id
    assert (parsed.page, parsed.pages) == (page, {page})
    assert (parsed.skipped, parsed.failures, parsed.unknown_pages) == ([], [], set())
    assert_sound(found)


@every_channel
def test_p4_a_message_to_a_page_that_nobody_connected_is_skipped(name: Channel) -> None:
    parsed, page = parse(name, sample(name), {}), sample_of(name).page
    assert (parsed.events, parsed.failures) == ([], [])
    assert {skipped.why for skipped in parsed.skipped} == {SkipReason.UNKNOWN_PAGE}
    assert {skipped.what for skipped in parsed.skipped} == {page}
    assert parsed.unknown_pages == parsed.pages == {page}


@every_channel
def test_p5c_ids_depend_on_the_page_and_not_on_when_a_body_is_read(name: Channel) -> None:
    page = sample_of(name).page
    another = page[:-1] + ("2" if page[-1] != "2" else "3")
    (first,) = parse(name, sample(name)).events
    (again,) = parse(name, sample(name), later=timedelta(hours=1)).events
    pages = {page: MAIN, another: OTHER}
    (other,) = parse(name, sample_of(name).body(another), pages, another).events
    assert (again.id, again.key, again.subject) == (first.id, first.key, first.subject)
    assert other.event.organization == "sao-mai"
    assert other.id != first.id
    assert other.key != first.key
    assert other.subject != first.subject


@every_channel
@given(body=st.binary())
def test_p3_whatever_the_bytes_are_they_are_read_to_an_end(name: Channel, body: bytes) -> None:
    assert_complete(parse(name, body))


@every_channel
@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b"[" * 100_000, b"\xff\x00"])
def test_p3_odd_bodies_give_no_event(name: Channel, body: bytes) -> None:
    parsed = parse(name, body)
    assert_complete(parsed)
    assert parsed.events == []


@every_channel
def test_p4_whatever_is_odd_in_a_body_its_event_is_sound_or_a_failure(name: Channel) -> None:
    whole: dict[str, Any] = {"entry": [json.loads(sample(name))]}
    for path in places(whole["entry"]):
        if len(path) > 1:
            for change in ("removed", "renamed", "doubled", *ODD):
                (body,) = change_sample(json.dumps(whole).encode(), path, change)
                assert_complete(parse(name, body))


@every_channel
def test_p4_a_failure_contains_what_the_same_parser_can_read_again(name: Channel) -> None:
    """The customer's id is too long, which is a failure; the payload of the failure fails alike."""
    (event,) = parse(name, sample(name)).events
    assert isinstance(event.event, MessageReceived)
    customer = event.event.customer.external_id.encode()
    (failure,) = parse(name, sample(name).replace(customer, b"9" * 300)).failures
    assert failure.page == sample_of(name).page
    (again,) = parse(name, failure.payload.encode()).failures
    assert again == failure


def test_a_channel_that_is_not_registered_has_no_tokens() -> None:
    assert not has_page_tokens(Channel("of_a_later_version"))
