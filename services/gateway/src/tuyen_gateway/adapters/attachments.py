"""Reads attachments for callers: who may see them, and the turns in which they are read."""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from tuyen_attachments.ports import (
    Attachments,
    NewAttachment,
    OpenAttachment,
    StoredAttachment,
    Usage,
)
from tuyen_events.file_limits import (
    DOWNLOADS_AT_ONCE_OF_ORGANIZATION,
    UPLOADS_AT_ONCE_OF_ORGANIZATION,
)
from tuyen_events.ids import ConversationId, MessageId, OrganizationId
from tuyen_events.outbound import AttachmentId
from tuyen_gateway.adapters.queries import build_covered_query
from tuyen_gateway.adapters.read_limits import ReadLimiter
from tuyen_gateway.domain.visibility import Scope, sees_page
from tuyen_gateway.errors import TooManyAttemptsError
from tuyen_gateway.ports.attachments import AttachmentAccess
from tuyen_gateway.projections import collections
from tuyen_platform.mongodb import Database

_AGAIN_S = 5


class MongoAttachmentAccess:
    """AttachmentAccess by the views: which conversation a message is in, and who may see that."""

    def __init__(self, database: Database) -> None:
        self._messages = database[collections.MESSAGES]
        self._conversations = database[collections.CONVERSATIONS]

    async def may_see(self, scope: Scope, attachment: StoredAttachment) -> bool:
        if attachment.organization != scope.organization:
            return False
        if attachment.uploaded_by == scope.agent_id:
            return True
        if attachment.page_id is not None:
            return sees_page(scope, attachment.page_id)
        threads = list(attachment.conversations)
        if attachment.message_id is not None:
            message = await self._messages.find_one(
                {"_id": attachment.message_id, "removed": {"$ne": True}}, {"conversation_id": 1}
            )
            if message is not None and message.get("conversation_id") is not None:
                threads.append(message["conversation_id"])
        if not threads:
            return False
        covered = [{"_id": {"$in": threads}}, *build_covered_query(scope)]
        return await self._conversations.find_one({"$and": covered}, {"_id": 1}) is not None


class AttachmentAccessInTurn:
    """AttachmentAccess."""

    def __init__(self, access: AttachmentAccess, reads: ReadLimiter) -> None:
        self._access = access
        self._reads = reads

    async def may_see(self, scope: Scope, attachment: StoredAttachment) -> bool:
        async with self._reads.turn(scope.organization):
            return await self._access.may_see(scope, attachment)


class _AtOnce:
    """Limits how many attachments the people of one organization read at the same time, because
    each occupies memory for as long as its caller takes (R9.5)."""

    def __init__(self, most: int, what: str) -> None:
        self._most = most
        self._what = what
        self._counts: Counter[OrganizationId] = Counter()

    @contextmanager
    def count(self, organization: OrganizationId) -> Iterator[None]:
        """Counts one for as long as the block lasts. Raises TooManyAttemptsError."""
        if self._counts[organization] >= self._most:
            raise TooManyAttemptsError(
                f"Your organization {self._what} {self._most} files already: try again in some "
                "seconds.",
                _AGAIN_S,
            )
        self._counts[organization] += 1
        try:
            yield
        finally:
            self._counts[organization] -= 1
            if not self._counts[organization]:
                del self._counts[organization]


class AttachmentsInTurn:
    """Attachments, of which each part is read in a turn of its own: a slow reader holds none.

    `add`, and the reading of what `open` returned, raise TooManyAttemptsError while too many of the
    organization are added or read already.
    """

    def __init__(self, store: Attachments, reads: ReadLimiter) -> None:
        self._store = store
        self._reads = reads
        self._adding = _AtOnce(UPLOADS_AT_ONCE_OF_ORGANIZATION, "uploads")
        self._reading = _AtOnce(DOWNLOADS_AT_ONCE_OF_ORGANIZATION, "reads")

    async def add(self, new: NewAttachment, content: AsyncIterator[bytes]) -> StoredAttachment:
        with self._adding.count(new.organization):
            return await self._store.add(new, content)

    async def open(
        self, organization: OrganizationId, attachment_id: AttachmentId
    ) -> OpenAttachment | None:
        async with self._reads.turn(organization):
            opened = await self._store.open(organization, attachment_id)
        if opened is None:
            return None
        stored = opened

        async def read(start: int, end: int) -> AsyncIterator[bytes]:
            parts = aiter(stored.read(start, end))
            with self._reading.count(organization):
                while True:
                    async with self._reads.turn(organization):
                        part = await anext(parts, None)
                    if part is None:
                        return
                    yield part

        return OpenAttachment(stored.attachment, read)

    async def find(
        self, organization: OrganizationId, ids: Collection[AttachmentId]
    ) -> Mapping[AttachmentId, StoredAttachment]:
        async with self._reads.turn(organization):
            return await self._store.find(organization, ids)

    async def note_use(
        self,
        organization: OrganizationId,
        ids: Collection[AttachmentId],
        conversation_id: ConversationId,
    ) -> Mapping[AttachmentId, StoredAttachment]:
        async with self._reads.turn(organization):
            return await self._store.note_use(organization, ids, conversation_id)

    async def uploaded_since(self, organization: OrganizationId, since: datetime) -> Usage:
        async with self._reads.turn(organization):
            return await self._store.uploaded_since(organization, since)

    async def remove_of_message(
        self,
        organization: OrganizationId,
        message_id: MessageId,
        but: Collection[AttachmentId] = (),
    ) -> None:
        await self._store.remove_of_message(organization, message_id, but)

    async def remove_unused(self, before: datetime) -> int:
        return await self._store.remove_unused(before)

    async def remove_oldest(self, most_bytes: int) -> int:
        return await self._store.remove_oldest(most_bytes)
