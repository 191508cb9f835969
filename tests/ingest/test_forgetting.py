"""R9.6: what is known of posts goes with their page, and not before that is certain."""

from datetime import UTC, datetime

import pytest

from tuyen_channels.live_posts import LivePosts
from tuyen_events.ids import OrganizationId, PageId
from tuyen_events.posts import PostClassified
from tuyen_events.topics import POSTS
from tuyen_ingest.domain.pages import ConnectedPages
from tuyen_ingest.forgetting import Forgetting
from tuyen_platform.kafka.memory import InMemoryLog


class Table:
    """A followed topic that is as current as the test says."""

    def __init__(self, *, caught_up: bool = True, current: bool = True) -> None:
        self.caught_up = caught_up
        self._current = current

    async def refresh(self, within_s: float, *, apart_s: float = 0.0) -> bool:
        return self._current


@pytest.mark.parametrize(
    ("directory", "posts_copy", "written"),
    [
        (Table(), Table(), 1),
        (Table(current=False), Table(), 0),
        (Table(), Table(caught_up=False), 0),
    ],
)
async def test_r9_6_posts_are_removed_once_it_is_certain_that_their_page_is(
    directory: Table, posts_copy: Table, written: int
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
    forgetting = Forgetting(
        log=log,
        pages=ConnectedPages(),
        directory=directory,
        posts=posts,
        posts_copy=posts_copy,
    )
    await forgetting.turn()
    assert sum((await log.end_offsets(POSTS)).values()) == written
    assert (posts.keys((organization, page)) == []) == (written == 1)
