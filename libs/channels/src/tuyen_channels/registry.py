"""The channels by name: services use this registry and know no single channel."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from tuyen_channels.facebook.channel import FacebookChannel
from tuyen_channels.livechat.channel import LivechatChannel
from tuyen_channels.ports import PageTokenLookup, WebhookChannel
from tuyen_events.vocabulary import Channel


@dataclass(frozen=True, slots=True)
class Registration:
    """How to create a channel. `credentials` are the names of the settings that it needs."""

    credentials: tuple[str, ...]
    open: Callable[[Sequence[str], PageTokenLookup], WebhookChannel]
    """Takes the credentials' values in the order of their names, and the tokens of pages that sign
    with their own."""


REGISTRY: Mapping[Channel, Registration] = MappingProxyType(
    {
        Channel.FACEBOOK: Registration(
            ("facebook_app_secret", "facebook_verify_token"),
            lambda secrets, _: FacebookChannel(*secrets),
        ),
        Channel.LIVECHAT: Registration((), lambda _, tokens: LivechatChannel(tokens)),
    }
)


def credential_names() -> tuple[str, ...]:
    """The settings of all channels, in lower case and without the prefix of the installation."""
    return tuple(name for channel in REGISTRY.values() for name in channel.credentials)


def open_channels(
    credentials: Mapping[str, str], tokens: PageTokenLookup
) -> Mapping[str, WebhookChannel]:
    """All channels by the name in their webhook's address. Raises KeyError if a credential is
    missing."""
    return {
        name.value: channel.open([credentials[one] for one in channel.credentials], tokens)
        for name, channel in REGISTRY.items()
    }
