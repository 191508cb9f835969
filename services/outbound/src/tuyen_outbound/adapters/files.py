"""The files that agents attached, from the store of attachments."""

from tuyen_attachments.ports import Attachments
from tuyen_events.ids import OrganizationId
from tuyen_events.outbound import AttachmentId


class StoredFiles:
    """Implements `Files`. A file is read into memory as a whole: it has 25 MB at most."""

    def __init__(self, attachments: Attachments) -> None:
        self._attachments = attachments

    async def read(self, organization: OrganizationId, attachment: AttachmentId) -> bytes | None:
        found = await self._attachments.open(organization, attachment)
        if found is None:
            return None
        content = b"".join([part async for part in found.read_all()])
        return content if len(content) == found.attachment.size else None
