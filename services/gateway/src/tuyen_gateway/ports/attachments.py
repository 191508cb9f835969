"""Who may see a stored attachment."""

from typing import Protocol

from tuyen_attachments.ports import StoredAttachment
from tuyen_gateway.domain.visibility import Scope


class AttachmentAccess(Protocol):
    """Applies a viewer's scope to attachments (R7.2)."""

    async def may_see(self, scope: Scope, attachment: StoredAttachment) -> bool:
        """Whether the viewer uploaded it, or may see a conversation in which it is. What came with
        a message that was removed at the channel is seen by nobody."""
        ...
