"""The replies that did not go out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.threads import Message
from tuyen_gateway.domain.visibility import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedReplies:
    """Those whose last request failed, and that were not sent again since."""

    total: int
    """At most FAILED_COUNTED."""
    newest: Sequence[tuple[Message, InboxRow]]
    """Newest first, each with its conversation."""


class FailedReplyViews(Protocol):
    """Raises TooManyAttemptsError when the organization reads too much at once."""

    async def failed(self, scope: Scope, limit: int) -> FailedReplies:
        """Those on the pages of `scope`, whoever the assignees are: for viewers who see the
        conversations of all of them."""
        ...


FAILED_COUNTED = 1_000
