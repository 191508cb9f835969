"""The desk, which is read from the log: templates, saved views and preferences (I7, I15)."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from uuid import uuid4

import structlog

from tuyen_directory.organization import next_version
from tuyen_events.codec import Headers, UnreadableEventError, encode, encode_time, read_event
from tuyen_events.desk import (
    TEMPLATE,
    DeskEvent,
    DeskKey,
    PreferencesChanged,
    TemplateChanged,
    ViewChanged,
    desk_key,
    removed_type,
    split_desk_key,
)
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, OrganizationId, TemplateId, ViewId
from tuyen_events.limits import (
    DESK_BYTES_AN_HOUR,
    DESK_CHANGES_AN_HOUR,
    DESK_CHANGES_AN_HOUR_OF_AGENT,
)
from tuyen_events.topics import DESK
from tuyen_events.vocabulary import Channel, Moment
from tuyen_gateway.adapters.audit_records import audit_record
from tuyen_gateway.adapters.awaited_table import AwaitedTable
from tuyen_gateway.adapters.quotas import HourlyQuota
from tuyen_gateway.domain.audit import audit_desk_change
from tuyen_gateway.domain.desk import (
    DeskEntity,
    OrganizationDesk,
    check_room,
    is_same,
    key_replaced_by,
    key_to_remove,
    preferences_key,
    template_key,
    views_of,
)
from tuyen_gateway.errors import NotFoundError, UnavailableError
from tuyen_gateway.identity import SOURCE
from tuyen_gateway.ports.desk import DeskT, Editor, StoredDeskEntity
from tuyen_gateway.ports.tables import WAIT_S
from tuyen_platform.kafka.ports import Log, ProducerRecord, RecordPosition
from tuyen_platform.text import fold_accents

_REMOVAL_BYTES = 500
"""About how many bytes a removal takes."""

_TITLE_CHARACTERS = 64
"""By how much of their titles templates are ordered: it is in the cursor of a list."""

_log = structlog.get_logger()


class _Titled(NamedTuple):
    """A template as it is searched: its place in the order of titles, and all of its text without
    accents and case."""

    place: str
    text: str


class DeskChange(NamedTuple):
    """One record of the topic: its key, and its event or (None) a removal; `size` is in bytes."""

    key: DeskKey
    event: DeskEvent | None
    size: int


def read_desk_change(key: bytes | None, headers: Headers, value: bytes | None) -> DeskChange:
    """Raises UnreadableEventError for a key or an event that does not belong to the topic."""
    record = read_event(key, headers, value)
    parts = split_desk_key(record.key)
    if parts is None:
        raise UnreadableEventError(f"{record.key!r} is no key of the desk")
    if record.event is not None and not isinstance(record.event, DeskEvent):
        raise UnreadableEventError(f"{record.event.type} is no event of the desk")
    if record.event is not None and desk_key(record.event) != parts:
        raise UnreadableEventError(f"{record.event.type} does not belong to {record.key!r}")
    return DeskChange(parts, record.event, len(value or b""))


class DeskTable:
    """`Desk`, from the log. Changes of one organization are made one after another in this process;
    of two gateways that change one entity at once, the later record counts."""

    def __init__(self, log: Log) -> None:
        self._desks: dict[OrganizationId, OrganizationDesk] = {}
        self._titled: dict[DeskKey, _Titled] = {}
        self._locks: dict[OrganizationId, asyncio.Lock] = {}
        self._agents: HourlyQuota[tuple[OrganizationId, AgentId]] = HourlyQuota(
            DESK_CHANGES_AN_HOUR_OF_AGENT, "You change templates, views and preferences too often"
        )
        self._records: HourlyQuota[OrganizationId] = HourlyQuota(
            DESK_CHANGES_AN_HOUR, "Your organization changes templates and views too often"
        )
        self._bytes: HourlyQuota[OrganizationId] = HourlyQuota(
            DESK_BYTES_AN_HOUR, "Your organization changes templates and views in too many bytes"
        )
        self.table = AwaitedTable(log, DESK, read_desk_change, self._fold)

    def template(
        self, organization: OrganizationId, template_id: TemplateId
    ) -> StoredDeskEntity[TemplateChanged] | None:
        found = self._desk(organization).find(template_key(organization, template_id))
        return None if found is None else _stored(found, TemplateChanged)

    def templates(
        self, organization: OrganizationId, query: str = "", channel: Channel | None = None
    ) -> Sequence[tuple[str, StoredDeskEntity[TemplateChanged]]]:
        folded = fold_accents(query.strip())
        found = []
        for template_id, entity in self._desk(organization).of(TEMPLATE).items():
            titled = self._titled[template_key(organization, TemplateId(template_id))]
            stored = _stored(entity, TemplateChanged)
            channels = stored.value.channels
            if folded in titled.text and (channel is None or not channels or channel in channels):
                found.append((titled.place, stored))
        return sorted(found, key=lambda one: one[0])

    async def put_template(
        self,
        editor: Editor,
        template_id: TemplateId,
        *,
        title: str,
        text: str,
        channels: tuple[Channel, ...] | None,
    ) -> StoredDeskEntity[TemplateChanged]:
        change = TemplateChanged(
            organization=editor.organization,
            by=editor.agent_id,
            at=editor.at,
            id=template_id,
            title=title,
            text=text,
            channels=channels,
        )
        return await self._put(editor, change)

    async def remove_template(self, editor: Editor, template_id: TemplateId) -> int:
        def choose(desk: OrganizationDesk) -> DeskKey:
            key = template_key(editor.organization, template_id)
            if desk.find(key) is None:
                raise NotFoundError(f"There is no template {template_id!r}.")
            return key

        return await self._remove(editor, choose)

    def views(
        self, organization: OrganizationId, agent_id: AgentId
    ) -> Sequence[StoredDeskEntity[ViewChanged]]:
        found = views_of(self._desk(organization), agent_id)
        return [_stored(one, ViewChanged) for one in found]

    async def put_view(
        self,
        editor: Editor,
        view_id: ViewId,
        *,
        name: str,
        conditions: dict[str, Any],
        shared: bool,
        may_share: bool,
    ) -> StoredDeskEntity[ViewChanged]:
        change = ViewChanged(
            organization=editor.organization,
            by=editor.agent_id,
            at=editor.at,
            id=view_id,
            agent_id=None if shared else editor.agent_id,
            name=name,
            filter=conditions,
        )

        def replaced(desk: OrganizationDesk) -> DeskKey | None:
            return key_replaced_by(desk, change, may_share=may_share)

        return await self._put(editor, change, replaced)

    async def remove_view(self, editor: Editor, view_id: ViewId, *, may_share: bool) -> int:
        def choose(desk: OrganizationDesk) -> DeskKey:
            return key_to_remove(
                desk, editor.organization, editor.agent_id, view_id, may_share=may_share
            )

        return await self._remove(editor, choose)

    def preferences(self, organization: OrganizationId, agent_id: AgentId) -> dict[str, Any]:
        found = self._desk(organization).find(preferences_key(organization, agent_id))
        if found is None:
            return {}
        return dict(_stored(found, PreferencesChanged).value.preferences)

    async def put_preferences(self, editor: Editor, preferences: dict[str, Any]) -> int:
        change = PreferencesChanged(
            organization=editor.organization,
            by=editor.agent_id,
            at=editor.at,
            agent_id=editor.agent_id,
            preferences=preferences,
        )
        return (await self._put(editor, change)).version

    async def forget(self, organization: OrganizationId, agent_id: AgentId, at: Moment) -> None:
        async with self._lock(organization):
            keys = self._desk(organization).keys_of(organization, agent_id)
            await self.table.append([_removal(key, agent_id, at) for key in keys])
        if keys:
            _log.info("desk_forgotten", organization=organization, agent=agent_id, count=len(keys))

    def owners(self) -> Sequence[tuple[OrganizationId, AgentId]]:
        return [
            (organization, agent_id)
            for organization, desk in self._desks.items()
            for agent_id in desk.owners()
        ]

    def version(self, organization: OrganizationId) -> int:
        return self._desk(organization).version

    async def wait_for_version(self, organization: OrganizationId, version: int) -> None:
        if not await self.table.wait_until(lambda: self.version(organization) >= version, WAIT_S):
            raise UnavailableError(f"This gateway has not seen version {version} yet: try again.")

    async def _put(
        self,
        editor: Editor,
        change: DeskT,
        replaced: Callable[[OrganizationDesk], DeskKey | None] = lambda _: None,
    ) -> StoredDeskEntity[DeskT]:
        """Stores `change`, and removes what it replaces. A crash between the two leaves both, of
        which callers see the one that they would have seen before; repeating the request removes
        the other."""
        key = desk_key(change)
        async with self._lock(editor.organization):
            await self.table.require_current()  # another gateway may have changed it a moment ago
            desk = self._desk(editor.organization)
            other = replaced(desk)
            before = desk.find(key)
            if other is None and before is not None and is_same(before.value, change):
                return _stored(before, type(change))
            value, headers = encode(
                Envelope(
                    id=f"evt_{uuid4().hex}",
                    source=SOURCE,
                    subject=str(key),
                    time=change.at,
                    data=change,
                )
            )
            check_room(desk, key, len(value))
            self._count(editor, len(value))
            records = [ProducerRecord(DESK, str(key), value, headers)]
            records += _audit(key, before, change, editor)
            if other is not None:
                records.append(_removal(other, editor.agent_id, editor.at))
                records += _audit(other, desk.find(other), None, editor)
            await self.table.append(records)
            stored = self._desk(editor.organization).find(key)
            version = self.version(editor.organization)
            if stored is not None and stored.value == change:
                version = stored.version
        _log.info("desk_changed", organization=editor.organization, type=change.type)
        return StoredDeskEntity(change, version)

    async def _remove(self, editor: Editor, choose: Callable[[OrganizationDesk], DeskKey]) -> int:
        async with self._lock(editor.organization):
            await self.table.require_current()
            key = choose(self._desk(editor.organization))
            self._count(editor, _REMOVAL_BYTES)
            audited = _audit(key, self._desk(editor.organization).find(key), None, editor)
            await self.table.append([_removal(key, editor.agent_id, editor.at), *audited])
            version = self.version(editor.organization)
        _log.info("desk_removed", organization=editor.organization, entity=key.entity)
        return version

    def _count(self, editor: Editor, size: int) -> None:
        agent = (editor.organization, editor.agent_id)
        self._agents.check(agent, 1, editor.at)
        self._records.check(editor.organization, 1, editor.at)
        self._bytes.take(editor.organization, size, editor.at)
        self._records.take(editor.organization, 1, editor.at)
        self._agents.take(agent, 1, editor.at)

    def _desk(self, organization: OrganizationId) -> OrganizationDesk:
        return self._desks.get(organization) or OrganizationDesk()

    def _lock(self, organization: OrganizationId) -> asyncio.Lock:
        return self._locks.setdefault(organization, asyncio.Lock())

    def _fold(self, change: DeskChange, position: RecordPosition) -> None:
        key = change.key
        desk = self._desks.setdefault(key.organization, OrganizationDesk())
        desk.version = next_version(desk.version, position.timestamp)
        self._titled.pop(key, None)
        if change.event is None:
            desk.remove(key)
            return
        desk.apply(key, DeskEntity(value=change.event, version=desk.version, size=change.size))
        if isinstance(change.event, TemplateChanged):
            title = fold_accents(change.event.title)
            place = f"{title[:_TITLE_CHARACTERS]}\0{change.event.id}"
            self._titled[key] = _Titled(place, f"{title}\n{fold_accents(change.event.text)}")


def _stored(entity: DeskEntity, kind: type[DeskT]) -> StoredDeskEntity[DeskT]:
    if not isinstance(entity.value, kind):
        raise TypeError(f"{entity.value.type} is at the key of another entity")
    return StoredDeskEntity(entity.value, entity.version)


def _audit(
    key: DeskKey, before: DeskEntity | None, after: DeskEvent | None, editor: Editor
) -> list[ProducerRecord]:
    entry = audit_desk_change(
        key, None if before is None else before.value, after, by=editor.agent_id, at=editor.at
    )
    return [] if entry is None else [audit_record(entry)]


def _removal(key: DeskKey, by: AgentId, at: Moment) -> ProducerRecord:
    headers = (
        ("ce_specversion", b"1.0"),
        ("ce_id", f"evt_{uuid4().hex}".encode()),
        ("ce_type", removed_type(key).encode()),
        ("ce_source", SOURCE.encode()),
        ("ce_subject", str(key).encode()),
        ("ce_time", encode_time(at)),
        ("by", by.encode()),
    )
    return ProducerRecord(DESK, str(key), None, headers)
