"""Reads posts, their counts and their comments from MongoDB."""

from collections.abc import Mapping, Sequence

import msgspec

from tuyen_events.file_limits import POST_COMMENTS_READ
from tuyen_events.ids import PageId
from tuyen_events.limits import LISTED, THREAD_PAGE_BYTES
from tuyen_gateway.adapters.queries import build_covered_query, project_row
from tuyen_gateway.adapters.read_limits import ReadLimiter
from tuyen_gateway.adapters.threads import decode_cursor, from_milliseconds, milliseconds
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.posts import PagePost
from tuyen_gateway.domain.threads import Message
from tuyen_gateway.domain.visibility import Assignees, Scope, sees_page
from tuyen_gateway.ports.posts import CommentOfPost, CountedPost, PostViews
from tuyen_gateway.ports.views import ViewPage
from tuyen_gateway.projections import collections
from tuyen_gateway.projections.post_counters import (
    COMMENTS,
    UNANSWERED,
    counts_of_all,
    counts_of_assignee,
)
from tuyen_gateway.projections.thread_queries import IN_THREAD, later_than
from tuyen_platform.mongodb import Database, Document


class MongoPosts:
    """PostViews."""

    def __init__(self, database: Database) -> None:
        self._posts = database[collections.PAGE_POSTS]
        self._counters = database[collections.COUNTERS]
        self._messages = database[collections.MESSAGES]
        self._conversations = database[collections.CONVERSATIONS]

    async def posts(
        self, scope: Scope, page: PageId | None, limit: int, after: str | None
    ) -> ViewPage[CountedPost]:
        if page is not None and not sees_page(scope, page):
            return ViewPage(items=[], following=None)
        query = build_posts_query(
            scope, page, None if after is None else decode_cursor(after, _PostKey)
        )
        newest = self._posts.find(query).sort(list(collections.NEWEST_POSTS_FIRST))
        rows = await newest.limit(limit + 1).to_list(None)
        found = [msgspec.convert(one, PagePost) for one in rows]
        counted = await self._count(scope, found[:limit])
        return ViewPage(
            items=counted, following=_after_post(found[limit - 1]) if found[limit:] else None
        )

    async def _count(self, scope: Scope, posts: Sequence[PagePost]) -> list[CountedPost]:
        """The posts with the sums of the documents whose conversations the viewer may see."""
        documents = {post.id: _documents_of(scope, post) for post in posts}
        wanted = [document for several in documents.values() for document in several]
        found = await self._counters.find({"_id": {"$in": wanted}}).to_list(None)
        numbers: Mapping[str, Document] = {one["_id"]: one for one in found}

        def total(post: PagePost, field: str) -> int:
            return sum(numbers.get(name, {}).get(field, 0) for name in documents[post.id])

        return [
            CountedPost(post=one, comments=total(one, COMMENTS), unanswered=total(one, UNANSWERED))
            for one in posts
        ]

    async def post(self, scope: Scope, external_id: str) -> PagePost | None:
        query: Document = {
            "organization": scope.organization,
            "external_id": external_id,
            **collections.LISTED_POSTS,
        }
        if scope.pages is not None:
            query["page_id"] = {"$in": sorted(scope.pages)}
        found = await self._posts.find_one(query, sort=[("_id", 1)])
        return None if found is None else msgspec.convert(found, PagePost)

    async def comments(
        self, scope: Scope, post: PagePost, limit: int, after: str | None
    ) -> ViewPage[CommentOfPost]:
        key = None if after is None else decode_cursor(after, _CommentKey)
        found: list[CommentOfPost] = []
        read = carried = 0
        while read < POST_COMMENTS_READ:
            part = await self._read_comments(post, key)
            rows = await self._rows_of(scope, part)
            read += len(part)
            for message in part:
                row = rows.get(message.conversation_id or "")
                if row is not None:
                    carried += len(msgspec.json.encode(message))
                    if found and (len(found) == limit or carried > THREAD_PAGE_BYTES):
                        return ViewPage(items=found, following=_encode(key))
                    found.append(CommentOfPost(message=message, row=row))
                key = _key_of(message)
            if len(part) < LISTED:
                return ViewPage(items=found, following=None)
        return ViewPage(items=found, following=_encode(key))

    async def _read_comments(self, post: PagePost, after: "_CommentKey | None") -> list[Message]:
        found = self._messages.find(build_comments_query(post, after))
        ordered = found.sort(list(collections.THREAD_ORDER)).limit(LISTED)
        return [msgspec.convert(one, Message) for one in await ordered.to_list(LISTED)]

    async def _rows_of(self, scope: Scope, comments: Sequence[Message]) -> Mapping[str, InboxRow]:
        """The rows of their conversations that the viewer may see."""
        ids = sorted({one.conversation_id for one in comments if one.conversation_id})
        if not ids:
            return {}
        query = {"$and": [{"_id": {"$in": ids}}, *build_covered_query(scope)]}
        rows = await self._conversations.find(query, project_row(scope)).to_list(None)
        return {one["_id"]: msgspec.convert(one, InboxRow) for one in rows}


class PostsInTurn:
    """PostViews."""

    def __init__(self, posts: PostViews, reads: ReadLimiter) -> None:
        self._posts = posts
        self._reads = reads

    async def posts(
        self, scope: Scope, page: PageId | None, limit: int, after: str | None
    ) -> ViewPage[CountedPost]:
        async with self._reads.turn(scope.organization):
            return await self._posts.posts(scope, page, limit, after)

    async def post(self, scope: Scope, external_id: str) -> PagePost | None:
        async with self._reads.turn(scope.organization):
            return await self._posts.post(scope, external_id)

    async def comments(
        self, scope: Scope, post: PagePost, limit: int, after: str | None
    ) -> ViewPage[CommentOfPost]:
        async with self._reads.turn(scope.organization):
            return await self._posts.comments(scope, post, limit, after)


class _PostKey(msgspec.Struct, array_like=True, frozen=True):
    created_at: int
    id: str


class _CommentKey(msgspec.Struct, array_like=True, frozen=True):
    """The position of a comment below its post: times in milliseconds, microseconds, id."""

    at: int
    accepted_at: int
    rest: int
    id: str


def build_posts_query(scope: Scope, page: PageId | None, after: _PostKey | None) -> Document:
    """Matches the listed posts of a page, or of all that the viewer may see."""
    query: Document = {"organization": scope.organization, **collections.LISTED_POSTS}
    if page is not None:
        query["page_id"] = page
    elif scope.pages is not None:
        query["page_id"] = {"$in": sorted(scope.pages)}
    if after is not None:
        at = from_milliseconds(after.created_at)
        query["created_at"] = {**query["created_at"], "$lte": at}
        query["$or"] = [{"created_at": {"$lt": at}}, {"_id": {"$lt": after.id}}]
    return query


def build_comments_query(post: PagePost, after: _CommentKey | None) -> Document:
    """Matches the comments below a post that were added before they were removed (R4.6). Those that
    a reply of ours became are shown as that reply, and those that may be are not shown yet."""
    query: Document = {
        "organization": post.organization,
        "page_id": post.page_id,
        "post_id": post.external_id,
        "comment": True,
        "at": {"$ne": None},
        "stillborn": {"$ne": True},
        **IN_THREAD,
    }
    if after is not None:
        moment = from_milliseconds(after.at), from_milliseconds(after.accepted_at), after.rest
        query |= later_than(moment, after.id)
    return query


def _documents_of(scope: Scope, post: PagePost) -> list[str]:
    """The documents that count what the viewer may see below a post."""
    place = post.organization, post.page_id, post.external_id
    own = counts_of_assignee(*place, scope.agent_id)
    match scope.assignees:
        case Assignees.ALL:
            return [counts_of_all(*place)]
        case Assignees.OWN_AND_UNASSIGNED:
            return [counts_of_assignee(*place, None), own]
        case Assignees.OWN:
            return [own]


def _after_post(post: PagePost) -> str | None:
    if post.created_at is None:
        return None
    return msgspec.json.encode(_PostKey(milliseconds(post.created_at), post.id)).decode()


def _key_of(message: Message) -> _CommentKey | None:
    if message.moment is None:
        return None
    at, accepted_at, accepted_us = message.moment
    return _CommentKey(milliseconds(at), milliseconds(accepted_at), accepted_us, message.id)


def _encode(key: _CommentKey | None) -> str | None:
    return None if key is None else msgspec.json.encode(key).decode()
