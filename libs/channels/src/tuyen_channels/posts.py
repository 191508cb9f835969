"""What a post is, as a channel says when it is asked: webhooks of its comments hardly say it."""

from datetime import datetime
from typing import NamedTuple

from tuyen_channels.bounds import whole_or_none
from tuyen_channels.calls import Pause
from tuyen_events.limits import MEDIA_URL_CHARACTERS


class PostDetails(NamedTuple):
    """What a channel says of a post. `pause` is how long it wants no further calls."""

    text: str | None = None
    picture: str | None = None
    """Its address at the channel, which may expire."""
    permalink: str | None = None
    published_at: datetime | None = None
    video: str | None = None
    """The channel's id of the video that it shows."""
    shows_video: bool = False
    livestream: bool = False
    """Whether that is or was live (P5a)."""
    pause: Pause | None = None


def choose_address(given: str | None) -> str | None:
    """An address that can be stored and shown; None for anything else."""
    is_address = given is not None and given.startswith(("https://", "http://"))
    return whole_or_none(given, MEDIA_URL_CHARACTERS) if is_address else None
