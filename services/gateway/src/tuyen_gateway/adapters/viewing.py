"""Knows who has which conversation open. Gateways read the topic from its end at their start, so
earlier records are never read."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import uuid4

from tuyen_events.codec import KeyedEvent, UnreadableEventError, read_event
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, ConversationId, OrganizationId
from tuyen_events.limits import VIEWED_OF_AGENT, VIEWING_LASTS_S, VIEWINGS_AN_HOUR
from tuyen_events.topics import VIEWING
from tuyen_events.viewing import ConversationViewed
from tuyen_gateway.adapters.awaited_table import AwaitedTable
from tuyen_gateway.adapters.quotas import HourlyQuota
from tuyen_gateway.identity import SOURCE
from tuyen_gateway.ports.live import ViewerOfConversation
from tuyen_platform.clock import Clock
from tuyen_platform.kafka.ports import Log, RecordPosition

_LASTS = timedelta(seconds=VIEWING_LASTS_S)

_Viewer = tuple[OrganizationId, AgentId]


class ViewingTable:
    """`ViewingBoard`, from the log."""

    def __init__(self, log: Log, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._viewed: dict[_Viewer, dict[ConversationId, tuple[bool, datetime]]] = {}
        """By agent and conversation, whether the agent writes, and until when that counts."""
        self._agents: defaultdict[OrganizationId, set[AgentId]] = defaultdict(set)
        self._forgotten_at = clock.now()
        self._said: HourlyQuota[_Viewer] = HourlyQuota(
            VIEWINGS_AN_HOUR, "Too many notes of which conversation is open"
        )
        self.table = AwaitedTable(log, VIEWING, read_event, self._fold, from_start=False)

    async def note(self, viewed: ConversationViewed) -> None:
        self._said.take((viewed.organization, viewed.agent_id), 1, viewed.at)
        envelope = Envelope(
            id=f"evt_{uuid4().hex}",
            source=SOURCE,
            subject=viewed.conversation_id,
            time=viewed.at,
            data=viewed,
        )
        await self._log.append(VIEWING, viewed.organization, envelope)

    def of(
        self, organization: OrganizationId
    ) -> Mapping[ConversationId, tuple[ViewerOfConversation, ...]]:
        now = self._clock.now()
        found: dict[ConversationId, list[ViewerOfConversation]] = {}
        for agent_id in sorted(self._agents.get(organization, ())):
            for conversation, (typing, until) in self._viewed[organization, agent_id].items():
                if until > now:
                    viewer = ViewerOfConversation(agent_id, typing)
                    found.setdefault(conversation, []).append(viewer)
        return {conversation: tuple(viewers) for conversation, viewers in found.items()}

    def _fold(self, record: KeyedEvent, _position: RecordPosition) -> None:
        event = record.event
        if not isinstance(event, ConversationViewed):
            raise UnreadableEventError("this says nothing of an open conversation")
        now = self._clock.now()
        # The clock of the gateway that wrote it may be ahead.
        until = min(event.at, now) + _LASTS
        viewer = (event.organization, event.agent_id)
        viewed = self._viewed.setdefault(viewer, {})
        viewed.pop(event.conversation_id, None)
        viewed[event.conversation_id] = (event.typing, until)
        while len(viewed) > VIEWED_OF_AGENT:
            del viewed[next(iter(viewed))]
        self._agents[event.organization].add(event.agent_id)
        if now - self._forgotten_at >= _LASTS:
            self._forget(now)

    def _forget(self, now: datetime) -> None:
        """Drops what no longer counts."""
        self._forgotten_at = now
        for (organization, agent_id), viewed in list(self._viewed.items()):
            for conversation in [each for each, (_, until) in viewed.items() if until <= now]:
                del viewed[conversation]
            if not viewed:
                del self._viewed[organization, agent_id]
                self._agents[organization].discard(agent_id)
                if not self._agents[organization]:
                    del self._agents[organization]
