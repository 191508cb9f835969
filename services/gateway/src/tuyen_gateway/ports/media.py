"""What fetching the media of messages needs."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from tuyen_events.ids import MessageId, OrganizationId
from tuyen_events.vocabulary import Channel
from tuyen_gateway.domain.media import WaitingMedium
from tuyen_platform.fair_work import WaitingItems


class MediaRefusedError(Exception):
    """The medium cannot be had: its address is not one of the channel's, or leads to nothing."""


class MediaUnavailableError(Exception):
    """The medium cannot be had at the moment."""


class MediaFetcher(Protocol):
    """Fetches media from the channels' hosts, and from nowhere else."""

    def fetch(
        self, channel: Channel, url: str
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """The content at an address, part by part as it arrives.

        Entering, and reading, raise MediaRefusedError and MediaUnavailableError, whose texts do not
        contain the address. The caller limits the size and the time.
        """
        ...


class WaitingMedia(WaitingItems[WaitingMedium], Protocol):
    """The media that are to be fetched, shared by all gateways. What was withdrawn is not added,
    and nothing remains to be done for it."""

    async def withdraw(
        self, organization: OrganizationId, message_id: MessageId, until: datetime
    ) -> None:
        """Notes until then that a message was taken back. What waits of it is still claimed:
        whoever fetches it at the moment may store it after this."""
        ...

    async def is_withdrawn(self, organization: OrganizationId, message_id: MessageId) -> bool:
        """Whether a message was taken back, as long as that is noted."""
        ...
