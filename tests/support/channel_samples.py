"""What tests of all registered channels need of each: its secrets, and a webhook of it.

The module `support.CHANNEL` has the sample of its channel, as `SAMPLE`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module

from tuyen_channels.ports import WebhookChannel
from tuyen_channels.registry import REGISTRY, credential_names
from tuyen_events.vocabulary import Channel

CREDENTIALS = {name: f"{name}-of-the-tests" for name in credential_names()}
"""The secrets of all channels, as the settings of ingest contain them."""

PAGE_TOKEN = "token-of-the-tests"
"""The token of every page that has one."""


@dataclass(frozen=True)
class ChannelSample:
    """A webhook with one message of a customer."""

    page: str
    """The page's id at the channel."""
    body: Callable[[str], bytes]
    """The body, with a message to the page of the given id."""
    signed: Callable[[bytes], Mapping[str, str]]
    """The headers with which the channel sends a body."""

    def headers(self, body: bytes) -> dict[bytes, bytes]:
        """The same as an ASGI server passes them on."""
        signed = self.signed(body).items()
        return {name.lower().encode(): value.encode() for name, value in signed}


def sample_of(channel: Channel) -> ChannelSample:
    sample = import_module(f"support.{channel}").SAMPLE
    assert isinstance(sample, ChannelSample)
    return sample


def open_channel(channel: Channel) -> WebhookChannel:
    """The channel, with the secrets above; every page has the token above."""
    return REGISTRY[channel].open(CREDENTIALS, lambda account: PAGE_TOKEN if account else None)
