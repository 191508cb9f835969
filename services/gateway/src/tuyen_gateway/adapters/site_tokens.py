"""The tokens with which livechat pages sign: created only here, and stored encrypted in the log
(P6)."""

import secrets
from contextlib import AbstractAsyncContextManager

import structlog
from pydantic import SecretStr

from tuyen_events.audit import AuditRecorded
from tuyen_events.codec import read_bytes
from tuyen_events.topics import PAGE_TOKENS
from tuyen_gateway.adapters.audit_records import audit_record
from tuyen_gateway.adapters.awaited_table import AwaitedTable
from tuyen_platform.kafka.ports import Log
from tuyen_platform.page_tokens import PageTokens

_TOKEN_BYTES = 32

_log = structlog.get_logger()


class SiteTokensTable:
    """`SiteTokens`, from the log: after its creation a token is only here and, encrypted, there."""

    def __init__(self, log: Log, keys: SecretStr) -> None:
        self._tokens = PageTokens(keys)
        self.table = AwaitedTable(log, PAGE_TOKENS, read_bytes, self._tokens.fold)

    def stamp(self, app_id: str) -> str | None:
        return self._tokens.stamp(app_id)

    def is_used(self, app_id: str) -> bool:
        return self._tokens.is_used(app_id)

    def hold(self, app_id: str) -> AbstractAsyncContextManager[None]:
        return self.table.hold(app_id)

    async def make(self, app_id: str, audited: AuditRecorded) -> str:
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        await self.table.append([self._tokens.record(app_id, token), audit_record(audited)])
        _log.info("page_token_made", app_id=app_id)
        return token

    async def make_first(
        self, app_id: str, before: str | None, audited: AuditRecorded
    ) -> str | None:
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        record = self._tokens.record(app_id, token)
        if not await self.table.append_if(
            [record], lambda: self.stamp(app_id) in (None, before), [audit_record(audited)]
        ):
            return None
        _log.info("page_token_made", app_id=app_id)
        return token

    async def forget(self, app_id: str, before: str) -> None:
        removal = self._tokens.removal(app_id)
        await self.table.append_if(removal, lambda: self.stamp(app_id) == before)
