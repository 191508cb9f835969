"""What the doubles need of a channel, and what it adds to them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from starlette.routing import BaseRoute

from tuyen_doubles.exchange import Exchange
from tuyen_doubles.media import Media
from tuyen_doubles.saying import ChannelCustomers
from tuyen_doubles.tokens import DoubleTokens
from tuyen_platform.clock import Clock


class ChannelDouble(NamedTuple):
    """What one channel adds to the doubles: its customers, its tokens by kind, and its hosts."""

    customers: ChannelCustomers
    tokens: Mapping[str, DoubleTokens]
    routes: Sequence[BaseRoute]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubledChannel:
    """A channel that has a double. Its module in `tuyen_doubles.channels` names it as `DOUBLE`.

    `name` is that of the module, and of the channel in the address of its webhooks. `settings` are
    the secrets that it shares with the services, for example `facebook_app_secret` for the
    environment's variable `TUYEN_FACEBOOK_APP_SECRET`, with their defaults. `build` is given their
    values.

    `hosts` are what it stands in for: a path for each host, by the setting of the services that has
    its address, for example `facebook_api`. A call that goes to the wrong host finds nothing, as in
    the real world.
    """

    name: str
    settings: Mapping[str, str]
    hosts: Mapping[str, str]
    build: Callable[[Mapping[str, str], Exchange, Media, Clock], ChannelDouble]
