"""Stores what events say of posts (I9), without reading them first.

Each fact is one that MongoDB merges by itself: the least or the greatest of two, or true for ever.
So whatever order events are folded in, and however often, the post is the same.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from pymongo import UpdateOne

from tuyen_gateway.domain.posts import PostFacts
from tuyen_gateway.projections.collections import PAGE_POSTS
from tuyen_platform.mongodb import Database, Document

_REMEMBERED = 20_000
"""Posts of which this process remembers what it stored: some 10 MB."""


class PostsFold:
    """Folds batches. Nearly every comment says what is known of its post already: such facts are
    remembered, and not written again. That saves writes to the same few posts, and no result
    depends on it.
    """

    def __init__(self, database: Database) -> None:
        self._posts = database[PAGE_POSTS]
        self._stored: dict[str, _Stored] = {}

    async def fold(self, said: Sequence[tuple[PostFacts, str]]) -> None:
        """Stores facts, each with its event's id. Returns once the view shows them."""
        new = [(facts, event_id) for facts, event_id in said if not self._is_known(facts)]
        if not new:
            return
        updates = [_update(facts, event_id) for facts, event_id in new]
        await self._posts.bulk_write(updates, ordered=False)
        for facts, _ in new:
            self._note(facts)

    def _is_known(self, facts: PostFacts) -> bool:
        if facts.text or facts.picture or facts.kept or facts.permalink:
            return False
        if facts.removed or facts.by_others:
            return False
        return _merge(self._stored.get(facts.post_id), facts) == self._stored.get(facts.post_id)

    def _note(self, facts: PostFacts) -> None:
        if len(self._stored) >= _REMEMBERED:
            self._stored.clear()
        self._stored[facts.post_id] = _merge(self._stored.get(facts.post_id), facts)


class _Stored(NamedTuple):
    """What is stored of a post by now, or more."""

    created_at: datetime | None
    permalink_at: datetime | None
    video: bool
    live: bool


def _merge(stored: _Stored | None, facts: PostFacts) -> _Stored:
    before = stored or _Stored(None, None, False, False)
    return _Stored(
        _earliest(before.created_at, facts.existed_at),
        _earliest(before.permalink_at, facts.at if facts.comment_permalink else None),
        before.video or facts.video,
        before.live or facts.live,
    )


def _earliest(first: datetime | None, second: datetime | None) -> datetime | None:
    return min(filter(None, (first, second)), default=None)


def _update(facts: PostFacts, event_id: str) -> UpdateOne:
    def said(value: str) -> Document:
        return {"at": facts.at, "event_id": event_id, "value": value}

    latest = {"text": facts.text, "picture": facts.picture, "permalink": facts.permalink}
    latest["kept"] = facts.kept
    greatest: Document = {name: said(value) for name, value in latest.items() if value}
    # False is less than true, so each of these stays true for ever.
    greatest |= {"video": facts.video, "live": facts.live}
    greatest |= {"removed": facts.removed, "by_others": facts.by_others}
    least: Document = {}
    if facts.existed_at is not None:
        least["created_at"] = facts.existed_at
    if facts.comment_permalink:
        least["comment_permalink"] = said(facts.comment_permalink)
    place: Document = {
        "organization": facts.organization,
        "page_id": facts.page_id,
        "external_id": facts.external_id,
    }
    if facts.channel is not None:
        place["channel"] = facts.channel.value
    # All events of a post say the same of its place, as far as they say it.
    update: Document = {"$set": place, "$max": greatest}
    if least:
        update["$min"] = least
    return UpdateOne({"_id": facts.post_id}, update, upsert=True)
