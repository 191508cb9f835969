"""The channels by name. Services use this registry and know no single channel.

The channels are the folders beside this module that have a module `channel`, which names the class
as `CHANNEL`.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from tuyen_channels.ports import PageTokenLookup, WebhookChannel
from tuyen_events.vocabulary import Channel


def _find_channels() -> Iterator[tuple[Channel, type[WebhookChannel]]]:
    for path in sorted(Path(__file__).parent.glob("*/channel.py")):
        folder = path.parent.name
        channel: type[WebhookChannel] = import_module(f"tuyen_channels.{folder}.channel").CHANNEL
        if channel.name != folder or not channel.name.is_known:
            raise TypeError(f"the channel of {folder} has another name: {channel.name}")
        yield channel.name, channel


REGISTRY: Mapping[Channel, type[WebhookChannel]] = MappingProxyType(dict(_find_channels()))


def credential_names() -> tuple[str, ...]:
    """The settings of all channels, in lower case and without the prefix of the installation."""
    return tuple(name for channel in REGISTRY.values() for name in channel.credentials)


def has_page_tokens(channel: Channel) -> bool:
    """Whether each page of the channel has a webhook and a token of its own. False for a channel
    that is not registered."""
    registered = REGISTRY.get(channel)
    return registered is not None and registered.by_account


def open_channels(
    credentials: Mapping[str, str], tokens: PageTokenLookup
) -> Mapping[str, WebhookChannel]:
    """All channels by the name in their webhook's address. Raises KeyError if a credential is
    missing."""
    return {name.value: channel.open(credentials, tokens) for name, channel in REGISTRY.items()}
