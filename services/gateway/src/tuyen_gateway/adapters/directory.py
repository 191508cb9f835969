"""This gateway's global table of the directory, and the only way to change the directory."""

import asyncio
from collections.abc import Callable, Sequence
from uuid import uuid4

import structlog

from tuyen_directory.organization import (
    Organization,
    Removed,
    StoredEntity,
    entity_of,
    evolve,
    find_entity,
    next_version,
)
from tuyen_directory.records import DirectoryChange, read_change
from tuyen_events.audit import AuditRecorded
from tuyen_events.codec import encode, encode_time
from tuyen_events.directory import (
    REMOVED_TYPES,
    AgentChanged,
    DirectoryEvent,
    IntegrationChanged,
    PageChanged,
    directory_key,
)
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, IntegrationId, OrganizationId, PageId
from tuyen_events.limits import SETUP_BYTES_AN_HOUR, SETUP_RECORDS_AN_HOUR
from tuyen_events.topics import DIRECTORY
from tuyen_events.vocabulary import Channel
from tuyen_gateway.adapters.audit_records import audit_record
from tuyen_gateway.adapters.awaited_table import AwaitedTable
from tuyen_gateway.adapters.quotas import Hourly
from tuyen_gateway.domain.audit import audit_change
from tuyen_gateway.domain.changes import is_unchanged
from tuyen_gateway.domain.entity_limits import check_limits
from tuyen_gateway.errors import ConflictError, NotFoundError, UnavailableError
from tuyen_gateway.identity import SOURCE
from tuyen_gateway.ports.directory import EntityT
from tuyen_gateway.ports.tables import WAIT_S
from tuyen_platform.clock import Clock
from tuyen_platform.kafka.ports import Log, ProducerRecord, RecordPosition

_SMALL_BYTES = 500
"""About how many bytes a removal, a hashed password or an encrypted token takes."""

_log = structlog.get_logger()

ChannelAccount = tuple[Channel, str]
"""A page as its channel identifies it: the channel and the id there."""


class DirectoryTable:
    """`Directory`, from the log.

    A change is appended, and returned once this table has applied it. Changes of one organization
    are made one after another in this process, each on top of everything that was in the log when
    it began: so what another gateway has answered is never undone. Another one may still be faster
    in between: what only one entity may have (a page at its channel, a username) belongs to the
    first in the log, and the loser withdraws its own record; of two changes of one entity that are
    made in the same moments the last one in the log stands, as a whole.
    """

    def __init__(self, log: Log, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._organizations: dict[OrganizationId, Organization] = {}
        self._integrations: dict[str, tuple[OrganizationId, IntegrationId]] = {}
        """By the hashes of their tokens."""
        self._claims: dict[ChannelAccount, list[tuple[OrganizationId, PageId]]] = {}
        self._locks: dict[OrganizationId, asyncio.Lock] = {}
        self._records: Hourly[OrganizationId] = Hourly(
            SETUP_RECORDS_AN_HOUR, "Your organization's settings changed too often"
        )
        self._bytes: Hourly[OrganizationId] = Hourly(
            SETUP_BYTES_AN_HOUR, "Your organization's settings changed in too many bytes"
        )
        self.table = AwaitedTable(log, DIRECTORY, read_change, self._fold)

    def organization(self, organization_id: OrganizationId) -> Organization | None:
        found = self._organizations.get(organization_id)
        return None if found is None or found.profile is None else found

    def organizations(self) -> Sequence[Organization]:
        return sorted(
            (found for found in self._organizations.values() if found.profile is not None),
            key=lambda organization: organization.id,
        )

    def page(
        self, organization_id: OrganizationId, page_id: PageId
    ) -> StoredEntity[PageChanged] | None:
        return self._any(organization_id).pages.get(page_id)

    def find_page_of_account(
        self, channel: Channel, external_id: str
    ) -> tuple[OrganizationId, PageId] | None:
        claims = self._claims.get((channel, external_id))
        return claims[0] if claims else None

    def integration(self, token_hash: str) -> tuple[Organization, IntegrationChanged] | None:
        found = self._integrations.get(token_hash)
        organization = None if found is None else self.organization(found[0])
        if found is None or organization is None:
            return None
        return organization, organization.integrations[found[1]].value

    async def wait_for_version(self, organization_id: OrganizationId, version: int) -> None:
        if not await self.table.until(lambda: self.version(organization_id) >= version, WAIT_S):
            raise UnavailableError(f"This gateway has not seen version {version} yet: try again.")

    def version(self, organization_id: OrganizationId) -> int:
        return self._any(organization_id).version

    async def change(
        self,
        organization_id: OrganizationId,
        decide: Callable[[Organization], EntityT],
    ) -> StoredEntity[EntityT]:
        async with self._lock(organization_id):
            await self.table.current()
            before = self._any(organization_id)
            event = decide(before)
            check_limits(before, event)
            entity, entity_id = entity_of(event)
            previous = find_entity(before, entity, entity_id)
            if previous is not None:
                standing = previous.value
                if isinstance(standing, type(event)) and is_unchanged(standing, event):
                    return StoredEntity(standing, previous.version)
            if event.by is not None:  # no quota limits the platform's operator
                value, _ = encode(_envelope(event))
                self.count(organization_id, len(value))
            replaced = None if previous is None else previous.value
            await self._append(event, audit_change(replaced, event, by=event.by, at=event.at))
            lost = self._find_conflict(event)
            if lost is not None:
                await self._take_back(event, previous)
                raise ConflictError(lost)
            version = self._version_of(event)
        _log.info(
            "directory_changed",
            organization=organization_id,
            type=event.type,
            entity_id=entity_id,
            version=version,
            by=event.by,
        )
        return StoredEntity(event, version)

    async def remove(
        self,
        organization_id: OrganizationId,
        entity: str,
        entity_id: str,
        by: AgentId,
        check: Callable[[Organization], None],
    ) -> int:
        async with self._lock(organization_id):
            await self.table.current()
            before = self._any(organization_id)
            previous = find_entity(before, entity, entity_id)
            if previous is None:
                raise NotFoundError(f"There is no {entity} {entity_id!r}.")
            check(before)
            self.count(organization_id)
            await self._append_removal(organization_id, previous.value, by)
            after = self._any(organization_id)
            if before.has_admin() and not after.has_admin():
                now = self._clock.now()
                await self._append(
                    previous.value, audit_change(None, previous.value, by=by, at=now)
                )
                raise ConflictError(_NO_ADMIN_LEFT)
        _log.info(
            "directory_removed",
            organization=organization_id,
            entity=entity,
            entity_id=entity_id,
            version=after.version,
            by=by,
        )
        return after.version

    def count(self, organization_id: OrganizationId, size: int = _SMALL_BYTES) -> None:
        now = self._clock.now()
        self._records.check(organization_id, 1, now)
        self._bytes.take(organization_id, size, now)
        self._records.take(organization_id, 1, now)

    def _version_of(self, event: DirectoryEvent) -> int:
        """The number of the record that was just appended, or a later one if others wrote
        meanwhile."""
        organization = self._any(event.organization)
        stored = find_entity(organization, *entity_of(event))
        same = stored is not None and stored.value == event
        return stored.version if stored is not None and same else organization.version

    def _any(self, organization_id: OrganizationId) -> Organization:
        return self._organizations.get(organization_id) or Organization(id=organization_id)

    def _lock(self, organization_id: OrganizationId) -> asyncio.Lock:
        return self._locks.setdefault(organization_id, asyncio.Lock())

    def _find_conflict(self, event: DirectoryEvent) -> str | None:
        """Why a change that was just applied has to be withdrawn, or None."""
        organization = self._any(event.organization)
        match event:
            case PageChanged():
                if self.find_page_of_account(event.channel, event.external_id) != (
                    organization.id,
                    event.id,
                ):
                    return f"This {event.channel} account belongs to another page already."
            case AgentChanged():
                named = organization.agent_named(event.username)
                if named is None or named.id != event.id:
                    return f"The username {event.username!r} is taken: choose another."
                if not organization.has_admin():
                    return _NO_ADMIN_LEFT
            case _:
                pass
        return None

    async def _take_back(
        self, event: DirectoryEvent, previous: StoredEntity[DirectoryEvent] | None
    ) -> None:
        if previous is None:
            await self._append_removal(event.organization, event, event.by)
        else:
            back = audit_change(event, previous.value, by=event.by, at=self._clock.now())
            await self._append(previous.value, back)

    async def _append(self, event: DirectoryEvent, audited: AuditRecorded) -> None:
        envelope = _envelope(event)
        value, headers = encode(envelope)
        await self.table.append(
            [ProducerRecord(DIRECTORY, envelope.subject, value, headers), audit_record(audited)]
        )

    async def _append_removal(
        self, organization_id: OrganizationId, removed: DirectoryEvent, by: AgentId | None
    ) -> None:
        entity, entity_id = entity_of(removed)
        key, now = directory_key(organization_id, entity, entity_id), self._clock.now()
        headers = (
            ("ce_specversion", b"1.0"),
            ("ce_id", f"evt_{uuid4().hex}".encode()),
            ("ce_type", REMOVED_TYPES[entity].encode()),
            ("ce_source", SOURCE.encode()),
            ("ce_subject", key.encode()),
            ("ce_time", encode_time(now)),
            ("by", (by or "").encode()),
        )
        audited = audit_change(removed, None, by=by, at=now)
        await self.table.append(
            [ProducerRecord(DIRECTORY, key, None, headers), audit_record(audited)]
        )

    def _fold(self, changed: DirectoryChange, position: RecordPosition) -> None:
        organization_id, change = changed
        before = self._any(organization_id)
        self._fold_claim(before, change)
        self._fold_token(before, change)
        version = next_version(before.version, position.timestamp)
        self._organizations[organization_id] = evolve(before, change, version)

    def _fold_token(self, before: Organization, change: DirectoryEvent | Removed) -> None:
        match change:
            case IntegrationChanged():
                integration_id = change.id
            case Removed(entity="integration"):
                integration_id = IntegrationId(change.entity_id)
            case _:
                return
        old = before.integrations.get(integration_id)
        if old is not None:
            self._integrations.pop(old.value.token_hash, None)
        if isinstance(change, IntegrationChanged):
            self._integrations[change.token_hash] = (before.id, integration_id)

    def _fold_claim(self, before: Organization, change: DirectoryEvent | Removed) -> None:
        match change:
            case PageChanged():
                page_id = change.id
            case Removed(entity="page"):
                page_id = PageId(change.entity_id)
            case _:
                return
        claim = (before.id, page_id)
        old = before.pages.get(page_id)
        account = (change.channel, change.external_id) if isinstance(change, PageChanged) else None
        if old is not None and (held := (old.value.channel, old.value.external_id)) != account:
            self._claims[held].remove(claim)
            if not self._claims[held]:
                del self._claims[held]
        if account is not None and claim not in (claims := self._claims.setdefault(account, [])):
            claims.append(claim)


_NO_ADMIN_LEFT = (
    "The organization would be left without a system_admin: give somebody else that role first."
)


def _envelope(event: DirectoryEvent) -> Envelope:
    key = directory_key(event.organization, *entity_of(event))
    return Envelope(id=f"evt_{uuid4().hex}", source=SOURCE, subject=key, time=event.at, data=event)
