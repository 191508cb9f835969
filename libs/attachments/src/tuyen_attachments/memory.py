"""The store in memory, for tests."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from datetime import datetime

import msgspec

from tuyen_attachments.ports import NewAttachment, OpenAttachment, StoredAttachment, Usage
from tuyen_events.file_limits import ATTACHMENT_CONVERSATIONS
from tuyen_events.ids import ConversationId, MessageId, OrganizationId
from tuyen_events.outbound import AttachmentId

_PART_BYTES = 255 * 1024


class InMemoryAttachments:
    """Attachments."""

    def __init__(self) -> None:
        self._stored: dict[AttachmentId, tuple[StoredAttachment, bytes]] = {}

    async def add(self, new: NewAttachment, content: AsyncIterator[bytes]) -> StoredAttachment:
        if new.id in self._stored:
            return self._stored[new.id][0]
        whole = b"".join([part async for part in content])
        attachment = StoredAttachment(**msgspec.structs.asdict(new), size=len(whole))
        self._stored[new.id] = (attachment, whole)
        return attachment

    async def open(
        self, organization: OrganizationId, attachment_id: AttachmentId
    ) -> OpenAttachment | None:
        found = self._stored.get(attachment_id)
        if found is None or found[0].organization != organization:
            return None
        attachment, whole = found

        async def read(start: int, end: int) -> AsyncIterator[bytes]:
            for at in range(start, min(end, attachment.size), _PART_BYTES):
                yield whole[at : min(at + _PART_BYTES, end)]

        return OpenAttachment(attachment, read)

    async def find(
        self, organization: OrganizationId, ids: Collection[AttachmentId]
    ) -> Mapping[AttachmentId, StoredAttachment]:
        return {
            each: self._stored[each][0]
            for each in ids
            if each in self._stored and self._stored[each][0].organization == organization
        }

    async def note_use(
        self,
        organization: OrganizationId,
        ids: Collection[AttachmentId],
        conversation_id: ConversationId,
    ) -> Mapping[AttachmentId, StoredAttachment]:
        noted: dict[AttachmentId, StoredAttachment] = {}
        for each, attachment in (await self.find(organization, ids)).items():
            used = attachment.conversations
            if conversation_id not in used:
                if len(used) >= ATTACHMENT_CONVERSATIONS:
                    continue
                used = (*used, conversation_id)
            noted[each] = msgspec.structs.replace(attachment, conversations=used)
            self._stored[each] = (noted[each], self._stored[each][1])
        return noted

    async def uploaded_since(self, organization: OrganizationId, since: datetime) -> Usage:
        sizes = [
            one.size
            for one, _ in self._stored.values()
            if one.organization == organization and one.uploaded_by and one.created_at > since
        ]
        return Usage(len(sizes), sum(sizes))

    async def remove_of_message(
        self,
        organization: OrganizationId,
        message_id: MessageId,
        but: Collection[AttachmentId] = (),
    ) -> None:
        self._remove(
            lambda one: (
                one.organization == organization
                and one.message_id == message_id
                and one.id not in but
            )
        )

    async def remove_unused(self, before: datetime) -> int:
        return self._remove(
            lambda one: bool(one.uploaded_by and not one.conversations and one.created_at < before)
        )

    async def remove_oldest(self, most_bytes: int) -> int:
        left: dict[OrganizationId, int] = {}
        removed: set[AttachmentId] = set()
        for one, _ in sorted(
            self._stored.values(), key=lambda held: held[0].created_at, reverse=True
        ):
            left[one.organization] = left.get(one.organization, most_bytes) - one.size
            if left[one.organization] < 0:
                removed.add(one.id)
        return self._remove(lambda one: one.id in removed)

    def _remove(self, unwanted: Callable[[StoredAttachment], bool]) -> int:
        ids = [key for key, (one, _) in self._stored.items() if unwanted(one)]
        for key in ids:
            del self._stored[key]
        return len(ids)
