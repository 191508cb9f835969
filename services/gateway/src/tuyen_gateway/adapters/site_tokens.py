"""The tokens that livechat pages sign with: made here alone, and kept sealed in the log (P6)."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from pydantic import SecretStr

from tuyen_events.topics import PAGE_TOKENS
from tuyen_gateway.adapters.awaited_table import AwaitedTable
from tuyen_platform.kafka.ports import Log
from tuyen_platform.page_tokens import PageTokens

_TOKEN_BYTES = 32

_log = structlog.get_logger()


class SiteTokens:
    """A token is told to whoever made it, once; after that it is here and in the log, sealed.

    What is done to one page's token is done inside of `held`, one after another in this process. Of
    two gateways that make a token for one page at once, the later one's holds.
    """

    def __init__(self, log: Log, keys: SecretStr) -> None:
        self._log = log
        self._tokens = PageTokens(keys)
        self._locks: dict[str, asyncio.Lock] = {}
        self.copy = AwaitedTable(log, PAGE_TOKENS, self._tokens.fold)

    def stands(self, app_id: str) -> bool:
        """Whether the page has a token."""
        return self._tokens.token(app_id) is not None

    def used(self, app_id: str) -> bool:
        """Whether ingest took a call that was signed with the page's present token."""
        return self._tokens.used(app_id)

    @asynccontextmanager
    async def held(self, app_id: str) -> AsyncIterator[None]:
        """Keeps others away from the page's token, which is the log's latest on entering."""
        async with self._locks.setdefault(app_id, asyncio.Lock()):
            await self.copy.current()
            yield

    async def make(self, app_id: str) -> str:
        """A new token, which ends the one before; it counts on return."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        (appended,) = await self._log.append_all([self._tokens.record(app_id, token)])
        await self.copy.folded(appended)
        _log.info("page_token_made", app_id=app_id)
        return token

    async def forget(self, app_id: str) -> None:
        """Leaves the page without a token; it counts on return."""
        for appended in await self._log.append_all(self._tokens.removal(app_id)):
            await self.copy.folded(appended)
