"""What fetching the media of messages needs."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from tuyen_events.ids import MessageId, OrganizationId
from tuyen_events.outbound import AttachmentId
from tuyen_events.vocabulary import Channel
from tuyen_gateway.domain.media import WaitingMedium
from tuyen_gateway.domain.threads import Message
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


class OwnReplies(Protocol):
    """The replies that were requested here, as the views show them."""

    async def find(
        self, organization: OrganizationId, ids: Collection[MessageId]
    ) -> Mapping[MessageId, Message]:
        """Those of `ids` that are known."""
        ...


class WaitingMedia(WaitingItems[WaitingMedium], Protocol):
    """The media that are to be fetched, shared by all gateways. What was withdrawn, or is not left
    after an edit, is not added, and nothing remains to be done for it."""

    async def withdraw(
        self, organization: OrganizationId, message_id: MessageId, until: datetime
    ) -> None:
        """Notes until then that a message was taken back. What waits of it is still claimed:
        whoever fetches it at the moment may store it after this."""
        ...

    async def note_edit(
        self,
        organization: OrganizationId,
        message_id: MessageId,
        order: str,
        media: Collection[AttachmentId],
        until: datetime,
    ) -> None:
        """Notes until then which media a message has since an edit. Of two edits the one with the
        greater `order` counts."""
        ...

    async def find_left(
        self, organization: OrganizationId, message_id: MessageId
    ) -> Collection[AttachmentId] | None:
        """The media that are left of a message that was taken back or edited, as long as that is
        noted; None if nothing is: all of them."""
        ...
