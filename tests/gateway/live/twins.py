"""What live streams read, in memory: views whose every write is an entry of a journal."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec
from pydantic import SecretStr
from pymongo.errors import AutoReconnect

from gateway.live.reminder_twins import CrmTwin, RemindersTwin
from gateway.live.shop import SHOP, START
from tuyen_directory.organization import Organization, evolve
from tuyen_events.ids import AgentId, ConversationId, MessageId, OrganizationId
from tuyen_events.presence import PresenceChanged
from tuyen_events.vocabulary import Channel, ConversationKind, Presence, PresenceCause
from tuyen_gateway.adapters.cipher import FernetCipher
from tuyen_gateway.api.live_rendering import ApiRenderer
from tuyen_gateway.domain.heads import Heads
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.live import (
    Changes,
    JournalPosition,
    LivePosition,
    find_change,
    is_in_thread,
    is_shown,
    is_unread,
    journal_row,
    note_shown,
    pack_place,
)
from tuyen_gateway.domain.threads import Direction, Message
from tuyen_gateway.domain.visibility import Scope, scope_of, viewer_of
from tuyen_gateway.errors import UnauthenticatedError
from tuyen_gateway.live.positions import encrypt_position
from tuyen_gateway.live.sources import Sources
from tuyen_gateway.ports.live import (
    CountsAtEntry,
    JournalEntry,
    OurMessages,
    ViewerOfConversation,
    Watch,
)
from tuyen_gateway.ports.views import InboxCounts
from tuyen_platform.clock import ManualClock

_PER_SECOND = 3


class ViewsTwin:
    """`LiveViews`. A few commits have the same second."""

    def __init__(self) -> None:
        self.stored: dict[ConversationId, InboxRow] = {}
        self.thread: dict[MessageId, Message] = {}
        self.states: list[tuple[dict[ConversationId, InboxRow], dict[MessageId, Message]]] = []
        """After each entry of the journal."""
        self.journal: list[JournalEntry] = []
        self.forgotten = 0
        """How many of the first entries the database has forgotten."""
        self.cuts = 0
        self._written = asyncio.Condition()

    def _place(self, number: int) -> JournalPosition:
        second = int(START.timestamp()) + number // _PER_SECOND
        return JournalPosition(second, number % _PER_SECOND + 1)

    async def _commit(self, organization: OrganizationId, changes: Changes) -> None:
        number = len(self.journal)
        entry = JournalEntry(
            id=f"{number:024}",
            organization=organization,
            place=self._place(number),
            changes=changes,
        )
        self.journal.append(entry)
        self.states.append((dict(self.stored), dict(self.thread)))
        async with self._written:
            self._written.notify_all()

    async def write(self, row: InboxRow) -> None:
        """Stores a row with its next revision."""
        before = self.stored.get(row.id)
        row = msgspec.structs.replace(row, revision=1 if before is None else before.revision + 1)
        self.stored[row.id] = row
        await self._commit(SHOP, Changes(rows=(find_change(before, row),)))

    async def write_message(self, message: Message) -> None:
        before = self.thread.get(message.id)
        revision = 1 if before is None else before.revision + 1
        self.thread[message.id] = note_shown(msgspec.structs.replace(message, revision=revision))
        assert message.conversation_id is not None
        noted = ((message.conversation_id, message.id),)
        await self._commit(message.organization, Changes(messages=noted))

    async def cut(self) -> None:
        """Breaks the connections of all who follow."""
        self.cuts += 1
        async with self._written:
            self._written.notify_all()

    async def follow(self, after: JournalPosition | None) -> "FeedTwin":
        known = after is not None and (
            not self.forgotten or after >= self._place(self.forgotten - 1)
        )
        return FeedTwin(self, after if known and after is not None else self.last)

    @property
    def last(self) -> JournalPosition:
        return self._place(len(self.journal) - 1)

    async def after(self, number: int, cuts: int) -> Sequence[JournalEntry]:
        async with self._written:
            await self._written.wait_for(lambda: len(self.journal) > number or self.cuts > cuts)
        if self.cuts > cuts:
            raise AutoReconnect("cut")
        return self.journal[number:]

    async def entries(
        self, organization: OrganizationId, since: datetime, limit: int
    ) -> Sequence[JournalEntry]:
        found = [
            replace(entry, place=None)
            for entry in self.journal
            if entry.organization == organization
            and entry.place is not None
            and entry.place.seconds >= since.timestamp()
        ]
        return found[-limit:]

    async def head(self, organization: OrganizationId) -> JournalPosition:
        return self.last

    def _at(
        self, at: JournalPosition | None
    ) -> tuple[dict[ConversationId, InboxRow], dict[MessageId, Message]]:
        if at is None:
            return self.stored, self.thread
        numbers = [n for n, entry in enumerate(self.journal) if entry.place and entry.place <= at]
        return self.states[numbers[-1]] if numbers else ({}, {})

    async def rows(
        self, ids: Collection[ConversationId], at: JournalPosition | None
    ) -> Mapping[ConversationId, InboxRow]:
        await asyncio.sleep(0)
        stored, _ = self._at(at)
        return {each: stored[each] for each in ids if each in stored}

    async def messages(
        self, ids: Collection[MessageId], at: JournalPosition | None
    ) -> Sequence[Message]:
        await asyncio.sleep(0)
        _, thread = self._at(at)
        return [thread[each] for each in ids if each in thread]

    async def ours(
        self, ours: OurMessages, limit: int, at: JournalPosition | None
    ) -> Sequence[Message]:
        _, thread = self._at(at)
        return [
            message
            for message in thread.values()
            if message.conversation_id == ours.conversation_id
            and message.direction is Direction.OUT
            and is_in_thread(message)
            and message.at is not None
            and message.at <= ours.until
            and (ours.after is None or message.at > ours.after)
        ][-limit:]

    async def count_newer(
        self,
        conversation_id: ConversationId,
        joined: Collection[datetime],
        at: JournalPosition | None,
    ) -> Mapping[datetime, int]:
        _, thread = self._at(at)
        return {since: count_later(thread, conversation_id, since) for since in joined}

    async def counts(self, scope: Scope) -> CountsAtEntry:
        counts = self.count(scope)
        included = frozenset(entry.id for entry in self.journal)
        await asyncio.sleep(0)
        return CountsAtEntry(counts, included)

    def count(self, scope: Scope) -> InboxCounts:
        """Counted row by row."""
        shown = [
            journaled
            for row in self.stored.values()
            if (journaled := journal_row(row)) is not None and is_shown(journaled, scope)
        ]
        unread = [journaled for journaled in shown if is_unread(journaled, scope)]
        return InboxCounts(
            total=len(shown),
            unread=len(unread),
            unread_by_channel={c: sum(f.channel == c for f in unread) for c in Channel},
            unread_by_kind={k: sum(f.kind == k for f in unread) for k in ConversationKind},
        )


def count_later(
    thread: Mapping[MessageId, Message], conversation_id: ConversationId, since: datetime
) -> int:
    """How many of the customers' messages came after a time."""
    return sum(
        message.conversation_id == conversation_id
        and message.direction is Direction.IN
        and not message.removed
        and message.accepted_at is not None
        and message.accepted_at > since
        for message in thread.values()
    )


class FeedTwin:
    """`ChangeFeed`."""

    def __init__(self, views: ViewsTwin, begin: JournalPosition) -> None:
        self._views = views
        self._cuts = views.cuts
        self.begin = begin

    async def entries(self) -> AsyncIterator[JournalEntry | None]:
        number = 0
        while True:
            for entry in await self._views.after(number, self._cuts):
                number += 1
                if entry.place is not None and entry.place >= self.begin:
                    yield entry


@dataclass
class DirectoryTwin:
    """`Directory`, as far as live streams read it."""

    present: Organization
    changes: int = 1

    def organization(self, _: OrganizationId) -> Organization | None:
        return self.present

    def version(self, _: OrganizationId) -> int:
        return self.present.version

    def set_up(self, event: Any) -> None:
        self.changes += 1
        self.present = evolve(self.present, event, self.changes)

    async def change(self, *_: object) -> Any:
        raise AssertionError("no stream changes the directory")

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"no stream asks the directory for {name}")


@dataclass
class PresenceTwin:
    """`PresenceBoard`, as far as live streams read it, with one partition."""

    heads: Heads = field(default_factory=Heads)
    known: dict[AgentId, PresenceChanged] = field(default_factory=dict)
    offsets: dict[AgentId, int] = field(default_factory=dict)
    end: int = 0

    def set(self, agent_id: AgentId, presence: Presence) -> None:
        offset = self.offsets[agent_id] = self.end
        self.end += 1
        self.known[agent_id] = PresenceChanged(
            organization=SHOP,
            agent_id=agent_id,
            presence=presence,
            previous=Presence.OFFLINE,
            cause=PresenceCause.LOGIN,
            at=START,
            version=offset,
        )
        self.heads.advance(SHOP, 0, offset)

    def of(self, _: OrganizationId, agent_id: AgentId) -> PresenceChanged | None:
        return self.known.get(agent_id)

    def changed_after(
        self, _: OrganizationId, heads: Mapping[int, int]
    ) -> Sequence[PresenceChanged]:
        return [
            change
            for agent_id, change in self.known.items()
            if self.offsets[agent_id] >= heads.get(0, 0)
        ]

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"no stream asks presence for {name}")


@dataclass
class JobsTwin:
    """`Jobs` and `Replays` without any."""

    heads: Heads = field(default_factory=Heads)

    def changed_after(self, _: OrganizationId, heads: Mapping[int, int]) -> Sequence[Any]:
        return []

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"no stream asks jobs for {name}")


@dataclass
class ViewingTwin:
    """`ViewingBoard`: whoever is in `viewed` has it open."""

    viewed: dict[ConversationId, tuple[ViewerOfConversation, ...]] = field(default_factory=dict)

    def of(self, _: OrganizationId) -> Mapping[ConversationId, tuple[ViewerOfConversation, ...]]:
        return dict(self.viewed)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"no stream asks the viewing board for {name}")


@dataclass
class Twins:
    """Everything that a hub needs, and how its streams are opened."""

    directory: DirectoryTwin
    views: ViewsTwin = field(default_factory=ViewsTwin)
    presence: PresenceTwin = field(default_factory=PresenceTwin)
    jobs: JobsTwin = field(default_factory=JobsTwin)
    replays: JobsTwin = field(default_factory=JobsTwin)
    reminders: RemindersTwin = field(default_factory=RemindersTwin)
    crm: CrmTwin = field(default_factory=CrmTwin)
    viewing: ViewingTwin = field(default_factory=ViewingTwin)
    clock: ManualClock = field(default_factory=lambda: ManualClock(START))
    sources: Sources = field(init=False)

    def __post_init__(self) -> None:
        self.sources = Sources(
            directory=self.directory,
            presence=self.presence,
            jobs=self.jobs,
            replays=self.replays,
            reminders=self.reminders,
            crm=self.crm,
            viewing=self.viewing,
            views=self.views,
            cipher=FernetCipher(SecretStr("k" * 32), self.clock),
            renderer=ApiRenderer(),
            clock=self.clock,
        )

    def watch(self, agent_id: str) -> Watch:
        """Raises UnauthenticatedError for an agent who may not watch."""
        organization = self.directory.present
        found = organization.active_agent(AgentId(agent_id))
        if found is None:
            raise UnauthenticatedError("no such agent")
        viewer = viewer_of(organization, found)
        scope = scope_of(viewer, organization.settings)
        return Watch(viewer=viewer, scope=scope, organization=organization)

    def recheck(self, agent_id: str) -> Callable[[], Any]:
        async def recheck() -> Watch:
            return self.watch(agent_id)

        return recheck

    def position(self) -> str:
        """What a list that is fetched now returns."""
        position = LivePosition(
            inbox=pack_place(self.views.last),
            presence=self.presence.heads.of(SHOP),
            jobs=self.jobs.heads.of(SHOP),
            setup=self.directory.present.shown_setup,
            fetched=True,
        )
        return encrypt_position(self.sources.cipher, SHOP, position)
