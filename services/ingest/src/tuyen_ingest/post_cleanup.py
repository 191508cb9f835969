"""Removes what is known of posts when their page is removed (R9.6)."""

import asyncio
from collections.abc import Sequence

import structlog

from tuyen_channels.live_posts import LivePosts, PostRecordRemoved
from tuyen_channels.roots import PageKey
from tuyen_ingest import records
from tuyen_ingest.domain.pages import ConnectedPages
from tuyen_ingest.ports import FollowedTopic
from tuyen_platform.kafka.ports import Log, LogUnavailableError

_EVERY_S = 60.0
_WITHIN_S = 10.0

_log = structlog.get_logger()


class PostCleanup:
    """Removes from the log what is known of posts of pages that are not in the directory any more.
    Every ingest process does this; one that comes second finds nothing, or removes the same again.
    """

    def __init__(
        self,
        *,
        log: Log,
        pages: ConnectedPages,
        directory: FollowedTopic,
        posts: LivePosts,
        posts_table: FollowedTopic,
    ) -> None:
        self._log = log
        self._pages = pages
        self._directory = directory
        self._posts = posts
        self._posts_table = posts_table

    async def run(self) -> None:
        """Checks once a minute until cancelled."""
        while True:
            await asyncio.sleep(_EVERY_S)
            try:
                await self.remove_orphans()
            except LogUnavailableError as error:
                _log.warning("post_cleanup_waits", error=str(error))

    async def remove_orphans(self) -> None:
        """Checks once. A page that is not known may be new, so the directory is read to its end
        first. Raises LogUnavailableError."""
        if not self._posts_table.is_caught_up or not self._find_gone():
            return
        if not await self._directory.refresh(_WITHIN_S):
            return
        for page in self._find_gone():
            keys = self._posts.keys(page)
            await self._log.append_all([records.build_tombstone(*page, key) for key in keys])
            for key in keys:
                self._posts.apply(key, PostRecordRemoved(*page))
            _log.info("posts_forgotten", organization=page[0], page_id=page[1], records=len(keys))

    def _find_gone(self) -> Sequence[PageKey]:
        return [page for page in self._posts.pages() if not self._pages.has(*page)]
