"""Logins at channels that were begun to connect pages: encrypted in the log for an hour, so that
any gateway can finish what another one began (P1, P6)."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime

import msgspec
from pydantic import SecretStr

from tuyen_events.codec import KeyedBytes, UnreadableEventError, read_bytes
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.limits import CONNECTIONS
from tuyen_events.topics import PAGE_CONNECTIONS
from tuyen_events.vocabulary import Channel, Moment
from tuyen_gateway.adapters.awaited_table import AwaitedTable
from tuyen_gateway.ports.channels import OfferedAccount, PageConnection
from tuyen_platform.clock import Clock
from tuyen_platform.encrypted_records import EncryptedRecord, RecordCipher
from tuyen_platform.kafka.ports import Log, ProducerRecord, RecordPosition
from tuyen_platform.page_credentials import AccountCredentials

_HEADERS = (("content-type", b"application/json"),)


class _EncryptedConnection(EncryptedRecord, frozen=True, kw_only=True):
    expires_at: Moment


class _Account(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    external_id: str
    name: str
    access_token: str
    refresh_token: str | None = None
    expires_at: Moment | None = None


class _Content(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The encrypted content, with the record's key: a copy under another key is invalid."""

    key: str
    agent_id: AgentId
    channel: Channel
    redirect_uri: str
    verifier: str | None = None
    accounts: tuple[_Account, ...] | None = None


class PageConnectionsTable:
    """`PageConnections`, from the log."""

    def __init__(self, log: Log, keys: SecretStr, clock: Clock) -> None:
        self._clock = clock
        self._cipher = RecordCipher(keys)
        self._kept: dict[OrganizationId, dict[str, PageConnection]] = {}
        self.table = AwaitedTable(log, PAGE_CONNECTIONS, read_bytes, self._fold)

    def find(self, organization: OrganizationId, state: str) -> PageConnection | None:
        found = self._kept.get(organization, {}).get(state)
        return None if found is None or found.expires_at <= self._clock.now() else found

    def hold(self, state: str) -> AbstractAsyncContextManager[None]:
        return self.table.hold(state)

    async def keep(self, connection: PageConnection) -> None:
        ended = self._find_ended(connection)
        removals = (ProducerRecord(PAGE_CONNECTIONS, _key(one), None, _HEADERS) for one in ended)
        await self.table.append([self._record(connection), *removals])

    def _find_ended(self, new: PageConnection) -> list[PageConnection]:
        """Those of the organization that end now: by their time, or because there are too many."""
        others = [
            one for one in self._kept.get(new.organization, {}).values() if one.state != new.state
        ]
        others.sort(key=lambda one: one.expires_at)
        now = self._clock.now()
        most = len(others) - (CONNECTIONS - 1)
        return [one for n, one in enumerate(others) if n < most or one.expires_at <= now]

    def _record(self, connection: PageConnection) -> ProducerRecord:
        accounts, verifier = connection.accounts, connection.verifier
        content = _Content(
            key=_key(connection),
            agent_id=connection.agent_id,
            channel=connection.channel,
            redirect_uri=connection.redirect_uri,
            verifier=None if verifier is None else verifier.get_secret_value(),
            accounts=None if accounts is None else tuple(_write(one) for one in accounts),
        )
        encrypted = _EncryptedConnection(
            encrypted=self._cipher.encrypt(content), expires_at=connection.expires_at
        )
        return ProducerRecord(
            PAGE_CONNECTIONS, _key(connection), msgspec.json.encode(encrypted), _HEADERS
        )

    def _fold(self, record: KeyedBytes, _position: RecordPosition) -> None:
        organization, _, state = record.key.partition("/")
        self._kept.get(OrganizationId(organization), {}).pop(state, None)
        self._drop_ended()
        read = None if record.value is None else self._open(record.key, record.value)
        if read is not None:
            self._kept.setdefault(read.organization, {})[state] = read

    def _drop_ended(self) -> None:
        now = self._clock.now()
        for organization, several in tuple(self._kept.items()):
            for state, one in tuple(several.items()):
                if one.expires_at <= now:
                    del several[state]
            if not several:
                del self._kept[organization]

    def _open(self, key: str, value: bytes) -> PageConnection | None:
        """None for one that has ended."""
        try:
            kept = msgspec.json.decode(value, type=_EncryptedConnection)
        except msgspec.MsgspecError as error:
            raise UnreadableEventError(f"not a page connection record: {error}") from error
        if kept.expires_at <= self._clock.now():
            return None
        content = self._cipher.decrypt(kept.encrypted, _Content)
        if content.key != key:
            raise UnreadableEventError("the connection belongs to another record")
        return _read(content, kept.expires_at)


def _key(connection: PageConnection) -> str:
    return f"{connection.organization}/{connection.state}"


def _write(account: OfferedAccount) -> _Account:
    credentials = account.credentials
    refresh_token = credentials.refresh_token
    return _Account(
        external_id=account.external_id,
        name=account.name,
        access_token=credentials.access_token.get_secret_value(),
        refresh_token=None if refresh_token is None else refresh_token.get_secret_value(),
        expires_at=credentials.expires_at,
    )


def _read(content: _Content, expires_at: datetime) -> PageConnection:
    organization, _, state = content.key.partition("/")
    return PageConnection(
        organization=OrganizationId(organization),
        state=state,
        agent_id=content.agent_id,
        channel=content.channel,
        redirect_uri=content.redirect_uri,
        verifier=None if content.verifier is None else SecretStr(content.verifier),
        expires_at=expires_at,
        accounts=None
        if content.accounts is None
        else tuple(_read_account(one) for one in content.accounts),
    )


def _read_account(kept: _Account) -> OfferedAccount:
    refresh_token = None if kept.refresh_token is None else SecretStr(kept.refresh_token)
    credentials = AccountCredentials(
        access_token=SecretStr(kept.access_token),
        refresh_token=refresh_token,
        expires_at=kept.expires_at,
    )
    return OfferedAccount(kept.external_id, kept.name, credentials)
