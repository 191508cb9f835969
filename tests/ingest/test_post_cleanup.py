"""R9.6: what is known of posts goes with their page, and not before that is certain."""

from datetime import UTC, datetime, timedelta

import pytest

from ingest.rig import Rig, connect_page, envelopes, records, remove_page, running
from support.facebook import PAGE, comment, entry, live_comment, live_video, video
from tuyen_channels import live_posts
from tuyen_channels.live_posts import LivePosts
from tuyen_events.ids import OrganizationId, PageId
from tuyen_events.inbound import CommentAdded
from tuyen_events.posts import PostClassified
from tuyen_events.topics import INBOUND, POSTS
from tuyen_ingest.domain.pages import ConnectedPages
from tuyen_ingest.post_cleanup import PostCleanup
from tuyen_platform.kafka.memory import InMemoryLog


class Table:
    """A followed topic that is as current as the test says."""

    def __init__(self, *, is_caught_up: bool = True, current: bool = True) -> None:
        self.is_caught_up = is_caught_up
        self._current = current

    async def refresh(self, within_s: float, *, min_interval_s: float = 0.0) -> bool:
        return self._current


@pytest.mark.parametrize(
    ("directory", "posts_table", "written"),
    [
        (Table(), Table(), 1),
        (Table(current=False), Table(), 0),
        (Table(), Table(is_caught_up=False), 0),
    ],
)
async def test_r9_6_posts_are_removed_once_it_is_certain_that_their_page_is(
    directory: Table, posts_table: Table, written: int
) -> None:
    log, posts = InMemoryLog(), LivePosts()
    organization, page = OrganizationId("hoa-sen"), PageId("trang")
    posts.apply(
        "post/1",
        PostClassified(
            organization=organization,
            page_id=page,
            post_external_id="1",
            video_external_id=None,
            livestream=True,
            at=datetime(2026, 9, 21, tzinfo=UTC),
        ),
    )
    cleanup = PostCleanup(
        log=log,
        pages=ConnectedPages(),
        directory=directory,
        posts=posts,
        posts_table=posts_table,
    )
    await cleanup.remove_orphans()
    assert sum((await log.end_offsets(POSTS)).values()) == written
    assert (posts.keys((organization, page)) == []) == (written == 1)


async def test_r9_6_what_is_known_of_posts_goes_with_their_page(rig: Rig, log: InMemoryLog) -> None:
    other = PageId("another")
    await connect_page(log, "1050", other)
    for page in (PAGE, "1050"):
        reply = comment(f"{page}_3", post_id=f"{page}_1", parent_id=f"{page}_2")
        changes = [reply, live_video("v1", "live")]
        assert (await rig.send(entry(page=page, changes=changes))).status_code == 200
    await rig.ingest.post_cleanup.remove_orphans()
    known = await records(log, POSTS)
    assert len({record.key for record in known}) == 4
    assert all(record.value is not None for record in known)
    await remove_page(log)
    await rig.reads_directory()
    await rig.ingest.post_cleanup.remove_orphans()
    left = {record.key: record.value for record in await records(log, POSTS)}
    kept = {key for key, value in left.items() if value is not None}
    assert kept == {key for key in left if (key or b"").startswith(b"hoa-sen/another/")}
    before = len(await records(log, POSTS))
    async with running(log) as later:
        await later.ready()
        await later.ingest.post_cleanup.remove_orphans()
    assert len(await records(log, POSTS)) == before


async def test_r9_6_what_is_forgotten_of_a_pages_posts_the_next_process_does_not_know(
    rig: Rig, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_posts, "VIDEO_POSTS", 2)
    for number in (1, 2, 3):
        post = f"{PAGE}_{number}"
        await rig.send(entry(changes=[video(post, f"v{number}"), live_video(f"v{number}", "live")]))
        rig.clock.advance(timedelta(minutes=1))
    removed = [record for record in await records(log, POSTS) if record.value is None]
    assert {dict(record.headers)["ce_type"] for record in removed} == {b"post.forgotten.v1"}
    async with running(log) as later:
        await later.ready()
        changes = [live_comment(f"{number}_1", f"{PAGE}_{number}") for number in (1, 3)]
        later.clock.advance(timedelta(hours=1))
        await later.send(entry(changes=changes))
    told = [envelope.data for envelope in await envelopes(log, INBOUND)]
    live = {one.external_id: one.livestream for one in told if isinstance(one, CommentAdded)}
    assert live == {"1_1": False, "3_1": True}
