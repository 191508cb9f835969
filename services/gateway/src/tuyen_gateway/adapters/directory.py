"""This gateway's global table of the directory, and the only way to change the directory."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar
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
    DirectoryEvent,
    IntegrationChanged,
    PageChanged,
    directory_key,
)
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, IntegrationId, OrganizationId, PageId
from tuyen_events.limits import SETUP_BYTES_AN_HOUR, SETUP_RECORDS_AN_HOUR
from tuyen_events.topics import DIRECTORY
from tuyen_events.vocabulary import Channel, Moment
from tuyen_gateway.adapters.audit_records import audit_record
from tuyen_gateway.adapters.awaited_table import AwaitedTable
from tuyen_gateway.adapters.quotas import HourlyQuota
from tuyen_gateway.domain.audit import audit_change
from tuyen_gateway.domain.changes import is_unchanged
from tuyen_gateway.domain.entity_limits import check_limits
from tuyen_gateway.errors import GatewayError, NotFoundError, UnavailableError
from tuyen_gateway.identity import SOURCE
from tuyen_gateway.ports.directory import EntityT
from tuyen_gateway.ports.tables import WAIT_S
from tuyen_platform.clock import Clock
from tuyen_platform.kafka.ports import Log, ProducerRecord, RecordPosition

_SMALL_BYTES = 500
"""About how many bytes a removal, a hashed password or an encrypted token takes."""

_TRIES = 10
"""How often a change is decided while other gateways change what it depends on."""

_TOO_MANY = "Others keep changing it: send it again."

_log = structlog.get_logger()

PlanT = TypeVar("PlanT")

ChannelAccount = tuple[Channel, str]
"""A page as its channel identifies it: the channel and the id there."""


class DirectoryTable:
    """`Directory`, from the log.

    A change is decided on top of everything that comes before it in the log, and returned once this
    table has applied it. It is appended only if it would be decided alike there, whatever other
    gateways wrote in the same moments; otherwise it is decided again (decision 38).
    """

    def __init__(self, log: Log, clock: Clock) -> None:
        self._clock = clock
        self._organizations: dict[OrganizationId, Organization] = {}
        self._integrations: dict[str, tuple[OrganizationId, IntegrationId]] = {}
        """By the hashes of their tokens."""
        self._claims: dict[ChannelAccount, list[tuple[OrganizationId, PageId]]] = {}
        self._locks: dict[OrganizationId, asyncio.Lock] = {}
        self._records: HourlyQuota[OrganizationId] = HourlyQuota(
            SETUP_RECORDS_AN_HOUR, "Your organization's settings changed too often"
        )
        self._bytes: HourlyQuota[OrganizationId] = HourlyQuota(
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
        if not await self.table.wait_until(
            lambda: self.version(organization_id) >= version, WAIT_S
        ):
            raise UnavailableError(f"This gateway has not seen version {version} yet: try again.")

    def version(self, organization_id: OrganizationId) -> int:
        return self._any(organization_id).version

    async def change(
        self,
        organization_id: OrganizationId,
        decide: Callable[[Organization], EntityT],
    ) -> StoredEntity[EntityT]:
        def plan() -> tuple[EntityT, StoredEntity[DirectoryEvent] | None]:
            before = self._any(organization_id)
            event = decide(before)
            check_limits(before, event)
            return event, find_entity(before, *entity_of(event))

        async with self._lock(organization_id):
            for number in range(_TRIES):
                await self.table.require_current()
                event, previous = planned = plan()
                if previous is not None:
                    standing = previous.value
                    if isinstance(standing, type(event)) and is_unchanged(standing, event):
                        return StoredEntity(standing, previous.version)
                record = _record(event)
                if number == 0 and event.by is not None:  # no quota limits the platform's operator
                    self.count(organization_id, len(record.value or b""))
                replaced = None if previous is None else previous.value
                audited = audit_change(replaced, event, by=event.by, at=event.at)
                if await self._append(record, audited, plan, planned):
                    break
            else:
                raise UnavailableError(_TOO_MANY)
            version = self._version_of(event)
        _log.info(
            "directory_changed",
            organization=organization_id,
            type=event.type,
            entity_id=entity_of(event)[1],
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
        def plan() -> DirectoryEvent:
            before = self._any(organization_id)
            previous = find_entity(before, entity, entity_id)
            if previous is None:
                raise NotFoundError(f"There is no {entity} {entity_id!r}.")
            check(before)
            return previous.value

        async with self._lock(organization_id):
            for number in range(_TRIES):
                await self.table.require_current()
                planned = plan()
                if number == 0:
                    self.count(organization_id)
                now = self._clock.now()
                record = _removal(organization_id, entity, entity_id, by, now)
                audited = audit_change(planned, None, by=by, at=now)
                if await self._append(record, audited, plan, planned):
                    break
            else:
                raise UnavailableError(_TOO_MANY)
            version = self.version(organization_id)
        _log.info(
            "directory_removed",
            organization=organization_id,
            entity=entity,
            entity_id=entity_id,
            version=version,
            by=by,
        )
        return version

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

    async def _append(
        self,
        record: ProducerRecord,
        audited: AuditRecorded,
        plan: Callable[[], PlanT],
        planned: PlanT,
    ) -> bool:
        """Appends a change if `plan` still returns what was planned, and returns whether."""

        def holds() -> bool:
            try:
                return plan() == planned
            except GatewayError:  # it is raised by the next try
                return False

        # The audit is not in the transaction: its readers may read what is not committed.
        return await self.table.append_if([record], holds, [audit_record(audited)])

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


def _record(event: DirectoryEvent) -> ProducerRecord:
    key = directory_key(event.organization, *entity_of(event))
    envelope = Envelope(
        id=f"evt_{uuid4().hex}", source=SOURCE, subject=key, time=event.at, data=event
    )
    value, headers = encode(envelope)
    return ProducerRecord(DIRECTORY, key, value, headers)


def _removal(
    organization_id: OrganizationId, entity: str, entity_id: str, by: AgentId, at: Moment
) -> ProducerRecord:
    key = directory_key(organization_id, entity, entity_id)
    headers = (
        ("ce_specversion", b"1.0"),
        ("ce_id", f"evt_{uuid4().hex}".encode()),
        ("ce_type", REMOVED_TYPES[entity].encode()),
        ("ce_source", SOURCE.encode()),
        ("ce_subject", key.encode()),
        ("ce_time", encode_time(at)),
        ("by", by.encode()),
    )
    return ProducerRecord(DIRECTORY, key, None, headers)
