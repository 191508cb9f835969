"""Which posts are livestreams (P5a).

Facebook does not flag a livestream comment, and reports a broadcast separately, with an id that may
be that of the live video or that of the video that the post shows. What can be known:

- a video post: the page published post P, which shows video V;
- a broadcast: video V is live, or was.

A post is a livestream, from then on and for ever, once

1. a broadcast has the id of its video, or the id with which the post's own id ends; or
2. a broadcast with an unknown id starts, and the post is the page's newest video post that is not a
  livestream yet, published within the hour before; or
3. a broadcast with an unknown id is running, and the post is a video post that is published, or
  commented on, meanwhile (unless it was published more than an hour before the broadcast), or
4. the channel, asked about a post that was commented on, says that its video is or was live.

2 and 3 are guesses, and each broadcast is used for only one guess; 1 applies even when a guess
assigned the broadcast to another post. What was accepted before stays what it was: the time of the
classification is stored with it, so that a replay decides in the same way.

The VIDEO_POSTS newest records of each page are kept; whoever writes one more removes the oldest,
and so does whoever reads a comment, for what outbound has written. A post that is forgotten is
treated as an ordinary post from then on.

As a record (`post.classified`): with a post, what is known of the post; without one, a broadcast
whose post is not known, and `livestream` says whether it is still running. A record's key is what
was reported: the post for a published post, the video for a broadcast, the question for an answer
of the channel, which the service `outbound` writes (4). Facts only grow: applying the latest
records of all keys, in any order, or twice, gives the same state.

Decides P5a.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, assert_never

import msgspec

from tuyen_channels.roots import CommentRoots, PageKey, RootsDraft, place_key
from tuyen_events.ids import OrganizationId, PageId
from tuyen_events.limits import VIDEO_POSTS
from tuyen_events.posts import PostClassified, ReplyPlaced

GUESS_WINDOW = timedelta(hours=1)
_FORGOTTEN_AT_ONCE = 10


class PostRecordRemoved(NamedTuple):
    """The removal of a page's record."""

    organization: OrganizationId
    page_id: PageId


PostFact = PostClassified | ReplyPlaced | PostRecordRemoved


class KeyedFact(NamedTuple):
    """A fact, with the key of its record within the page."""

    key: str
    event: PostFact


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A live video whose post is not known. A broadcast that has ended does not start again."""

    running: bool
    at: datetime


@dataclass(slots=True)
class PagePosts:
    """The video posts and broadcasts of one page."""

    posts_by_video: dict[str, str] = field(default_factory=dict)
    published: dict[str, datetime] = field(default_factory=dict)
    live_since: dict[str, datetime] = field(default_factory=dict)
    broadcasts: dict[str, Broadcast] = field(default_factory=dict)
    records: dict[str, PostClassified] = field(default_factory=dict)
    """The page's records by their keys."""

    def copy(self) -> "PagePosts":
        return PagePosts(
            dict(self.posts_by_video),
            dict(self.published),
            dict(self.live_since),
            dict(self.broadcasts),
            dict(self.records),
        )

    def forget(self, key: str) -> None:
        """What remains known when this record is removed."""
        if self.records.pop(key, None) is not None:
            self.fold_again()

    def fold_again(self) -> None:
        """Folds the remaining records again: facts only grow, so a forgotten one cannot be
        subtracted."""
        for known in (self.posts_by_video, self.published, self.live_since, self.broadcasts):
            known.clear()
        for other, fact in self.records.items():
            self.apply(other, fact)

    def apply(self, key: str, fact: PostClassified) -> None:
        """Applies one fact, whose record has the key `key`."""
        self.records[key] = fact
        post, video = fact.post_external_id, fact.video_external_id
        if post is None:
            if video is not None:
                self._apply_broadcast(video, Broadcast(fact.livestream, fact.at))
            return
        since = [fact.at] if fact.livestream else []
        for own in (own_number(post), *((video,) if video is not None else ())):
            self.posts_by_video.setdefault(own, post)
            reported = self.broadcasts.pop(own, None)
            if reported is not None:
                since.append(max(reported.at, fact.at))
        if not fact.livestream:
            self.published[post] = min(fact.at, self.published.get(post, fact.at))
        if since:
            self._go_live(post, min(since))

    def _apply_broadcast(self, video: str, reported: Broadcast) -> None:
        post = self.posts_by_video.get(video)
        if post is not None:
            self._go_live(post, max(reported.at, self.published.get(post, reported.at)))
            return
        known = self.broadcasts.get(video, reported)
        self.broadcasts[video] = Broadcast(
            reported.running and known.running, min(reported.at, known.at)
        )

    def _go_live(self, post: str, since: datetime) -> None:
        self.live_since[post] = min(since, self.live_since.get(post, since))


class LivePosts:
    """What is known of all pages' posts, from the topic `posts`."""

    def __init__(self) -> None:
        self._pages: dict[PageKey, PagePosts] = {}
        self._outdated: set[PageKey] = set()
        """Pages of which records were forgotten since they were folded."""
        self.roots = CommentRoots()

    def apply(self, key: str, fact: PostFact) -> None:
        """Applies one fact, whose record has the key `key` within its page. Order and repetitions
        make no difference, except for replies and forgotten posts."""
        page = (fact.organization, fact.page_id)
        match fact:
            case ReplyPlaced():
                self.roots.apply(fact)
            case PostClassified():
                self._pages.setdefault(page, PagePosts()).apply(key, fact)
            case PostRecordRemoved():
                self.roots.forget(page, key)
                self._forget(page, key)
            case _:
                assert_never(fact)

    def _forget(self, page: PageKey, key: str) -> None:
        """All records of a page may be forgotten one after another, so what remains is folded once,
        when it is next needed."""
        known = self._pages.get(page)
        if known is None or known.records.pop(key, None) is None:
            return
        if known.records:
            self._outdated.add(page)
        else:
            del self._pages[page]
            self._outdated.discard(page)

    def page(self, page: PageKey) -> PagePosts | None:
        """What is known of one page, which must not be changed; None if nothing is."""
        if page in self._outdated:
            self._outdated.discard(page)
            self._pages[page].fold_again()
        return self._pages.get(page)

    def pages(self) -> set[PageKey]:
        """The pages of which anything is known."""
        return self.roots.pages() | self._pages.keys()

    def keys(self, page: PageKey) -> list[str]:
        """The keys of all records of a page."""
        known = self._pages.get(page)
        return [*self.roots.places(page), *(() if known is None else known.records)]


class PostFactsDraft:
    """What one body adds to the known facts, without changing them.

    `facts` must be written to the log and then applied to `LivePosts`. They depend on the body
    only, not on whether they were known before: a body that is redelivered because the log did not
    acknowledge it gives the same facts again.
    """

    def __init__(self, known: LivePosts) -> None:
        self._known = known
        self._changed: dict[PageKey, PagePosts] = {}
        self._roots = RootsDraft(known.roots)
        self.facts: list[KeyedFact] = []

    def add_reply(self, page: PageKey, reply: str, root: str) -> None:
        """A reply was written in the thread of a root comment."""
        fact = self._roots.add(page, reply, root)
        self.facts.append(KeyedFact(place_key(fact), fact))

    def add_visitor_post(self, page: PageKey, post: str) -> None:
        """Somebody else published a post on the page."""
        self.add_reply(page, post, post)

    def is_visitor_post(self, page: PageKey, post: str) -> bool:
        """Whether a post is by somebody else, as far as it is known."""
        return self._roots.is_visitor_post(page, post)

    def root_of(self, page: PageKey, comment: str) -> str:
        """The root of the thread that a comment belongs to, as far as it is known."""
        return self._roots.root_of(page, comment)

    def video_published(self, page: PageKey, post: str, video: str | None, at: datetime) -> None:
        """The page published a video post."""
        state = self._page(page)
        live = state is not None and post in state.live_since
        if state is not None and not live:
            names = (video, own_number(post))
            live = any(_is_guessed_elsewhere(state, name, post) for name in names)
            certain = live or not state.broadcasts.keys().isdisjoint(names)
            guess = None if certain else _running(state, at)
            if guess is not None:
                self._record(
                    page, _broadcast_key(guess), post=post, video=guess, livestream=True, at=at
                )
                live = True
        self._record(page, post, post=post, video=video, livestream=live, at=at)

    def broadcast(self, page: PageKey, video: str, running: bool, at: datetime) -> str | None:
        """A live video started or ended. Returns its post, or None when that is not known."""
        state = self._page(page)
        post = None if state is None else state.posts_by_video.get(video)
        if state is not None and post is None and running and video not in state.broadcasts:
            post = _newest_open(state, at)
        live = running or post is not None
        self._record(page, _broadcast_key(video), post=post, video=video, livestream=live, at=at)
        return post

    def is_live(self, page: PageKey, post: str, at: datetime) -> bool:
        """Whether the post was a livestream by `at`."""
        state = self._page(page)
        return state is not None and _was_live(state, post, at)

    def classify_comment(self, page: PageKey, post: str, shows_video: bool, at: datetime) -> bool:
        """Whether a comment that is added at `at` is a livestream comment; may classify the post
        (3)."""
        state = self._page(page)
        if state is None:
            return False
        if len(state.records) > VIDEO_POSTS:
            state = self._change(page)
            self._forget_oldest(page, state)
        if _was_live(state, post, at):
            return True
        own = own_number(post)
        if _is_guessed_elsewhere(state, own, post):
            self._record(page, post, post=post, video=None, livestream=True, at=at)
            return True
        if post in state.live_since or not state.broadcasts:
            return False
        video: str | None = own
        if video not in state.broadcasts:
            published = state.published.get(post)
            video = _running(state, at) if shows_video or published is not None else None
            if video is None or (
                published is not None and published < state.broadcasts[video].at - GUESS_WINDOW
            ):
                return False
        self._record(page, _broadcast_key(video), post=post, video=video, livestream=True, at=at)
        return True

    def _page(self, page: PageKey) -> PagePosts | None:
        return self._changed.get(page) or self._known.page(page)

    def _change(self, page: PageKey) -> PagePosts:
        """What is known of the page, as this draft changes it."""
        state = self._changed.get(page)
        if state is None:
            known = self._known.page(page)
            state = self._changed[page] = PagePosts() if known is None else known.copy()
        return state

    def _record(
        self,
        page: PageKey,
        key: str,
        *,
        post: str | None,
        video: str | None,
        livestream: bool,
        at: datetime,
    ) -> None:
        state = self._change(page)
        fact = PostClassified(
            organization=page[0],
            page_id=page[1],
            post_external_id=post,
            video_external_id=video,
            livestream=livestream,
            at=at,
        )
        state.apply(key, fact)
        settled = state.records[key] = _settle(state, fact)
        self.facts.append(KeyedFact(key, settled))
        self._forget_oldest(page, state, key)

    def _forget_oldest(self, page: PageKey, state: PagePosts, newest: str | None = None) -> None:
        for _ in range(min(len(state.records) - VIDEO_POSTS, _FORGOTTEN_AT_ONCE)):
            oldest = min(
                state.records.keys() - {newest}, key=lambda key: (state.records[key].at, key)
            )
            state.forget(oldest)
            self.facts.append(KeyedFact(oldest, PostRecordRemoved(*page)))


def name_answer(question: str, attempt: int) -> str:
    """The key of what a channel answered to a question (4), one for each attempt: an answer that is
    read twice must not move the time of the classification."""
    return f"asked:{question}:{attempt}"


def _broadcast_key(video: str) -> str:
    return f"video:{video}"


def own_number(post: str) -> str:
    """The end of a post's id (`page_number`)."""
    return post.rpartition("_")[2]


def _was_live(state: PagePosts, post: str, at: datetime) -> bool:
    since = state.live_since.get(post)
    return since is not None and since <= at


def _is_guessed_elsewhere(state: PagePosts, video: str | None, post: str) -> bool:
    """Whether the broadcast of this post was already assigned to another post by a guess."""
    other = None if video is None else state.posts_by_video.get(video)
    return other is not None and other != post and other in state.live_since


def _running(state: PagePosts, at: datetime) -> str | None:
    """The broadcast without a post that started last, of those that are running."""
    running = [
        (reported.at, video)
        for video, reported in state.broadcasts.items()
        if reported.running and reported.at <= at
    ]
    return max(running)[1] if running else None


def _newest_open(state: PagePosts, at: datetime) -> str | None:
    """The newest video post of the last hour that is not a livestream yet."""
    published = [
        (since, post)
        for post, since in state.published.items()
        if post not in state.live_since and at - GUESS_WINDOW <= since <= at
    ]
    return max(published)[1] if published else None


def _settle(state: PagePosts, fact: PostClassified) -> PostClassified:
    """Everything that is known of the fact's subject, because a compacted record replaces all
    earlier ones."""
    post, video = fact.post_external_id, fact.video_external_id
    if post is not None:
        since = state.live_since.get(post)
        at = state.published.get(post, fact.at) if since is None else since
        return msgspec.structs.replace(fact, livestream=since is not None, at=at)
    reported = state.broadcasts[video] if video is not None else None
    if reported is None:
        return fact
    return msgspec.structs.replace(fact, livestream=reported.running, at=reported.at)
