"""What the double knows of pages: customers, posts, comments, uploads, subscriptions.

All of it was said by `POST /_double/say` or made by a caller, and is forgotten when there is too
much. What the double does not know it takes for granted: tests also write webhooks of their own.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tuyen_doubles.bounded import BoundedMap
from tuyen_platform.clock import Clock

_MOST = 20_000
_MOST_REPLIES = 1_000
"""Comments below one comment or post."""

DEFAULT_PAGE_NAME = "Trang bán hàng"
_LEAST_NUMBER = 10**14
"""Ids that Facebook makes have 15 digits."""
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePerson:
    """A customer of a page. `wrote_at` is when they last sent a message: a comment opens no
    window."""

    id: str
    name: str | None = None
    wrote_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageComment:
    """A comment; what the double does not know of it is None. `parent_id` is the post for one at
    the top level, `by_page` is whether the page wrote it, `acted_at` when somebody last did
    something with it."""

    id: str
    page: str | None
    post_id: str | None
    parent_id: str | None
    author_id: str | None
    author_name: str | None
    message: str | None
    created_at: datetime
    acted_at: datetime
    attachment_url: str | None = None
    by_page: bool = False
    hidden: bool = False
    liked: bool = False
    removed: bool = False
    replied_privately: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphPost:
    id: str
    page: str
    created_at: datetime
    message: str = ""
    picture: str | None = None
    video: str | None = None
    """The id of the video that it shows."""
    live_status: str | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """An uploaded attachment: its type at Messenger, and where its bytes are."""

    kind: str
    url: str


def new_number() -> str:
    """An id that nobody has yet."""
    return str(secrets.randbelow(9 * _LEAST_NUMBER) + _LEAST_NUMBER)


class KnownPages:
    """All pages of the double."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._names: BoundedMap[str, str] = BoundedMap(_MOST)
        self._people: BoundedMap[tuple[str, str], PagePerson] = BoundedMap(_MOST)
        self._met_by: BoundedMap[str, str] = BoundedMap(_MOST)
        self._comments: BoundedMap[str, PageComment] = BoundedMap(_MOST)
        self._replies: BoundedMap[str, tuple[str, ...]] = BoundedMap(_MOST)
        self._posts: BoundedMap[str, GraphPost] = BoundedMap(_MOST)
        self._videos: BoundedMap[str, str] = BoundedMap(_MOST)
        self._subscribed: BoundedMap[str, tuple[str, ...]] = BoundedMap(_MOST)
        self._uploads: BoundedMap[str, Upload] = BoundedMap(_MOST)

    def name(self, page: str) -> str:
        return self._names.get(page) or DEFAULT_PAGE_NAME

    def is_known(self, page: str) -> bool:
        return page in self._names

    def add(self, page: str, name: str = DEFAULT_PAGE_NAME) -> None:
        """Notes that a page exists; its name stays if it has one."""
        if page not in self._names:
            self._names.put(page, name)

    def person(self, page: str, identifier: str) -> PagePerson | None:
        return self._people.get((page, identifier))

    def meet(
        self, page: str, identifier: str, name: str | None, wrote_at: datetime | None = None
    ) -> PagePerson:
        """Notes that a customer wrote: a message at `wrote_at`, or a comment if that is None."""
        self.add(page)
        known = self.person(page, identifier) or PagePerson(id=identifier)
        moments = [moment for moment in (known.wrote_at, wrote_at) if moment is not None]
        known = replace(known, name=name or known.name, wrote_at=max(moments, default=None))
        self._people.put((page, identifier), known)
        self._met_by.put(identifier, page)
        return known

    def met_by(self, identifier: str) -> str | None:
        """The page that a customer last wrote to."""
        return self._met_by.get(identifier)

    def post(self, identifier: str) -> GraphPost | None:
        return self._posts.get(identifier)

    def post_of(self, page: str, identifier: str) -> GraphPost:
        """A post of a page, by its whole id or by the part after the page's; made if it is new."""
        whole = identifier if identifier.startswith(f"{page}_") else f"{page}_{identifier}"
        known = self._posts.get(whole)
        if known is None:
            known = GraphPost(id=whole, page=page, created_at=self._clock.now())
            self._posts.put(whole, known)
        return known

    def put_post(self, post: GraphPost) -> None:
        self._posts.put(post.id, post)
        if post.video is not None:
            self._videos.put(post.video, post.id)

    def post_with_video(self, video: str) -> GraphPost | None:
        """The post that shows a video."""
        return self._posts.get(self._videos.get(video) or "")

    def comment(self, identifier: str) -> PageComment | None:
        return self._comments.get(identifier)

    def comment_or_stub(self, identifier: str, page: str | None) -> PageComment:
        """A comment, or what can be inferred of one that the double does not know."""
        known = self._comments.get(identifier)
        if known is not None:
            return known
        post, underscore, _ = identifier.partition("_")
        now = self._clock.now()
        return PageComment(
            id=identifier,
            page=page,
            post_id=f"{page}_{post}" if page is not None and underscore else None,
            parent_id=None,
            author_id=None,
            author_name=None,
            message=None,
            created_at=now,
            acted_at=now - _SECOND,
        )

    def next_act(self, comment: PageComment) -> datetime:
        """The time of something that is done now with a comment: at least a second after what was
        done before, since webhooks count in seconds, and hide, unhide, hide are three events."""
        return max(self._clock.now(), comment.acted_at + _SECOND)

    def put_comment(self, comment: PageComment, below: str | None = None) -> None:
        """Writes a comment; with `below`, a new one below a comment or post."""
        self._comments.put(comment.id, comment)
        if below is not None:
            others = self._replies.get(below) or ()
            self._replies.put(below, (*others, comment.id)[-_MOST_REPLIES:])

    def replies(self, below: str) -> list[PageComment]:
        """What is below a comment or post and was not removed, oldest first."""
        found = (self._comments.get(each) for each in self._replies.get(below) or ())
        return [comment for comment in found if comment is not None and not comment.removed]

    def new_comment_id(self, post_id: str | None, below: str) -> str:
        """An id as Facebook makes them: the post's own number, and one for the comment."""
        post = below.partition("_")[0] if post_id is None else post_id.rpartition("_")[2]
        return f"{post}_{new_number()}"

    def subscribe(self, page: str, fields: tuple[str, ...]) -> None:
        """Which fields the app gets from the page; none means that it was unsubscribed."""
        self._subscribed.put(page, fields)

    def subscription(self, page: str) -> tuple[str, ...] | None:
        """None for a page about which nobody ever said anything."""
        return self._subscribed.get(page)

    def sends(self, page: str, field: str) -> bool:
        """Whether events of a field are sent. Those of a page that was never subscribed are."""
        fields = self._subscribed.get(page)
        return fields is None or field in fields

    def add_upload(self, upload: Upload) -> str:
        identifier = new_number()
        self._uploads.put(identifier, upload)
        return identifier

    def upload(self, identifier: str) -> Upload | None:
        return self._uploads.get(identifier)
