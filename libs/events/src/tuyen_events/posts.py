"""Which posts are livestreams, as ingest knows it (P5a): compacted, keyed by page and post."""

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
