"""What a connector is asked to do at a channel, and what its answers mean.

A request of an agent is carried out in one or several parts, each of which is one call that makes
or changes something. Between two parts the caller stores how far it has come.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

import msgspec

from tuyen_events.outbound import OutboundAttachment, OutboundRequested


class HiddenToken:
    """A token, which neither `repr` nor `str` shows."""

    __slots__ = ("_token",)

    def __init__(self, token: str) -> None:
        self._token = token

    def reveal(self) -> str:
        """The token itself, for the call that is made with it."""
        return self._token

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HiddenToken) and other._token == self._token

    def __hash__(self) -> int:
        return hash(self._token)

    def __repr__(self) -> str:
        return "HiddenToken('**********')"


class RequestPart(NamedTuple):
    """One call of a request. `upload` is the file that has to be uploaded first."""

    text: str | None = None
    attachments: tuple[OutboundAttachment, ...] = ()
    upload: OutboundAttachment | None = None


class CallOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a request, with everything that its call depends on.

    `account` is the page's id at the channel. `handle` is what `upload` returned. `reply_url` is
    where the page's site takes replies. `links` has an address for each attachment's id, for
    channels that fetch files themselves.
    """

    request: OutboundRequested
    part: RequestPart
    account: str
    token: HiddenToken
    handle: str | None = None
    reply_url: str | None = None
    links: Mapping[str, str] = {}


class PauseScope(StrEnum):
    """Whose further calls have to wait."""

    PAGE = "page"
    APP = "app"
    """All pages of the installation at this channel."""


class Pause(NamedTuple):
    """How long the channel wants no further calls."""

    scope: PauseScope
    seconds: float | None = None
    """None if the channel does not say."""


class CallSucceeded(NamedTuple):
    """The channel carried the call out. `external_id` is its id for what was made; None if nothing
    was made, or the channel gave none."""

    external_id: str | None = None
    pause: Pause | None = None


class RefusalKind(StrEnum):
    """What to do about a call that the channel did not carry out, or does not say it did (P5)."""

    TRANSIENT = "transient"
    """Repeat it, a few times. It may have been carried out all the same (`ChannelRefusal`)."""
    UNREACHABLE = "unreachable"
    """The channel certainly did not get it. Repeat it for longer."""
    THROTTLED = "throttled"
    """Repeat it after a pause, which concerns other calls as well."""
    DEAD_TOKEN = "dead_token"  # noqa: S105 - a kind of refusal
    """Nothing can be sent for the page until its token is replaced."""
    PAGE_STOPPED = "page_stopped"
    """A permission is missing, or the channel blocks the page: a person has to act."""
    UPLOAD_EXPIRED = "upload_expired"
    """Upload the file again, and repeat it."""
    PERMANENT = "permanent"
    """The request itself is refused: to repeat it is useless."""
    LOST = "lost"
    """No answer arrived, or none that can be read: nobody can tell whether it was carried out."""


class ChannelRefusal(NamedTuple):
    """Why a call was not carried out. `code` is a word of `tuyen_channels.refusals`, `detail` the
    channel's own code. Neither contains a token or what a customer wrote. `certain` is for a
    transient one: the channel certainly did nothing. An error of a server is no such certainty,
    since the error may have come after the act."""

    kind: RefusalKind
    code: str
    detail: str = ""
    pause: Pause | None = None
    certain: bool = False

    @property
    def is_doubtful(self) -> bool:
        """Whether the channel answered, and may have carried the call out all the same."""
        return self.kind is RefusalKind.TRANSIENT and not self.certain


class AfterLost(StrEnum):
    """How to find out whether a call was carried out that was begun and whose answer is not
    known."""

    ECHO = "echo"
    """Its echo says so. Without an echo nobody can tell."""
    LOOK = "look"
    """The channel can be asked (`Connector.look`)."""
    REPEAT = "repeat"
    """It can be repeated: a second call changes nothing."""


class Limit(NamedTuple):
    """At most `rate_s` calls a second, of those that share `name` and, unless `of_app`, the page;
    `burst` at once."""

    name: str
    rate_s: float
    burst: int
    of_app: bool = False


class ReplyWindow(NamedTuple):
    """How long after the customer last wrote, pressed a button or reacted a page may write, None
    for always; and how long a person may, None for no longer."""

    within: timedelta | None = None
    people_within: timedelta | None = None


class ExchangedTokens(NamedTuple):
    """What a refresh token was exchanged for. `lasts_s` is how long the access token is valid."""

    access_token: HiddenToken
    refresh_token: HiddenToken
    lasts_s: float


class UnsupportedRequestError(ValueError):
    """The channel has no such action, or does not take such a file. `code` is a word of
    `tuyen_channels.refusals`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _is_nothing_known(_external_id: str) -> bool:
    return False


class BegunCall(NamedTuple):
    """A call that was begun, and of which `Connector.look` finds out what became of it. `is_known`
    says of an id at the channel whether another call made what has it."""

    order: CallOrder
    since: datetime
    is_known: Callable[[str], bool] = _is_nothing_known
