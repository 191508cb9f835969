"""The credentials of pages at their channels: written only here, and encrypted in the log (P6)."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

import structlog
from pydantic import SecretStr

from tuyen_events.audit import AuditRecorded
from tuyen_events.codec import read_bytes
from tuyen_events.topics import PAGE_CREDENTIALS
from tuyen_gateway.adapters.audit_records import audit_record
from tuyen_gateway.adapters.awaited_table import AwaitedTable
from tuyen_platform.kafka.ports import Log
from tuyen_platform.page_credentials import (
    AccountCredentials,
    PageCredentials,
    PageProblem,
    PageSubscription,
    problem_record,
    removal_records,
    subscription_record,
)

_log = structlog.get_logger()


class PageAccessTable:
    """`PageAccess`, from the log."""

    def __init__(self, log: Log, keys: SecretStr) -> None:
        self._pages = PageCredentials(keys)
        self.table = AwaitedTable(log, PAGE_CREDENTIALS, read_bytes, self._pages.fold)

    @property
    def accounts(self) -> Sequence[str]:
        return self._pages.accounts

    def credentials(self, account: str) -> AccountCredentials | None:
        return self._pages.credentials(account)

    def find_set_credentials(self, account: str) -> AccountCredentials | None:
        return self._pages.find_set_credentials(account)

    def problem(self, account: str) -> PageProblem | None:
        return self._pages.problem(account)

    def subscription(self, account: str) -> PageSubscription | None:
        return self._pages.subscription(account)

    def hold(self, account: str) -> AbstractAsyncContextManager[None]:
        return self.table.hold(account)

    async def set(
        self, account: str, credentials: AccountCredentials, audited: AuditRecorded
    ) -> None:
        record = self._pages.set_record(account, credentials)
        await self.table.append([record, audit_record(audited)])
        _log.info("page_credentials_set", account=account, expires_at=credentials.expires_at)

    async def end_problem(self, account: str) -> None:
        present = self._pages.find_set_credentials(account)
        if present is not None and self._pages.problem(account) is not None:
            await self.table.append([problem_record(account, present, None)])
            _log.info("page_problem_ended", account=account)

    async def note_subscription(self, account: str, subscription: PageSubscription | None) -> None:
        if self._pages.subscription(account) != subscription:
            await self.table.append([subscription_record(account, subscription)])

    async def forget(self, account: str, given: AccountCredentials) -> None:
        removal = removal_records(account)
        if await self.table.append_if(removal, lambda: self.find_set_credentials(account) == given):
            _log.info("page_credentials_removed", account=account)
