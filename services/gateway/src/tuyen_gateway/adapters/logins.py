"""Knows from the log which logins are valid: those that have a record."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

import msgspec
import structlog

from tuyen_events.audit import AuditAction, AuditRecorded
from tuyen_events.audit_limits import LOGINS_AUDITED_AN_HOUR
from tuyen_events.codec import KeyedBytes, UnreadableEventError, read_bytes
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.limits import LOGINS_OF_AGENT
from tuyen_events.topics import LOGINS
from tuyen_events.vocabulary import Moment
from tuyen_gateway.adapters.audit_records import audit_record
from tuyen_gateway.adapters.awaited_table import AwaitedTable
from tuyen_gateway.adapters.quotas import HourlyQuota
from tuyen_gateway.domain.audit import LOGIN
from tuyen_gateway.domain.logins import (
    LoginState,
    RefreshTokenUse,
    classify_concurrent_use,
    classify_use,
    counts_after,
)
from tuyen_gateway.errors import TooManyAttemptsError, UnauthenticatedError, UnavailableError
from tuyen_gateway.ports.logins import Identity, RefreshTurn
from tuyen_gateway.ports.tables import WAIT_S
from tuyen_platform.clock import Clock
from tuyen_platform.kafka.ports import Log, ProducerRecord, RecordPosition

_HEADERS = (("content-type", b"application/json"),)

_NEW = timedelta(seconds=30)
"""A token that is younger may be of a login that another gateway has just begun."""

_ASK_INTERVAL_S = 0.05
"""The log is asked at most twenty times a second for them, however many such tokens arrive."""

_ENDED_KEPT_MS = 3600 * 1000
"""How long it is remembered that a login has ended: a record of it that was under way can be
written until then."""

_TIDIED = 1_000
"""How many records are written at once to tidy up."""

_REFUSED = "This login has ended: log in again."

_log = structlog.get_logger()


class LoginKey(NamedTuple):
    organization: OrganizationId
    agent_id: AgentId
    session: str

    def __str__(self) -> str:
        return "/".join(self)


class LoginRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The value of a record; see `LoginState`."""

    number: int
    since: Moment
    until: Moment


class LoginsTable:
    """`Logins`, from the log.

    Every gateway appends without asking the others, and the order of the records decides: a record
    that comes after the end of its login, or of an earlier turn than the present one, has no
    effect. Compaction keeps the last record of a key, whether or not it had an effect. So whoever
    wrote such a record writes what counts after it, and every gateway checks for it (`tidy`).
    """

    def __init__(self, log: Log, clock: Clock, lifetime_s: int) -> None:
        self._clock = clock
        self._lifetime = timedelta(seconds=lifetime_s)
        self._logins: dict[tuple[OrganizationId, AgentId], dict[str, LoginState]] = {}
        self._ended: OrderedDict[LoginKey, int] = OrderedDict()
        """The logins that ended lately, with the time of the record in ms."""
        self._hidden: set[LoginKey] = set()
        """The logins whose last record has no effect."""
        self._audited: HourlyQuota[tuple[OrganizationId, AgentId]] = HourlyQuota(
            LOGINS_AUDITED_AN_HOUR, "Too many logins"
        )
        self.table = AwaitedTable(log, LOGINS, read_bytes, self._fold)

    def is_valid(self, identity: Identity) -> bool:
        return self._find(_key(identity)) is not None

    async def see(self, identity: Identity) -> None:
        issued_at = identity.issued_at
        if self.is_valid(identity) or issued_at is None:
            return
        new = self._clock.now() - issued_at <= _NEW
        if new and not await self.table.refresh(WAIT_S, min_interval_s=_ASK_INTERVAL_S):
            raise UnavailableError("This gateway is behind the log: try again.")

    async def begin(self, identity: Identity) -> RefreshTurn:
        key = _key(identity)
        login = self._new(0)
        await self.table.append([_record(key, login), *self._audit(key, AuditAction.LOGGED_IN)])
        others = [
            (one.since, LoginKey(key.organization, key.agent_id, session))
            for session, one in self._of(key).items()
            if session != key.session
        ]
        surplus = sorted(others)[: max(len(others) + 1 - LOGINS_OF_AGENT, 0)]
        if surplus:
            await self.table.append([_record(one, None) for _, one in surplus])
        return RefreshTurn(number=login.number, since=login.since)

    async def refresh(self, identity: Identity, number: int) -> RefreshTurn:
        key, arrived_at = _key(identity), self._clock.now()
        await self.table.require_current()
        use = classify_use(self._find(key), number, arrived_at)
        if use is RefreshTokenUse.FIRST:
            await self.table.append([_record(key, self._new(number + 1))])
            use = classify_concurrent_use(self._find(key), number, arrived_at)
            await self._restate([key])
        login = self._find(key)
        if use is RefreshTokenUse.REPEATED and login is not None:
            return RefreshTurn(number=login.number, since=login.since)
        if use is RefreshTokenUse.COPIED:
            _log.warning(
                "refresh_token_used_twice",
                organization=key.organization,
                agent=key.agent_id,
                turn=number,
            )
            await self._end(key, AuditAction.LOGIN_COPIED)
        raise UnauthenticatedError(_REFUSED)

    async def end(self, identity: Identity) -> None:
        await self._end(_key(identity), AuditAction.LOGGED_OUT)

    async def _end(self, key: LoginKey, how: AuditAction) -> None:
        if self._find(key) is None:
            await self.table.require_current()
        if self._find(key) is not None:
            await self.table.append([_record(key, None), *self._audit(key, how)])

    def _audit(self, key: LoginKey, action: AuditAction) -> list[ProducerRecord]:
        """None if the audit has as much of the agent's logins as it takes: nobody makes it grow by
        logging in."""
        now = self._clock.now()
        try:
            self._audited.take((key.organization, key.agent_id), 1, now)
        except TooManyAttemptsError:
            _log.warning(
                "login_not_audited",
                organization=key.organization,
                agent=key.agent_id,
                action=action.value,
            )
            return []
        # A token that was copied may have been used by anybody.
        by = None if action is AuditAction.LOGIN_COPIED else key.agent_id
        entry = AuditRecorded(
            organization=key.organization,
            by=by,
            at=now,
            action=action,
            entity=LOGIN,
            id=key.agent_id,
        )
        return [audit_record(entry)]

    async def forget(self, organization: OrganizationId, agent_id: AgentId) -> None:
        sessions = list(self._logins.get((organization, agent_id), ()))
        keys = [LoginKey(organization, agent_id, session) for session in sessions]
        await self.table.append([_record(key, None) for key in keys])

    async def tidy(self) -> None:
        now = self._clock.now()
        expired = [
            LoginKey(*owner, session)
            for owner, logins in self._logins.items()
            for session, login in logins.items()
            if login.until < now
        ]
        await self.table.append([_record(key, None) for key in expired[:_TIDIED]])
        await self._restate(list(self._hidden)[:_TIDIED])

    def owners(self) -> Sequence[tuple[OrganizationId, AgentId]]:
        return list(self._logins)

    async def _restate(self, keys: Iterable[LoginKey]) -> None:
        """Writes again what counts of those logins whose last record does not."""
        hidden = [key for key in keys if key in self._hidden]
        await self.table.append([_record(key, self._find(key)) for key in hidden])

    def _new(self, number: int) -> LoginState:
        now = self._clock.now()
        return LoginState(number=number, since=now, until=now + self._lifetime)

    def _find(self, key: LoginKey) -> LoginState | None:
        return self._of(key).get(key.session)

    def _of(self, key: LoginKey) -> dict[str, LoginState]:
        return self._logins.get((key.organization, key.agent_id), {})

    def _fold(self, record: KeyedBytes, position: RecordPosition) -> None:
        key = _parse(record.key)
        login = None if record.value is None else _decode(record.value)
        before = self._find(key)
        if not counts_after(login, before, ended=key in self._ended):
            if before is not None and login is not None and login.number == before.number:
                self._hidden.discard(key)
            else:
                self._hidden.add(key)
            return
        self._hidden.discard(key)
        owner = (key.organization, key.agent_id)
        if login is not None:
            self._logins.setdefault(owner, {})[key.session] = login
            return
        self._note_end(key, position.timestamp)
        if before is not None:
            del self._logins[owner][key.session]
            if not self._logins[owner]:
                del self._logins[owner]

    def _note_end(self, key: LoginKey, at_ms: int) -> None:
        self._ended[key] = at_ms
        self._ended.move_to_end(key)
        while next(iter(self._ended.values())) < at_ms - _ENDED_KEPT_MS:
            self._ended.popitem(last=False)


def _key(identity: Identity) -> LoginKey:
    return LoginKey(identity.organization, identity.agent_id, identity.session)


def _parse(key: str) -> LoginKey:
    match key.split("/"):
        case [organization, agent_id, session] if organization and agent_id and session:
            return LoginKey(OrganizationId(organization), AgentId(agent_id), session)
        case _:
            raise UnreadableEventError("it is no key of a login")


def _record(key: LoginKey, login: LoginState | None) -> ProducerRecord:
    if login is None:
        return ProducerRecord(LOGINS, str(key), None, _HEADERS)
    record = LoginRecord(number=login.number, since=login.since, until=login.until)
    return ProducerRecord(LOGINS, str(key), msgspec.json.encode(record), _HEADERS)


def _decode(value: bytes) -> LoginState:
    try:
        record = msgspec.json.decode(value, type=LoginRecord)
    except msgspec.MsgspecError as error:
        raise UnreadableEventError(f"not a record of a login: {error}") from error
    return LoginState(number=record.number, since=record.since, until=record.until)
