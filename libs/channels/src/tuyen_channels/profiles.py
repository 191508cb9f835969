"""Who a customer is, and what a post is, as a channel says when it is asked.

The webhooks of most messengers name a customer by an id alone. The module `profile_source` of such
a channel's package asks for the name and the picture.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple, Protocol, Self

from tuyen_channels.bounds import cut, whole_or_none
from tuyen_channels.calls import ChannelRefusal, HiddenToken, Limit, Pause
from tuyen_channels.posts import PostDetails
from tuyen_channels.transport import Transport
from tuyen_events.limits import NAME_CHARACTERS, URL_CHARACTERS
from tuyen_events.vocabulary import Channel


class CustomerProfile(NamedTuple):
    """What a channel says of a customer. `pause` is how long it wants no further calls."""

    name: str | None = None
    picture: str | None = None
    """Its address at the channel, which may expire."""
    pause: Pause | None = None


class ProfileSource(Protocol):
    """Asks one channel who its customers are, and what the posts of its pages are.

    The module `profile_source` of a channel's package names the class as `PROFILE_SOURCE`. Its
    answers are values; only unexpected errors are raised. To ask again is harmless.
    """

    name: ClassVar[Channel]

    limits: ClassVar[Sequence[Limit]]
    """The limits that `find` counts for, which makes one call."""

    post_limits: ClassVar[Sequence[Limit]]
    """The same for `find_post`, with a limit as often as it may make calls."""

    @classmethod
    def open(cls, settings: Mapping[str, str], transport: Transport) -> Self:
        """Creates the source. `settings` contains at least those of the channel's connector."""
        ...

    async def find(
        self, account: str, token: HiddenToken, external_id: str
    ) -> CustomerProfile | ChannelRefusal:
        """Asks who the customer `external_id` of the page `account` is."""
        ...

    async def find_post(
        self, account: str, token: HiddenToken, external_id: str
    ) -> PostDetails | ChannelRefusal:
        """Asks what the post `external_id` of the page `account` is. A channel without posts
        refuses."""
        ...


def build_profile(name: str | None, picture: str | None, pause: Pause | None) -> CustomerProfile:
    """The profile with values that can be stored and shown."""
    shown = cut((name or "").replace("\0", "").strip(), NAME_CHARACTERS)
    is_address = picture is not None and picture.startswith(("https://", "http://"))
    address = whole_or_none(picture, URL_CHARACTERS) if is_address else None
    return CustomerProfile(shown or None, address, pause)
