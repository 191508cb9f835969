"""The store of attachments, as services use it.

Attachments are not derived from the log: they survive when the views are dropped and rebuilt, and
have to be part of a backup.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import msgspec

from tuyen_events.ids import AgentId, ConversationId, MessageId, OrganizationId, PageId
from tuyen_events.outbound import AttachmentId


class NewAttachment(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an attachment before its content has arrived.

    An attachment that an agent uploads has `uploaded_by`, one that came with a customer's message
    has `message_id`, and the picture of a post also has `page_id`: that of its page. `kind` is
    image, video, audio or file.
    """

    id: AttachmentId
    organization: OrganizationId
    kind: str
    content_type: str
    name: str | None = None
    uploaded_by: AgentId | None = None
    message_id: MessageId | None = None
    page_id: PageId | None = None
    created_at: datetime


class StoredAttachment(NewAttachment, frozen=True, kw_only=True):
    """A stored attachment; `size` is in bytes, `conversations` are those in which it was sent."""

    size: int
    conversations: tuple[ConversationId, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenAttachment:
    """A stored attachment with its content."""

    attachment: StoredAttachment
    read: Callable[[int, int], AsyncIterator[bytes]]
    """The bytes from the first position up to, and without, the second one, in parts of at most
    256 KiB. Ends early if the attachment is removed meanwhile."""

    def read_all(self) -> AsyncIterator[bytes]:
        """The whole content, in parts."""
        return self.read(0, self.attachment.size)


class Usage(msgspec.Struct, frozen=True):
    """How many attachments, and how many bytes they have together."""

    files: int = 0
    size: int = 0


class Attachments(Protocol):
    """The attachments of all organizations. One organization's attachments do not exist for
    another."""

    async def add(self, new: NewAttachment, content: AsyncIterator[bytes]) -> StoredAttachment:
        """Stores an attachment, part by part as its content arrives, and returns it once it is
        stored. Nobody can open it before.

        An id that exists already is not stored again: the stored one is returned, and nothing is
        read. An exception that `content` raises is raised, and nothing is stored. So is
        ContendedError if others removed the attachment while its content arrived, or stored it at
        the same time and broke off.
        """
        ...

    async def open(
        self, organization: OrganizationId, attachment_id: AttachmentId
    ) -> OpenAttachment | None:
        """One attachment, or None if the organization has none of this id."""
        ...

    async def find(
        self, organization: OrganizationId, ids: Collection[AttachmentId]
    ) -> Mapping[AttachmentId, StoredAttachment]:
        """Those of `ids` that the organization has."""
        ...

    async def note_use(
        self,
        organization: OrganizationId,
        ids: Collection[AttachmentId],
        conversation_id: ConversationId,
    ) -> Mapping[AttachmentId, StoredAttachment]:
        """Notes that attachments are sent in a conversation, and returns those that can be: from
        then on they are not removed as unused, and whoever may see the conversation may see them.

        Call it before the request is written to the log. An attachment that is sent in more than
        ATTACHMENT_CONVERSATIONS conversations is not returned. Can be repeated.
        """
        ...

    async def uploaded_since(self, organization: OrganizationId, since: datetime) -> Usage:
        """What agents of the organization uploaded since then and is still stored."""
        ...

    async def remove_of_message(
        self,
        organization: OrganizationId,
        message_id: MessageId,
        but: Collection[AttachmentId] = (),
    ) -> None:
        """Removes what came with a message that its author removed, or changed: then all `but` what
        is left. Can be repeated."""
        ...

    async def remove_unused(self, before: datetime) -> int:
        """Removes what was uploaded before that time and never used, and what was never stored to
        its end. Returns how many."""
        ...

    async def remove_oldest(self, most_bytes: int) -> int:
        """Removes the oldest attachments of each organization whose attachments have more than
        `most_bytes` together, until they do not. Returns how many."""
        ...
