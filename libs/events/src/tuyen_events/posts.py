"""What ingest remembers of posts: which are livestreams (P5a) or by visitors (P5d), and the parents
of recent replies. Compacted, keyed by page and subject."""

from typing import ClassVar

from tuyen_events.event import Event
from tuyen_events.ids import OrganizationId, PageId
from tuyen_events.vocabulary import Moment


class PostClassified(Event, frozen=True, kw_only=True):
    """What is known of a post: the video that it shows, and whether that is or was live.

    The post of a livestream stays one after the broadcast: late comments are by the same customers.
    """

    type: ClassVar[str] = "post.classified.v1"
    organization: OrganizationId
    page_id: PageId
    post_external_id: str | None
    video_external_id: str | None
    livestream: bool
    at: Moment


FORGOTTEN_TYPE = "post.forgotten.v1"
"""The type of a record without a value: one of the oldest posts of a page is forgotten."""


class ReplyPlaced(Event, frozen=True, kw_only=True):
    """A reply and its parent comment: a reply to this reply belongs to that comment's thread
    (R4.3). Each page has a fixed number of slots for them; a later reply overwrites an older
    one. A post that is its own root is a visitor's (P5d)."""

    type: ClassVar[str] = "reply.placed.v1"
    organization: OrganizationId
    page_id: PageId
    comment_external_id: str
    root_external_id: str
