"""What ingest knows of posts: which are livestreams (P5a), and under which comment recent replies
stand. Compacted, keyed by page and subject."""

from typing import ClassVar

from tuyen_events.event import Event
from tuyen_events.ids import OrganizationId, PageId
from tuyen_events.vocabulary import Moment


class PostClassified(Event, frozen=True, kw_only=True):
    """What is known of a post: the video it shows, and whether it is or was live.

    A livestream's post stays one after the broadcast: late comments are the same customers'.
    """

    type: ClassVar[str] = "post.classified.v1"
    organization: OrganizationId
    page_id: PageId
    post_external_id: str | None
    video_external_id: str | None
    livestream: bool
    at: Moment


FORGOTTEN_TYPE = "post.forgotten.v1"
"""The type of a record without a value: of a page's posts the oldest are not known any more."""


class ReplyPlaced(Event, frozen=True, kw_only=True):
    """A reply, and the comment above it: a reply to this reply belongs to that comment's thread
    (R4.3). Each page has so many places for them; a later reply takes the place of an older one."""

    type: ClassVar[str] = "reply.placed.v1"
    organization: OrganizationId
    page_id: PageId
    comment_external_id: str
    root_external_id: str
