"""The connectors by channel. Services use this registry and know no single channel.

A channel whose package has no module `connector` can be received from, and nothing can be sent to
it.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType

from tuyen_channels.calls import ReplyWindow
from tuyen_channels.ports import Connector
from tuyen_channels.transport import Transport
from tuyen_events.vocabulary import Channel


def _find_connectors() -> Iterator[tuple[Channel, type[Connector]]]:
    for channel in Channel:
        package = f"tuyen_channels.{channel.value}"
        if find_spec(package) is not None and find_spec(f"{package}.connector") is not None:
            yield channel, import_module(f"{package}.connector").CONNECTOR


CONNECTORS: Mapping[Channel, type[Connector]] = MappingProxyType(dict(_find_connectors()))


def connector_settings() -> dict[str, str]:
    """The settings of all connectors with their defaults, by name in lower case and without the
    prefix of the installation."""
    return {
        name: default for each in CONNECTORS.values() for name, default in each.settings.items()
    }


def find_reply_window(channel: Channel) -> ReplyWindow | None:
    """Until when the channel lets a page write to a customer. None for a channel without a
    connector: nothing is sent to it."""
    connector = CONNECTORS.get(channel)
    return None if connector is None else connector.reply_window


def open_connectors(
    settings: Mapping[str, str], transport: Transport, guarded: Transport
) -> Mapping[Channel, Connector]:
    """All connectors. Raises KeyError if a setting is missing."""
    return {
        channel: connector.open(settings, transport, guarded)
        for channel, connector in CONNECTORS.items()
    }
