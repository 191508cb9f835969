"""The agents who have a conversation open, as live events (I14).

Decides I14.
"""

from collections.abc import Mapping, Sequence

import msgspec

from tuyen_directory.organization import Organization
from tuyen_events.ids import ConversationId
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.visibility import scope_of, viewer_of
from tuyen_gateway.live.frames import encode_live_event
from tuyen_gateway.live.stream import LiveStream
from tuyen_gateway.ports.live import LiveViews, ViewerOfConversation, ViewingBoard

Viewed = Mapping[ConversationId, tuple[ViewerOfConversation, ...]]


class Viewings:
    """The open conversations that the streams of an organization were sent. R7 applies to both
    sides: viewers of a conversation are sent to agents who see it, and only agents who see it count
    as viewers."""

    def __init__(self, board: ViewingBoard, views: LiveViews) -> None:
        self._board = board
        self._views = views
        self._sent: Viewed = {}
        self._changed: set[ConversationId] = set()
        self._greeted: list[LiveStream] = []

    def have_changed(self, organization: Organization) -> bool:
        return self._board.of(organization.id) != self._sent

    def add_stream(self, stream: LiveStream) -> None:
        """A new stream gets all that its watcher may see."""
        self._greeted.append(stream)

    def note_changed(self, conversation_id: ConversationId) -> None:
        """The row of a conversation changed, and with it perhaps who sees it."""
        if conversation_id in self._sent:
            self._changed.add(conversation_id)

    def note_all_changed(self) -> None:
        """The rights of agents changed."""
        self._changed.update(self._sent)

    async def send(
        self, organization: Organization, streams: Sequence[LiveStream], position: str
    ) -> None:
        """Sends what changed. Can be repeated if it was interrupted."""
        present = self._board.of(organization.id)
        changed = self._changed | {
            each for each in {*present, *self._sent} if present.get(each) != self._sent.get(each)
        }
        wanted = changed | present.keys() if self._greeted else changed
        if not wanted:
            self._greeted.clear()
            return
        rows = await self._views.rows(wanted, None)
        greeted = [stream for stream in self._greeted if stream in streams]
        for conversation_id in sorted(wanted):
            row = rows.get(conversation_id)
            if row is None or row.organization != organization.id:
                continue
            viewers = present.get(conversation_id, ())
            event = _encode(organization, row, viewers, position)
            for stream in streams if conversation_id in changed else greeted:
                if row.page_id and stream.watch.scope.covers(row.page_id, row.assignee):
                    stream.send(event)
        self._sent = present
        self._changed.clear()
        self._greeted.clear()


def _encode(
    organization: Organization,
    row: InboxRow,
    viewers: Sequence[ViewerOfConversation],
    position: str,
) -> bytes:
    shown = []
    for viewer in viewers:
        agent = organization.active_agent(viewer.agent_id)
        if agent is None or row.page_id is None:
            continue
        scope = scope_of(viewer_of(organization, agent), organization.settings)
        if scope.covers(row.page_id, row.assignee):
            shown.append({"agent_id": agent.id, "name": agent.name, "typing": viewer.typing})
    fields = {
        "conversation_id": msgspec.json.encode(row.id),
        "viewers": msgspec.json.encode(shown),
    }
    return encode_live_event("conversation.viewers", position, fields, resumable=False)
