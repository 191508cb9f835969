"""Loads an uploaded table (C9)."""

from tempfile import TemporaryFile
from typing import BinaryIO

from tuyen_attachments.ports import Attachments
from tuyen_events.ids import OrganizationId
from tuyen_events.outbound import AttachmentId


async def load_sheet(
    attachments: Attachments, organization: OrganizationId, file_id: str
) -> BinaryIO | None:
    """The file, on the disk until it is closed; None if there is none any more."""
    opened = await attachments.open(organization, AttachmentId(file_id))
    if opened is None:
        return None
    file = TemporaryFile()  # noqa: SIM115 - the caller closes it
    async for part in opened.read_all():
        file.write(part)
    file.seek(0)
    return file
