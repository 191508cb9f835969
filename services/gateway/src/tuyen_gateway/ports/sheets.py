"""Reading and writing files with tables (C9)."""

from typing import BinaryIO, Protocol

from tuyen_events.ids import OrganizationId
from tuyen_gateway.sheet_work.tasks import SheetTask


class Sheets(Protocol):
    """Files are read and written where they cannot slow down anything else (R9.5)."""

    async def carry_out(
        self, organization: OrganizationId, task: SheetTask, file: BinaryIO
    ) -> BinaryIO:
        """Returns the output of a task, from its beginning, which the caller closes. It begins when
        no other one of the organization is under way. Raises UnreadableSheetError, also if the file
        takes more time or memory than one may."""
        ...
