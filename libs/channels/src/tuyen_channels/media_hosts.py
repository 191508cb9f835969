"""The hosts from which each channel serves the media of messages: nothing is fetched from others.

A channel whose media stay where they are, such as a livechat's site, has none.
"""

from collections.abc import Mapping
from types import MappingProxyType

from tuyen_events.vocabulary import Channel

MEDIA_HOSTS: Mapping[Channel, tuple[str, ...]] = MappingProxyType(
    {
        Channel.FACEBOOK: ("fbcdn.net", "fbsbx.com"),
        Channel.ZALO: ("zdn.vn", "zadn.vn", "zalo.me", "zaloapp.com"),
    }
)
"""By channel, domains: each with all hosts below it."""


def serves_media(channel: Channel, host: str) -> bool:
    """Whether media of the channel may be fetched from a host."""
    name = host.lower().rstrip(".")
    return any(
        name == domain or name.endswith(f".{domain}") for domain in MEDIA_HOSTS.get(channel, ())
    )
