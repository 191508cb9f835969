"""The sources of customers' profiles by channel. A channel whose package has no module
`profile_source` cannot be asked: its webhooks say all that it knows."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType

from tuyen_channels.profiles import ProfileSource
from tuyen_channels.transport import Transport
from tuyen_events.vocabulary import Channel


def _find_sources() -> Iterator[tuple[Channel, type[ProfileSource]]]:
    for channel in Channel:
        package = f"tuyen_channels.{channel.value}"
        if find_spec(package) is not None and find_spec(f"{package}.profile_source") is not None:
            yield channel, import_module(f"{package}.profile_source").PROFILE_SOURCE


PROFILE_SOURCES: Mapping[Channel, type[ProfileSource]] = MappingProxyType(dict(_find_sources()))


def open_profile_sources(
    settings: Mapping[str, str], transport: Transport
) -> Mapping[Channel, ProfileSource]:
    """All sources. Raises KeyError if a setting is missing."""
    return {channel: each.open(settings, transport) for channel, each in PROFILE_SOURCES.items()}
