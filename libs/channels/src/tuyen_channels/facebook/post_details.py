"""What only describes a post: whatever Meta sends there, the post itself is read (P4)."""

import msgspec
from msgspec import Raw

from tuyen_channels.bounds import whole_or_none
from tuyen_channels.facebook import wire
from tuyen_events.limits import MEDIA_URL_CHARACTERS


def find_picture(value: wire.FeedValue) -> str | None:
    """The address of a post's first photo."""
    first = value.photos[0] if value.photos else value.photo
    shown = value.link if value.item == "photo" and value.link else first
    return whole_or_none(shown, MEDIA_URL_CHARACTERS)


def read_address(given: Raw) -> str | None:
    """An address; None for anything that is none."""
    try:
        address = wire.text_of(given)
    except msgspec.MsgspecError:
        return None
    return whole_or_none(address, MEDIA_URL_CHARACTERS) or None
