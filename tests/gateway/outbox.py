"""What agents request at the channels, and a channel that answers, as the log has them."""

from dataclasses import dataclass
from typing import Any

import httpx

from gateway.rig import User, events
from support.outbound import failed, settled
from tuyen_events.event import Envelope
from tuyen_events.ids import ConversationId
from tuyen_events.outbound import (
    OutboundCancelled,
    OutboundEvent,
    OutboundOutcome,
    OutboundRequested,
    OutboundSettled,
)
from tuyen_events.outbound_topics import OUTBOUND, OUTBOUND_RESULTS
from tuyen_platform.kafka.ports import Log


@dataclass
class Outbox:
    """All requests in the log."""

    log: Log

    async def events(self) -> list[OutboundEvent]:
        """In the order in which they were written to their partition."""
        found = await events(self.log, OUTBOUND)
        return [one for one in found if isinstance(one, OutboundEvent)]

    async def requests(self) -> list[OutboundRequested]:
        return [one for one in await self.events() if isinstance(one, OutboundRequested)]

    async def last(self) -> OutboundRequested:
        return (await self.requests())[-1]

    async def cancelled(self) -> list[OutboundCancelled]:
        return [one for one in await self.events() if isinstance(one, OutboundCancelled)]

    async def accept(self, *external_ids: str, text: str | None = None) -> None:
        """The channel carries out the last request."""
        await self.write(settled(await self.last(), *external_ids, text=text))

    async def refuse(self) -> None:
        """The channel refuses the last request."""
        await self.write(failed(await self.last()))

    async def lose(self) -> None:
        """Nobody can tell what became of the last request."""
        await self.write(settled(await self.last(), outcome=OutboundOutcome.UNKNOWN))

    async def write(self, event: OutboundSettled) -> None:
        envelope = Envelope(
            id=f"evt_{event.request_id}",
            source="test",
            subject=event.conversation_id,
            time=event.at,
            data=event,
        )
        await self.log.append(OUTBOUND_RESULTS, event.conversation_id, envelope)


async def connect_page(boss: User, page: str = "page", channel: str = "facebook") -> None:
    """The page that a feed writes on."""
    body = {"channel": channel, "external_id": f"{channel}-{page}", "name": "Giày Việt"}
    await boss.done("PUT", f"/v1/pages/{page}", body)


async def reply(
    user: User, thread: ConversationId | None, key: str = "k1", **body: Any
) -> httpx.Response:
    """Sends a reply."""
    headers = {"Idempotency-Key": key}
    return await user.call("POST", f"/v1/conversations/{thread}/messages", body, headers)


async def messages_of(user: User, thread: ConversationId | None) -> list[dict[str, Any]]:
    """A thread as it is shown now."""
    answer = await user.done("GET", f"/v1/conversations/{thread}/messages?after=0")
    items: list[dict[str, Any]] = answer["items"]
    return items
