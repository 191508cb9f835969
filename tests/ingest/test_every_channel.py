"""What the webhooks of every registered channel have in common."""

from collections.abc import Mapping

import httpx
import pytest

from ingest.rig import HOA_SEN, Rig, connect_page, connect_site, envelopes, records
from support.channel_samples import ChannelSample, sample_of
from tuyen_channels.registry import REGISTRY, has_page_tokens
from tuyen_events.dead_letters import DeadLettered
from tuyen_events.ids import PageId
from tuyen_events.inbound import MessageReceived
from tuyen_events.topics import DEAD_LETTERS, INBOUND, RAW
from tuyen_events.vocabulary import Channel
from tuyen_platform.kafka.memory import InMemoryLog


@pytest.fixture(params=REGISTRY)
async def name(rig: Rig, log: InMemoryLog, request: pytest.FixtureRequest) -> Channel:
    """A channel, the sample's page of which is connected."""
    channel, page = Channel(request.param), sample_of(request.param).page
    if has_page_tokens(channel):
        await connect_site(log, page, "sample", channel=channel)
    else:
        await connect_page(log, page, PageId("sample"), channel=channel)
    return channel


@pytest.fixture
def sample(name: Channel) -> ChannelSample:
    return sample_of(name)


async def post(
    rig: Rig, name: Channel, body: bytes, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    """A webhook, signed unless headers are given."""
    sample = sample_of(name)
    address = f"/{sample.page}" if has_page_tokens(name) else ""
    given = sample.signed(body) if headers is None else headers
    return await rig.http.post(f"/webhooks/{name}{address}", content=body, headers=dict(given))


async def test_p2_a_signed_webhook_is_200_once_its_event_is_in_the_log(
    rig: Rig, log: InMemoryLog, name: Channel, sample: ChannelSample
) -> None:
    body = sample.body(sample.page)
    assert (await post(rig, name, body)).status_code == 200
    (envelope,) = await envelopes(log, INBOUND)
    assert isinstance(envelope.data, MessageReceived)
    assert (envelope.data.channel, envelope.data.organization) == (name, HOA_SEN)
    (raw,) = await records(log, RAW)
    assert raw.value == body


async def test_p2_an_unsigned_webhook_is_401_and_leaves_nothing(
    rig: Rig, log: InMemoryLog, name: Channel, sample: ChannelSample
) -> None:
    body = sample.body(sample.page)
    for headers in ({}, sample.signed(body + b" ")):
        assert (await post(rig, name, body, headers)).status_code == 401
    for topic in (INBOUND, RAW, DEAD_LETTERS):
        assert await records(log, topic) == []


async def test_p4_a_signed_body_that_cannot_be_read_is_200_and_a_dead_letter(
    rig: Rig, log: InMemoryLog, name: Channel
) -> None:
    assert (await post(rig, name, b"{broken")).status_code == 200
    (letter,) = await envelopes(log, DEAD_LETTERS)
    assert isinstance(letter.data, DeadLettered)
    assert (letter.data.origin, letter.data.payload) == (name, "{broken")
    assert len(await records(log, RAW)) == 1
    assert await records(log, INBOUND) == []
