"""What a channel answers about a post is said in the log: to the views, and to ingest."""

from datetime import timedelta

from outbound.asking import MOMENT, PAGE, SHOP
from outbound.knowing import POST, WROTE_BELOW, wanted_post
from outbound.rig import World, read_events, read_records
from tuyen_channels.live_posts import LivePosts, PostFactsDraft
from tuyen_channels.posts import PostDetails
from tuyen_events.codec import decode, find_header
from tuyen_events.ids import customer_key
from tuyen_events.posts import PostClassified
from tuyen_events.topics import INBOUND, POSTS
from tuyen_outbound.profiles.posts import publish_post

LIVE = PostDetails(text="Sale", video="334", shows_video=True, livestream=True)
LATER = MOMENT + timedelta(minutes=2)


async def known_to_ingest(world: World) -> LivePosts:
    posts = LivePosts()
    for record in await read_records(world.log, POSTS):
        key = (record.key or b"").decode().split("/", 2)[2]
        fact = decode(record.headers, record.value or b"").data
        assert isinstance(fact, PostClassified)
        posts.apply(key, fact)
    return posts


async def test_p5a_ingest_knows_a_livestream_from_then_on() -> None:
    world, page = World(), (SHOP, PAGE)
    await publish_post(world.log, wanted_post(), LIVE, MOMENT)
    draft = PostFactsDraft(await known_to_ingest(world))
    assert not draft.is_live(page, POST, MOMENT - timedelta(seconds=1))
    assert draft.classify_comment(page, POST, shows_video=True, at=MOMENT)
    (record,) = await read_records(world.log, INBOUND)
    assert record.key == customer_key(SHOP, PAGE, f"post:{POST}").encode()


async def test_p5a_another_post_is_described_and_not_classified() -> None:
    world = World()
    await publish_post(world.log, wanted_post(), PostDetails(text="Váy"), MOMENT)
    assert await read_events(world.log, POSTS) == []
    assert len(await read_events(world.log, INBOUND)) == 1


async def test_r9_2_after_a_crash_the_event_is_the_same_and_the_time_is_the_first() -> None:
    world = World()
    for attempts, at in ((1, MOMENT), (2, LATER)):
        await publish_post(world.log, wanted_post(attempts=attempts), LIVE, at)
    records = await read_records(world.log, INBOUND)
    assert len({find_header(record.headers, "ce_id") for record in records}) == 1
    state = (await known_to_ingest(world)).page((SHOP, PAGE))
    assert state is not None
    assert state.live_since == {WROTE_BELOW.post_external_id: MOMENT}
