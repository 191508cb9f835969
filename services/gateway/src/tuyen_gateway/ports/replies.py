"""Replies, and what else agents request at the channels (I6, I8)."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from tuyen_events.ids import AgentId, MessageId, OrganizationId, PageId
from tuyen_events.outbound import OutboundEvent
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.threads import Message


class Sender(NamedTuple):
    """The agent who requests something, and the page."""

    organization: OrganizationId
    page_id: PageId
    agent_id: AgentId


class Replies(Protocol):
    """Requests to the channels, and the messages that they are about, as the views show them."""

    async def find(
        self, organization: OrganizationId, ids: Collection[MessageId]
    ) -> Mapping[MessageId, Message]:
        """Those of `ids` that are in a thread. No scope is applied: the caller checks that the
        viewer may see the conversation (R7.2)."""
        ...

    async def find_last_comment(self, row: InboxRow) -> Message | None:
        """The customer's newest comment or message of a thread that was not removed. The caller has
        looked up `row` within a scope."""
        ...

    def take_room(self, sender: Sender) -> bool:
        """Takes the room of one more reply; False if it is not known without a read that there is
        any."""
        ...

    async def check_pending(self, sender: Sender) -> None:
        """Raises TooManyAttemptsError while as many replies of the page, or of the organization, as
        there may be wait to be sent."""
        ...

    async def request(
        self, sender: Sender, events: Sequence[OutboundEvent], partition: int
    ) -> None:
        """Appends the events to one partition, and returns once the views show them, or after 5 s:
        the events are in the log then, and are carried out whether or not they are shown.

        Raises TooManyAttemptsError, and appends nothing, if the agent or the organization has
        requested as much as they may within an hour.
        """
        ...
