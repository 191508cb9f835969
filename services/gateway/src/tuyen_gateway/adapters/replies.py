"""Writes requests to the channels, and reads the messages that they are about from the views."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
import structlog

from tuyen_events.codec import encode
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, MessageId, OrganizationId, derive_event_id
from tuyen_events.outbound import OutboundEvent
from tuyen_events.outbound_limits import (
    PENDING_REPLIES_OF_ORGANIZATION,
    PENDING_REPLIES_OF_PAGE,
    REPLIES_AN_HOUR_OF_AGENT,
    REPLIES_AN_HOUR_OF_ORGANIZATION,
)
from tuyen_events.outbound_topics import OUTBOUND
from tuyen_gateway.adapters.progress import ViewProgress
from tuyen_gateway.adapters.quotas import HourlyQuota
from tuyen_gateway.domain.attempts import ReplyState
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.threads import Direction, Message
from tuyen_gateway.errors import TooManyAttemptsError, UnavailableError
from tuyen_gateway.identity import SOURCE
from tuyen_gateway.ports.replies import Sender
from tuyen_gateway.projections import collections
from tuyen_platform.clock import Clock
from tuyen_platform.kafka.ports import Log, ProducerRecord
from tuyen_platform.mongodb import Database, Document

_LATER_S = 60
"""After how long a page that has too many pending replies is worth another attempt."""

_COUNTED_FOR = timedelta(seconds=1)
"""For how long a count of pending replies is relied on: of hundreds of agents, one counts."""

_log = structlog.get_logger()

_NEWEST_FIRST = [(name, -1) for name, _ in collections.THREAD_ORDER]


class _Room(NamedTuple):
    """How many more replies may wait, by the last count, and until when that count is used."""

    replies: int
    until: datetime


class MongoReplies:
    """`Replies`, through the log and the views."""

    def __init__(self, database: Database, log: Log, clock: Clock) -> None:
        self._messages = database[collections.MESSAGES]
        self._progress = ViewProgress(database, log)
        self._log = log
        self._clock = clock
        self._room: dict[OrganizationId, _Room] = {}
        self._of_agent: HourlyQuota[tuple[OrganizationId, AgentId]] = HourlyQuota(
            REPLIES_AN_HOUR_OF_AGENT, "You have replied too often"
        )
        self._of_organization: HourlyQuota[OrganizationId] = HourlyQuota(
            REPLIES_AN_HOUR_OF_ORGANIZATION, "Your organization has replied too often"
        )

    async def find(
        self, organization: OrganizationId, ids: Collection[MessageId]
    ) -> Mapping[MessageId, Message]:
        query: Document = {"_id": {"$in": sorted(ids)}, "organization": organization}
        found = await self._messages.find(query).to_list(None)
        messages = [msgspec.convert(document, Message) for document in found]
        return {one.id: one for one in messages if one.at is not None and one.id in ids}

    async def find_last_comment(self, row: InboxRow) -> Message | None:
        query: Document = {
            "conversation_id": row.id,
            "direction": Direction.IN.value,
            "absent": {"$ne": True},
        }
        document = await self._messages.find_one(query, sort=_NEWEST_FIRST)
        return None if document is None else msgspec.convert(document, Message)

    def take_room(self, sender: Sender) -> bool:
        room = self._room.get(sender.organization)
        if room is None or not room.replies or room.until <= self._clock.now():
            return False
        self._room[sender.organization] = room._replace(replies=room.replies - 1)
        return True

    async def check_pending(self, sender: Sender) -> None:
        if self.take_room(sender):
            return
        own: Document = {
            "organization": sender.organization,
            "state": ReplyState.PENDING.value,
        }
        room = PENDING_REPLIES_OF_PAGE - await self._count(own, PENDING_REPLIES_OF_PAGE)
        if room > 0:
            # So it has no page with more: one query for nearly all replies.
            now = self._clock.now()
            self._room = {of: left for of, left in self._room.items() if left.until > now}
            self._room[sender.organization] = _Room(room - 1, now + _COUNTED_FOR)
            return
        of_page: Document = {**own, "page_id": sender.page_id}
        for query, most, whose in (
            (of_page, PENDING_REPLIES_OF_PAGE, "This page"),
            (own, PENDING_REPLIES_OF_ORGANIZATION, "Your organization"),
        ):
            if await self._count(query, most) >= most:
                raise TooManyAttemptsError(
                    f"{whose} has {most} replies that wait to be sent: see what is wrong with the "
                    "page, or try again later.",
                    _LATER_S,
                )

    async def _count(self, query: Document, most: int) -> int:
        """The number of messages that the query matches, but no more than `most`."""
        return await self._messages.count_documents(query, limit=most)

    async def request(
        self, sender: Sender, events: Sequence[OutboundEvent], partition: int
    ) -> None:
        now = self._clock.now()
        self._of_agent.check((sender.organization, sender.agent_id), len(events), now)
        self._of_organization.take(sender.organization, len(events), now)
        self._of_agent.take((sender.organization, sender.agent_id), len(events), now)
        written = await self._log.append_all([_record(event, partition) for event in events])
        try:
            await self._progress.show(OUTBOUND, written[-1])
        except UnavailableError:
            _log.warning(
                "reply_not_shown_yet", organization=sender.organization, page_id=sender.page_id
            )


def _record(event: OutboundEvent, partition: int) -> ProducerRecord:
    value, headers = encode(
        Envelope(
            id=derive_event_id(event.request_id, event.type),
            source=SOURCE,
            subject=event.conversation_id,
            time=event.at,
            data=event,
        )
    )
    return ProducerRecord(OUTBOUND, event.conversation_id, value, headers, partition)
