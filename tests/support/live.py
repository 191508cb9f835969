"""A client of a live stream: it reads server-sent events, and applies them to what it fetched, as
`docs/live-stream.md` describes. Whoever uses it fetches again when a `reset` comes."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class LiveEvent:
    kind: str
    id: str | None
    data: Json


def parse_events(received: bytes) -> list[LiveEvent]:
    """The events in whole blocks of a stream; comments are skipped."""
    found = []
    for block in received.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if line and line[0] != ":")
        if fields:
            found.append(LiveEvent(fields["event"], fields.get("id"), json.loads(fields["data"])))
    return found


@dataclass
class Copy:
    """What a client knows."""

    conversations: dict[str, Json] = field(default_factory=dict)
    threads: dict[str, dict[str, Json]] = field(default_factory=dict)
    """The messages of those conversations whose threads it fetched."""
    counts: Json = field(default_factory=dict)
    presence: dict[str, str] = field(default_factory=dict)
    viewers: dict[str, list[Json]] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)
    """The revisions at which conversations left."""

    def apply(self, event: LiveEvent) -> None:
        data = event.data
        match event.kind:
            case "conversation.upserted":
                row = data["conversation"]
                if self._is_news(self.conversations, row):
                    self.conversations[row["id"]] = row
            case "conversation.removed":
                self._remove(self.conversations, data)
                if data["id"] not in self.conversations:
                    self.threads.pop(data["id"], None)
                    self.viewers.pop(data["id"], None)
            case "message.upserted":
                thread = self.threads.get(data["conversation_id"])
                if thread is not None and self._is_news(thread, data["message"]):
                    thread[data["message"]["id"]] = data["message"]
            case "counts.changed":
                self.counts = data["counts"]
            case "presence.changed":
                self.presence[data["agent_id"]] = data["status"]
            case "conversation.viewers":
                self.viewers[data["conversation_id"]] = data["viewers"]
            case _:
                pass

    def apply_all(self, events: Iterable[LiveEvent]) -> None:
        for event in events:
            self.apply(event)

    def _is_news(self, known: dict[str, Json], entity: Json) -> bool:
        id_, revision = entity["id"], entity["revision"]
        if self.gone.get(id_, -1) >= revision:
            return False
        return id_ not in known or known[id_]["revision"] < revision

    def _remove(self, known: dict[str, Json], data: Json) -> None:
        id_, revision = data["id"], data["revision"]
        if id_ in known and known[id_]["revision"] > revision:
            return
        known.pop(id_, None)
        self.gone[id_] = max(revision, self.gone.get(id_, -1))
