"""Updates the documents of posts (I9), without reading them first.

MongoDB merges each field by itself: the least or the greatest of two values, or true for ever. So
the post is the same in whatever order events are folded, and however often.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from pymongo import UpdateOne

from tuyen_gateway.domain.posts import PostUpdate
from tuyen_gateway.projections.collections import PAGE_POSTS
from tuyen_platform.mongodb import Database, Document

_REMEMBERED = 20_000
"""Posts of which this process remembers what it stored: some 10 MB."""


class PostsFold:
    """Folds batches. Nearly every comment repeats what is known of its post already: what was
    written is remembered, and not written again. That saves writes to the same few posts, and no
    result depends on it.
    """

    def __init__(self, database: Database) -> None:
        self._posts = database[PAGE_POSTS]
        self._stored: dict[str, _Stored] = {}

    async def fold(self, updates: Sequence[tuple[PostUpdate, str]]) -> None:
        """Stores updates, each with its event's id. Returns once the view shows them."""
        new = [(update, event_id) for update, event_id in updates if not self._is_known(update)]
        if not new:
            return
        writes = [_build_write(update, event_id) for update, event_id in new]
        await self._posts.bulk_write(writes, ordered=False)
        for update, _ in new:
            self._note(update)

    def _is_known(self, update: PostUpdate) -> bool:
        if update.text or update.picture or update.kept or update.permalink:
            return False
        if update.removed or update.by_others:
            return False
        return _merge(self._stored.get(update.post_id), update) == self._stored.get(update.post_id)

    def _note(self, update: PostUpdate) -> None:
        if len(self._stored) >= _REMEMBERED:
            self._stored.clear()
        self._stored[update.post_id] = _merge(self._stored.get(update.post_id), update)


class _Stored(NamedTuple):
    """What is stored of a post by now, or more."""

    created_at: datetime | None
    permalink_at: datetime | None
    video: bool
    live: bool


def _merge(stored: _Stored | None, update: PostUpdate) -> _Stored:
    before = stored or _Stored(None, None, False, False)
    return _Stored(
        _earliest(before.created_at, update.existed_at),
        _earliest(before.permalink_at, update.at if update.comment_permalink else None),
        before.video or update.video,
        before.live or update.live,
    )


def _earliest(first: datetime | None, second: datetime | None) -> datetime | None:
    return min(filter(None, (first, second)), default=None)


def _build_write(update: PostUpdate, event_id: str) -> UpdateOne:
    def date(value: str) -> Document:
        return {"at": update.at, "event_id": event_id, "value": value}

    latest = {"text": update.text, "picture": update.picture, "permalink": update.permalink}
    latest["kept"] = update.kept
    greatest: Document = {name: date(value) for name, value in latest.items() if value}
    # False is less than true, so each of these stays true for ever.
    greatest |= {"video": update.video, "live": update.live}
    greatest |= {"removed": update.removed, "by_others": update.by_others}
    least: Document = {}
    if update.existed_at is not None:
        least["created_at"] = update.existed_at
    if update.comment_permalink:
        least["comment_permalink"] = date(update.comment_permalink)
    place: Document = {
        "organization": update.organization,
        "page_id": update.page_id,
        "external_id": update.external_id,
    }
    if update.channel is not None:
        place["channel"] = update.channel.value
    # All events of a post have the same of these fields, as far as they have them.
    write: Document = {"$set": place, "$max": greatest}
    if least:
        write["$min"] = least
    return UpdateOne({"_id": update.post_id}, write, upsert=True)
