"""Hashed passwords: a separate compacted topic, never in the directory, never in a response."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar
from uuid import uuid4
from weakref import WeakValueDictionary

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import SecretStr

from tuyen_directory.usernames import compose_unicode
from tuyen_events.audit import AuditAction, AuditRecorded
from tuyen_events.codec import KeyedBytes, UnreadableEventError, read_bytes
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.topics import CREDENTIALS
from tuyen_events.vocabulary import Moment
from tuyen_gateway.adapters.audit_records import audit_record
from tuyen_gateway.adapters.awaited_table import AwaitedTable
from tuyen_gateway.domain.audit import PASSWORD
from tuyen_gateway.domain.passwords import list_spellings
from tuyen_platform.kafka.ports import Log, ProducerRecord, RecordPosition

_PARALLEL_HASHES = 4
"""One verification takes 64 MiB and some 50 ms of a core: only logins wait for this limit."""

_PARALLEL_CHANGES = 2
"""How many passwords are changed at once; those of one organization are changed one after another.
So neither logins nor other organizations wait for many changes (R9.5)."""

T = TypeVar("T")

_HEADERS = (("content-type", b"application/json"),)


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's password, hashed. `stamp` is random and new for each password; tokens contain
    it."""

    hash: str
    stamp: str


@dataclass(frozen=True, slots=True)
class _Key:
    organization: OrganizationId
    agent_id: AgentId

    def __str__(self) -> str:
        return f"{self.organization}/{self.agent_id}"


class CredentialsTable:
    """`Credentials`, from the log."""

    def __init__(self, log: Log, hasher: PasswordHasher) -> None:
        self._hasher = hasher
        self._credentials: dict[str, Credential] = {}
        self._verifying = asyncio.Semaphore(_PARALLEL_HASHES)
        self._changing = asyncio.Semaphore(_PARALLEL_CHANGES)
        self._turns: WeakValueDictionary[OrganizationId, asyncio.Lock] = WeakValueDictionary()
        self._threads = ThreadPoolExecutor(
            _PARALLEL_HASHES + _PARALLEL_CHANGES, thread_name_prefix="passwords"
        )
        self._nobody = hasher.hash(uuid4().hex)
        self.table = AwaitedTable(log, CREDENTIALS, read_bytes, self._fold)

    def stamp(self, organization: OrganizationId, agent_id: AgentId) -> str | None:
        found = self._credentials.get(str(_Key(organization, agent_id)))
        return None if found is None else found.stamp

    async def verify(
        self, organization: OrganizationId, agent_id: AgentId | None, password: SecretStr
    ) -> bool:
        async with self._verifying:
            return await self._is(organization, agent_id, password)

    async def _is(
        self, organization: OrganizationId, agent_id: AgentId | None, password: SecretStr
    ) -> bool:
        key = None if agent_id is None else str(_Key(organization, agent_id))
        found = None if key is None else self._credentials.get(key)
        against = self._nobody if found is None else found.hash
        matches = await self._run(lambda: self._matches(against, password))
        return matches and found is not None

    async def set(
        self,
        organization: OrganizationId,
        agent_id: AgentId,
        password: SecretStr,
        *,
        by: AgentId | None,
        at: Moment,
    ) -> None:
        async with self._turns.setdefault(organization, asyncio.Lock()), self._changing:
            if await self._is(organization, agent_id, password):
                return
            whole = compose_unicode(password.get_secret_value())
            hashed = await self._run(lambda: self._hasher.hash(whole))
        value = msgspec.json.encode(Credential(hash=hashed, stamp=uuid4().hex))
        audited = AuditRecorded(
            organization=organization,
            by=by,
            at=at,
            action=AuditAction.CHANGED,
            entity=PASSWORD,
            id=agent_id,
        )
        await self.table.append(
            [_record(_Key(organization, agent_id), value), audit_record(audited)]
        )

    async def forget(self, organization: OrganizationId, agent_id: AgentId) -> None:
        key = _Key(organization, agent_id)
        if str(key) in self._credentials:
            await self.table.append([_record(key, None)])

    async def _run(self, step: Callable[[], T]) -> T:
        """In a thread that does nothing else: whatever other requests do in theirs, nobody waits
        for it to log in (R9.5)."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, step)

    def _matches(self, hashed: str, password: SecretStr) -> bool:
        return any(self._fits(hashed, each) for each in list_spellings(password.get_secret_value()))

    def _fits(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False

    def _fold(self, record: KeyedBytes, _position: RecordPosition) -> None:
        if record.value is None:
            self._credentials.pop(record.key, None)
            return
        try:
            self._credentials[record.key] = msgspec.json.decode(record.value, type=Credential)
        except msgspec.MsgspecError as error:
            raise UnreadableEventError(f"no credential: {error}") from error


def _record(key: _Key, value: bytes | None) -> ProducerRecord:
    return ProducerRecord(CREDENTIALS, str(key), value, _HEADERS)
