"""Channels are asked who customers are, within their limits, and each organization in its turn."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

import pytest
from pydantic import SecretStr

from outbound.asking import ACCOUNT, MOMENT, PAGE, SHOP
from outbound.knowing import POST, KnownAccounts, ScriptedProfiles, wanted, wanted_post
from outbound.rig import TOKEN, World, WorldFiles, read_events, read_records
from outbound.rig import page as connected
from tuyen_channels.calls import ChannelRefusal, Limit, Pause, PauseScope, RefusalKind
from tuyen_channels.posts import PostDetails
from tuyen_channels.profiles import CustomerProfile
from tuyen_events.directory import PageChanged
from tuyen_events.ids import OrganizationId, PageId, customer_key
from tuyen_events.inbound import CustomerDescribed, PostDescribed
from tuyen_events.outbound_limits import PROFILE_KEPT_S, PROFILE_REFUSED_S, VIDEO_KEPT_S
from tuyen_events.topics import INBOUND
from tuyen_events.vocabulary import Channel
from tuyen_outbound.adapters.waiting_profiles import InMemoryWaitingProfiles
from tuyen_outbound.domain.pacing import Pacing
from tuyen_outbound.profiles.fetcher import ProfileFetcher
from tuyen_outbound.reply_links import ReplyLinks
from tuyen_outbound.resources import Resources
from tuyen_outbound.results import Results
from tuyen_platform.clock import ManualClock
from tuyen_platform.file_links import FileLinks
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.ports import LogUnavailableError

OTHER = OrganizationId("other")
PICTURE = "https://p.example/670"
TRANSIENT = ChannelRefusal(RefusalKind.TRANSIENT, "channel_unavailable")
DEAD = ChannelRefusal(RefusalKind.DEAD_TOKEN, "token_dead")
FORBIDDEN = ChannelRefusal(RefusalKind.PAGE_STOPPED, "no_permission")


class Asking:
    """A fetcher of a world."""

    def __init__(self) -> None:
        self.world = World()
        self.clock = ManualClock(MOMENT)
        self.waiting = InMemoryWaitingProfiles()
        self.source = ScriptedProfiles()
        self.elapsed = 0.0
        self.resources = Resources(
            clock=self.clock,
            connectors={},
            accounts=KnownAccounts(self.world),
            files=WorldFiles(self.world),
            results=Results(self.world.log, self.clock),
            call_within_s=1.0,
            settle_within_s=1.0,
            links=ReplyLinks(FileLinks(SecretStr("key")), "https://inbox.example/"),
            elapsed_time=lambda: self.elapsed,
            pacings={channel: Pacing() for channel in Channel},
        )
        sources = {Channel.FACEBOOK: self.source}
        self.fetcher = ProfileFetcher(self.world.log, self.resources, sources, self.waiting)

    async def described(self) -> Sequence[CustomerDescribed]:
        found = await read_events(self.world.log, INBOUND)
        return [event for event in found if isinstance(event, CustomerDescribed)]

    def skip(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))
        self.elapsed += seconds


@pytest.fixture
def asking() -> Asking:
    return Asking()


async def test_c1_who_the_channel_knows_is_described_in_their_partition(asking: Asking) -> None:
    asking.source.answers["670"] = CustomerProfile("Lan", PICTURE)
    await asking.waiting.add([wanted()])
    assert await asking.fetcher.fetch_next()
    assert not await asking.fetcher.fetch_next()
    assert asking.source.asked == [(ACCOUNT, TOKEN, "670")]
    (event,) = await asking.described()
    assert (event.customer.name, event.customer.picture) == ("Lan", PICTURE)
    (record,) = await read_records(asking.world.log, INBOUND)
    key = customer_key(SHOP, PAGE, "670")
    assert (record.key, record.partition) == (key.encode(), partition_of(key, INBOUND.partitions))
    assert asking.waiting.known == {wanted().id: MOMENT + timedelta(seconds=PROFILE_KEPT_S)}


async def test_r9_2_after_a_crash_the_event_has_the_same_id(asking: Asking) -> None:
    await asking.waiting.add([wanted()])
    await asking.fetcher.fetch_next()
    asking.waiting.known.clear()
    await asking.waiting.add([wanted()])
    await asking.fetcher.fetch_next()
    records = await read_records(asking.world.log, INBOUND)
    assert len({dict(record.headers)["ce_id"] for record in records}) == 1


async def test_r9_1_while_kafka_is_unavailable_nobody_is_forgotten(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise LogUnavailableError("no broker")

    await asking.waiting.add([wanted()])
    with monkeypatch.context() as patch:
        patch.setattr(asking.world.log, "append", fail)
        with pytest.raises(LogUnavailableError):
            await asking.fetcher.fetch_next()
    asking.skip(120)
    assert await asking.fetcher.fetch_next()
    assert len(await asking.described()) == 1


@pytest.mark.parametrize(
    "answer", [FORBIDDEN, ChannelRefusal(RefusalKind.PERMANENT, "refused"), ValueError("odd")]
)
async def test_p5_a_refusal_concerns_the_customer_alone_for_a_day(
    asking: Asking, answer: ChannelRefusal | Exception
) -> None:
    asking.source.answers["670"] = answer
    await asking.waiting.add([wanted(), wanted("671")])
    assert [await asking.fetcher.fetch_next() for _ in range(3)] == [True, True, False]
    assert [event.customer.external_id for event in await asking.described()] == ["671"]
    assert asking.waiting.known[wanted().id] == MOMENT + timedelta(seconds=PROFILE_REFUSED_S)
    assert asking.world.stops == []


async def test_c1_without_a_name_the_picture_is_shown_and_the_name_asked_for_again(
    asking: Asking,
) -> None:
    asking.source.answers["670"] = CustomerProfile(None, PICTURE)
    asking.source.answers["671"] = CustomerProfile()
    await asking.waiting.add([wanted(), wanted("671")])
    while await asking.fetcher.fetch_next():
        pass
    (event,) = await asking.described()
    assert (event.customer.name, event.customer.picture) == (None, PICTURE)
    until = MOMENT + timedelta(seconds=PROFILE_REFUSED_S)
    assert asking.waiting.known == {wanted().id: until, wanted("671").id: until}


async def test_p5_an_error_that_passes_is_tried_again(asking: Asking) -> None:
    asking.source.answers["670"] = TRANSIENT
    await asking.waiting.add([wanted()])
    assert await asking.fetcher.fetch_next()
    assert not await asking.fetcher.fetch_next()
    asking.skip(5)
    del asking.source.answers["670"]
    assert await asking.fetcher.fetch_next()
    assert len(await asking.described()) == 1


async def test_p5_an_error_that_does_not_pass_is_given_up_after_a_day(asking: Asking) -> None:
    asking.source.answers["670"] = TRANSIENT
    await asking.waiting.add([wanted()])
    for _ in range(26 * 60):
        await asking.fetcher.fetch_next()
        asking.skip(60)
    assert asking.waiting.waiting == {}
    assert asking.waiting.known == {}
    assert 10 < len(asking.source.asked) < 40


async def test_p5_a_dead_token_stops_the_page_and_loses_nobody(asking: Asking) -> None:
    asking.source.answers["670"] = DEAD
    await asking.waiting.add([wanted()])
    await asking.fetcher.fetch_next()
    assert asking.world.stops == [DEAD]
    asking.skip(60)
    assert await asking.fetcher.fetch_next()  # nobody is asked without a token
    assert len(asking.source.asked) == 1
    asking.world.set_token(TOKEN)
    del asking.source.answers["670"]
    asking.skip(60)
    assert await asking.fetcher.fetch_next()
    assert len(await asking.described()) == 1


async def test_p5_a_limit_pauses_all_calls_of_the_page_and_theirs_pause_this_one(
    asking: Asking,
) -> None:
    limited = ChannelRefusal(RefusalKind.THROTTLED, "throttled", "", Pause(PauseScope.PAGE, 40.0))
    asking.source.answers["670"] = limited
    await asking.waiting.add([wanted(), wanted("671")])
    assert await asking.fetcher.fetch_next()
    pacing = asking.resources.pacings[Channel.FACEBOOK]
    assert pacing.find_pause(ACCOUNT, asking.elapsed) == 40.0
    assert await asking.fetcher.fetch_next()
    assert len(asking.source.asked) == 1
    del asking.source.answers["670"]
    asking.skip(39)
    assert not await asking.fetcher.fetch_next()
    asking.skip(1)
    while await asking.fetcher.fetch_next():
        pass
    assert len(await asking.described()) == 2


async def test_p5_calls_are_made_in_the_limits_of_the_channel(asking: Asking) -> None:
    class Slow(ScriptedProfiles):
        limits: ClassVar[Sequence[Limit]] = (Limit("profiles", rate_s=100, burst=1),)

    asking.fetcher._sources = {Channel.FACEBOOK: Slow()}
    await asking.waiting.add([wanted(str(number)) for number in range(3)])
    begun = asyncio.get_running_loop().time()
    while await asking.fetcher.fetch_next():
        pass
    assert asyncio.get_running_loop().time() - begun >= 0.02


async def test_p5_a_post_counts_as_often_as_it_may_be_asked_for(asking: Asking) -> None:
    limit = Limit("profiles", rate_s=1, burst=2)

    class Limited(ScriptedProfiles):
        post_limits: ClassVar[Sequence[Limit]] = (limit, limit)

    asking.fetcher._sources = {Channel.FACEBOOK: Limited()}
    await asking.waiting.add([wanted_post()])
    assert await asking.fetcher.fetch_next()
    assert asking.resources.pacings[Channel.FACEBOOK].reserve(ACCOUNT, [limit], 0.0) == 1.0


async def test_r9_5_nobody_is_asked_for_while_messages_wait_for_the_limit_of_the_app(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    class OfApp(ScriptedProfiles):
        limits: ClassVar[Sequence[Limit]] = (Limit("app", rate_s=100, burst=1, of_app=True),)

    monkeypatch.setattr("tuyen_outbound.profiles.fetcher._TURN_WITHIN_S", 0.05)
    asking.fetcher._sources = {Channel.FACEBOOK: (source := OfApp())}
    await asking.waiting.add([wanted()])
    async with asking.resources.slots.queue(OTHER, Channel.FACEBOOK):
        assert await asking.fetcher.fetch_next()
    assert source.asked == []
    asking.skip(60)
    assert await asking.fetcher.fetch_next()
    assert len(source.asked) == 1


async def test_r9_5_organizations_take_turns(asking: Asking) -> None:
    class TwoShops(KnownAccounts):
        def find_page(self, organization: OrganizationId, page: PageId) -> PageChanged | None:
            return connected(organization=organization, id=page)

    object.__setattr__(asking.resources, "accounts", TwoShops(asking.world))
    flood = [wanted(str(number)) for number in range(50)]
    late = wanted("late", OTHER, at=MOMENT + timedelta(seconds=1))
    await asking.waiting.add([*flood, late])
    asking.skip(1)
    for _ in range(2):
        await asking.fetcher.fetch_next()
    assert "late" in [external_id for _, _, external_id in asking.source.asked]


async def test_p5a_a_post_is_asked_for_in_the_same_turns(asking: Asking) -> None:
    asking.source.posts[POST] = PostDetails(video="334", shows_video=True)
    await asking.waiting.add([wanted(), wanted_post(), wanted_post("another")])
    while await asking.fetcher.fetch_next():
        pass
    assert {external_id for _, _, external_id in asking.source.asked} == {"670", POST, "another"}
    found = await read_events(asking.world.log, INBOUND)
    described = {each.post_external_id for each in found if isinstance(each, PostDescribed)}
    assert described == {POST, "another"}
    assert asking.waiting.known[wanted_post().id] == MOMENT + timedelta(seconds=VIDEO_KEPT_S)


async def test_p5_a_refusal_concerns_the_post_alone(asking: Asking) -> None:
    asking.source.posts[POST] = FORBIDDEN
    await asking.waiting.add([wanted_post()])
    assert await asking.fetcher.fetch_next()
    assert await read_events(asking.world.log, INBOUND) == []
    until = MOMENT + timedelta(seconds=PROFILE_REFUSED_S)
    assert asking.waiting.known == {wanted_post().id: until}
    assert asking.world.stops == []


async def test_p1_a_page_that_is_gone_asks_for_nobody(asking: Asking) -> None:
    asking.world.page = connected(id="another")
    await asking.waiting.add([wanted()])
    assert await asking.fetcher.fetch_next()
    assert (asking.waiting.waiting, asking.waiting.known) == ({}, {})
    assert asking.source.asked == []
