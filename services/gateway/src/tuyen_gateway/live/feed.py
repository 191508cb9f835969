"""The live events of one organization at this gateway: read once, and sent to each of its streams
that may see them.

A change is sent as the entity is now, never as it was: what a viewer may no longer see is not sent,
however the change came about (R7.4). Of several changes of one entity that wait, only the last one
is sent.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from functools import partial

import msgspec
import structlog

from tuyen_directory.organization import Organization
from tuyen_events.directory import CrmRights
from tuyen_events.ids import AgentId
from tuyen_events.limits import REPLAYED_CHANGES
from tuyen_events.vocabulary import Presence, Role
from tuyen_gateway.domain.heads import unpack
from tuyen_gateway.domain.live import JournalPosition, LivePosition, pack_place
from tuyen_gateway.domain.visibility import Scope
from tuyen_gateway.errors import ForbiddenError, UnauthenticatedError, UnavailableError
from tuyen_gateway.live.delivery import LiveDelivery, load_entities
from tuyen_gateway.live.frames import encode_live_event
from tuyen_gateway.live.job_events import JobEvents
from tuyen_gateway.live.positions import encrypt_position
from tuyen_gateway.live.proposal_events import send_proposals
from tuyen_gateway.live.recent import RecentChanges
from tuyen_gateway.live.reminder_events import ReminderEvents
from tuyen_gateway.live.resuming import find_missed
from tuyen_gateway.live.sources import Sources, find_names
from tuyen_gateway.live.steps import RowStep, Step, plan_steps
from tuyen_gateway.live.stream import LiveStream
from tuyen_gateway.live.tally import concerns, count_change
from tuyen_gateway.live.watching import Viewings
from tuyen_gateway.ports.live import JournalEntry, Watch
from tuyen_platform.error_causes import is_caused_by_record
from tuyen_platform.kafka.ports import LogUnavailableError
from tuyen_platform.metrics import LIVE_RESETS
from tuyen_platform.retry import retry

_PAUSE_S = 0.05
"""The pause between two batches of changes while there is always something new."""

_SNAPSHOTS_KEPT_S = 200
"""For how long the database surely returns an earlier state (it keeps five minutes)."""

_MOST_PENDING = REPLAYED_CHANGES
_COUNTED_AT_ONCE = 8
_SERVED_AT_ONCE = 200
"""Streams that are served before other tasks get a turn."""

_log = structlog.get_logger()


class LiveFeed:
    """The streams of one organization. `run` serves them until cancelled."""

    def __init__(self, organization: Organization, sources: Sources, recent: RecentChanges) -> None:
        self._id = organization.id
        self._organization = organization
        self._names = find_names(organization)
        self._sources = sources
        self._recent = recent
        self._place = recent.last
        """What was committed up to here was sent."""
        self._pending: deque[JournalEntry] = deque()
        self._streams: list[LiveStream] = []
        self._joining: list[LiveStream] = []
        self._presence = sources.presence.heads.of(self._id)
        self._jobs = JobEvents(sources, self._id)
        self._reminders = ReminderEvents(sources, self._id)
        self._presence_sent: dict[AgentId, object] = {}
        self._viewings = Viewings(sources.viewing, sources.views)
        self._losses = 0
        """How often changes were dropped."""
        self._woken = asyncio.Event()
        self._send_proposals = partial(send_proposals, sources, self._id)

    def join(self, stream: LiveStream) -> None:
        """Serves one more stream."""
        stream.build_reset = self._build_reset
        self._joining.append(stream)
        self._woken.set()

    def leave(self, stream: LiveStream) -> None:
        for streams in (self._streams, self._joining):
            if stream in streams:
                streams.remove(stream)

    def members(self) -> list[LiveStream]:
        return [*self._streams, *self._joining]

    def add(self, entry: JournalEntry) -> None:
        """The organization's next entry of the journal."""
        self._pending.append(entry)
        if entry.changes.unlisted:
            self.lose_all("unlisted")
        elif len(self._pending) > _MOST_PENDING:
            self.lose_all("behind")
        self._woken.set()

    def lose_all(self, reason: str) -> None:
        """Makes all readers fetch again, because changes may be missing."""
        self._pending.clear()
        self._losses += 1
        self._place = self._recent.last
        for stream in self.members():
            stream.counts, stream.needs_counts = None, True
            _lose(stream, reason)
        self._woken.set()

    def restart(self, recent: RecentChanges) -> None:
        """Continues with other entries; some between the two are missing."""
        self._recent = recent
        self.lose_all("gap")

    def wake_if_changed(self) -> None:
        """Wakes the feed if anything changed that the journal does not contain."""
        sources = self._sources
        if (
            sources.directory.version(self._id) != self._organization.version
            or sources.presence.heads.of(self._id) != self._presence
            or self._jobs.have_changed()
            or self._reminders.have_changed()
            or self._viewings.have_changed(self._organization)
        ):
            self._woken.set()

    async def run(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            try:
                await retry(self._turn, log_as="live_feed_waits", about={"organization": self._id})
            except Exception as error:  # one organization's records must not stop the others
                if not is_caused_by_record(error):
                    raise
                _log.exception("live_feed_failed", organization=self._id)
                self.lose_all("error")
            await asyncio.sleep(_PAUSE_S)

    async def _turn(self) -> None:
        """Sends everything that is new. Can be repeated if it was interrupted."""
        await self._follow_directory()
        await self._send_changes()
        await self._resume()
        self._send_presence()
        self._jobs.send(self._streams, self._encrypt_position)
        await self._reminders.send(list(self._streams), self._encrypt_position)
        await self._viewings.send(self._organization, self._streams, self._encrypt_position())
        await self._send_counts()

    async def recheck(self, stream: LiveStream) -> None:
        """Checks the rights of a stream's viewer again (R7.4). Ends the stream if they may no
        longer read, or if that cannot be determined now; sends `reset` if their rights changed."""
        try:
            watch = await stream.recheck()
        except (UnauthenticatedError, ForbiddenError, UnavailableError, LogUnavailableError):
            stream.end()
            self.leave(stream)
            return
        before, stream.watch = stream.watch, watch
        if _rights_of(watch) != _rights_of(before):
            stream.counts, stream.needs_counts = None, True
            _lose(stream, "rights")
            self._woken.set()

    async def _follow_directory(self) -> None:
        """Rights count as they are now. Names are in many rows and messages: if one changes, all
        readers fetch again."""
        found = self._sources.directory.organization(self._id)
        if found is None or found.version == self._organization.version:
            return
        self._organization = found
        names, self._names = self._names, find_names(found)
        self._viewings.note_all_changed()
        for stream in self.members():
            await self.recheck(stream)
        if any(self._names.get(key) != name for key, name in names.items()):
            for stream in self.members():
                _lose(stream, "names")
        for kind, added in sorted(self._names.keys() - names.keys()):
            if kind == "agent":
                event = self._presence_event(AgentId(added), self._encrypt_position())
                for stream in self.members():
                    stream.send(event)

    async def _resume(self) -> None:
        """Sends streams that have just been opened what they missed; from then on they get what
        follows, like all others."""
        joining, sources = list(self._joining), self._sources
        if not joining:
            return
        missed = await find_missed(
            sources.views,
            self._recent,
            self._id,
            joining,
            until=self._place,
            now=sources.clock.now(),
        )
        for stream in joining:
            if stream not in missed.lost:
                self._catch_up(stream, stream.after)
                await self._reminders.catch_up(stream, stream.after)
        older = [(stream, None) for stream in missed.older]
        await self._replay(missed.recent_entries, missed.recent)
        await self._replay(missed.older_entries, older)
        for stream in missed.lost:
            _lose(stream, "position")
        for stream in joining:
            if stream in self._joining:  # not closed meanwhile
                self._joining.remove(stream)
                self._streams.append(stream)
                self._viewings.add_stream(stream)

    async def _replay(
        self,
        entries: Sequence[JournalEntry],
        streams: Sequence[tuple[LiveStream, JournalPosition | None]],
    ) -> None:
        if not entries or not streams:
            return
        steps = plan_steps(entries)
        watchers = [stream.watch for stream, _ in streams]
        loaded = await load_entities(self._sources.views, steps, watchers, self._present)
        # Where the place of a change is not known, all have the position of the oldest stream.
        begins = [stream.after.inbox for stream, _ in streams]
        oldest = min((begin for begin in begins if begin is not None), default=None)

        def encrypt_place(place: JournalPosition | None) -> str:
            return self._encrypt_inbox(oldest if place is None else pack_place(place))

        await self._send_proposals(entries, [stream for stream, _ in streams], encrypt_place(None))
        delivery = LiveDelivery(steps, loaded, self._sources.renderer, encrypt_place)
        for stream, after in streams:
            delivery.send_to(stream, after)
            _count(stream, entries)  # it has no counts yet: whether it needs them

    @property
    def _present(self) -> JournalPosition | None:
        """A time before everything that is pending, so that what is read as of then shows no more
        than what was sent. Without a change anywhere for a while, that is now."""
        last = self._recent.last
        if self._pending and (pending := self._pending[0].place) is not None:
            last = JournalPosition(pending.seconds, max(pending.number - 1, 0))
        kept = self._sources.clock.now().timestamp() - _SNAPSHOTS_KEPT_S
        return last if last.seconds > kept else None

    def _catch_up(self, stream: LiveStream, after: LivePosition) -> None:
        """Sends the presence and the jobs that changed after a position, at that position."""
        sources, position = self._sources, encrypt_position(self._sources.cipher, self._id, after)
        for change in sources.presence.changed_after(self._id, unpack(after.presence)):
            stream.send(self._presence_event(change.agent_id, position))
        self._jobs.catch_up(stream, after, position)

    async def _send_changes(self) -> None:
        while self._pending:
            await self._send_changes_of(list(self._pending))

    async def _send_changes_of(self, entries: Sequence[JournalEntry]) -> None:
        steps = plan_steps(entries)
        watchers = [stream.watch for stream in self._streams]
        loaded = await load_entities(self._sources.views, steps, watchers, entries[-1].place)
        await self._follow_directory()
        await self._send_proposals(entries, list(self._streams), self._encrypt_position())
        delivery = LiveDelivery(
            steps,
            loaded,
            self._sources.renderer,
            lambda place: self._encrypt_inbox(pack_place(place or self._place)),
        )
        end = entries[-1].place or self._place
        for number, stream in enumerate(list(self._streams), 1):
            delivery.send_to(stream)
            if _count(stream, entries):
                self._send_counts_to(stream, self._encrypt_inbox(pack_place(end)))
            if number % _SERVED_AT_ONCE == 0:
                await asyncio.sleep(0)
        if not self._pending or self._pending[0] is not entries[0]:
            return  # lost meanwhile
        for _ in entries:
            self._pending.popleft()
        self._place = end
        self._note_viewed(steps)

    def _note_viewed(self, steps: Iterable[Step]) -> None:
        for step in steps:
            if isinstance(step, RowStep):
                self._viewings.note_changed(step.conversation_id)

    def _send_presence(self) -> None:
        presence = self._sources.presence
        heads = presence.heads.of(self._id)
        if heads == self._presence:
            return
        changed = presence.changed_after(self._id, unpack(self._presence))
        before, self._presence = self._encrypt_position(), heads
        events = []
        for number, change in enumerate(changed, 1):
            position = self._encrypt_position() if number == len(changed) else before
            known = (change.presence, change.cause, change.at)
            if self._presence_sent.get(change.agent_id) != known:
                self._presence_sent[change.agent_id] = known
                events.append(self._presence_event(change.agent_id, position))
        self._send_to_all(events)

    def _presence_event(self, agent_id: AgentId, position: str) -> bytes:
        found = self._sources.presence.of(self._id, agent_id)
        fields = {
            "agent_id": msgspec.json.encode(agent_id),
            "status": msgspec.json.encode(Presence.OFFLINE if found is None else found.presence),
            "cause": msgspec.json.encode(None if found is None else found.cause),
        }
        return encode_live_event("presence.changed", position, fields)

    async def _send_counts(self) -> None:
        """Reads the counts of streams that need them, once for all windows of an agent; from then
        on the changes of rows keep them up to date."""
        wanting = [one for one in self._streams if one.needs_counts]
        scopes = list(dict.fromkeys(one.watch.scope for one in wanting))[:_COUNTED_AT_ONCE]
        losses, views = self._losses, self._sources.views
        found = await asyncio.gather(*(views.counts(scope) for scope in scopes))
        if losses != self._losses:  # what is not in the counts may have been dropped meanwhile
            self._woken.set()
            return
        known, pending = self._recent.ids(self._id), {entry.id for entry in self._pending}
        read = {}
        for scope, (counts, included) in zip(scopes, found, strict=True):
            still_to_come = frozenset(e for e in included if e in pending or e not in known)
            read[scope] = counts, still_to_come
        position = self._encrypt_position()
        for stream in wanting:
            if stream.watch.scope not in read:  # one of the next, or it changed meanwhile
                self._woken.set()
                continue
            (stream.counts, stream.included), stream.needs_counts = read[stream.watch.scope], False
            self._send_counts_to(stream, position)

    def _send_counts_to(self, stream: LiveStream, position: str) -> None:
        if stream.counts is not None:
            counts = {"counts": self._sources.renderer.counts(stream.counts)}
            stream.send(encode_live_event("counts.changed", position, counts))

    def _send_to_all(self, events: Sequence[bytes]) -> None:
        for stream in self._streams:
            for event in events:
                stream.send(event)

    def _build_reset(self) -> bytes:
        return encode_live_event("reset", self._encrypt_position(), {})

    def _encrypt_position(self) -> str:
        """The position of everything that was sent."""
        return self._encrypt_inbox(pack_place(self._place))

    def _encrypt_inbox(self, inbox: bytes | None) -> str:
        position = LivePosition(
            inbox=inbox,
            presence=self._presence,
            jobs=self._jobs.sent.jobs,
            setup=self._organization.shown_setup,
            replays=self._jobs.sent.replays,
            reminders=self._reminders.sent,
        )
        return encrypt_position(self._sources.cipher, self._id, position)


def _count(stream: LiveStream, entries: Iterable[JournalEntry]) -> bool:
    """Applies changes to the counts of a stream; whether they have to be sent."""
    scope, counts = stream.watch.scope, stream.counts
    for entry in entries:
        if entry.id in stream.included:
            continue
        for change in entry.changes.rows:
            if change.kept:
                continue
            if counts is not None:
                counts = count_change(counts, scope, change.before, change.after)
            elif concerns(scope, change.before, change.after):
                stream.needs_counts = True
                return False
    changed, stream.counts = counts is not stream.counts, counts
    return changed


def _rights_of(watch: Watch) -> tuple[Scope, Role, CrmRights]:
    """What the watcher may see and do."""
    return watch.scope, watch.viewer.role, watch.viewer.crm


def _lose(stream: LiveStream, reason: str) -> None:
    LIVE_RESETS.labels(reason).inc()
    stream.reset()
