"""The pages and their credentials, from tables in memory."""

import asyncio
from collections.abc import Mapping, Sequence

import structlog
from pydantic import SecretStr

from tuyen_channels.calls import ChannelRefusal, HiddenToken, RefusalKind
from tuyen_channels.ports import Connector
from tuyen_channels.refusals import explain_refusal
from tuyen_directory.organization import Removed
from tuyen_directory.records import DirectoryChange, read_change
from tuyen_events.codec import KeyedBytes, read_bytes
from tuyen_events.directory import PageChanged
from tuyen_events.ids import OrganizationId, PageId
from tuyen_events.topics import DIRECTORY, PAGE_CREDENTIALS, PAGE_TOKENS
from tuyen_events.vocabulary import Channel
from tuyen_outbound.identity import SERVICE
from tuyen_platform.kafka.global_table import GlobalTable
from tuyen_platform.kafka.ports import Log, ProducerRecord, RecordPosition
from tuyen_platform.page_credentials import (
    AccountCredentials,
    PageCredentials,
    PageProblem,
    name_account,
    problem_record,
)
from tuyen_platform.page_tokens import PageTokens

_CATCH_UP_S = 20.0
_SERVED = frozenset({"active", "waiting"})

_log = structlog.get_logger()


class TableAccounts:
    """Implements `Accounts`. `tables` have to run."""

    def __init__(self, log: Log, keys: SecretStr, connectors: Mapping[Channel, Connector]) -> None:
        self._log = log
        self._connectors = connectors
        self._pages: dict[tuple[OrganizationId, PageId], PageChanged] = {}
        self._credentials = PageCredentials(keys)
        self._tokens = PageTokens(keys)
        self._refused: dict[str, HiddenToken] = {}
        """Tokens that were refused, until that is in the table."""
        self._waiting: dict[str, asyncio.Event] = {}
        directory = GlobalTable(log, DIRECTORY, read_change, self._fold_page, service=SERVICE)
        credentials = GlobalTable(
            log, PAGE_CREDENTIALS, read_bytes, self._fold_credentials, service=SERVICE
        )
        tokens = GlobalTable(log, PAGE_TOKENS, read_bytes, self._fold_token, service=SERVICE)
        self.tables = (directory, credentials, tokens)

    def find_page(self, organization: OrganizationId, page: PageId) -> PageChanged | None:
        found = self._pages.get((organization, page))
        return found if found is not None and found.status in _SERVED else None

    def find_token(self, page: PageChanged) -> HiddenToken | None:
        if self._is_signed(page):
            token = self._tokens.token(page.external_id)
            return None if token is None else HiddenToken(token)
        account = _account_of(page)
        credentials = self._credentials.credentials(account)
        if credentials is None or self._is_stopped(account):
            return None
        present = _token_of(credentials)
        return None if self._refused.get(account) == present else present

    async def wait_for_change(self, page: PageChanged) -> None:
        waited = page.external_id if self._is_signed(page) else _account_of(page)
        await self._waiting.setdefault(waited, asyncio.Event()).wait()

    async def stop(self, page: PageChanged, token: HiddenToken, refusal: ChannelRefusal) -> None:
        account = _account_of(page)
        await self.catch_up()
        credentials = self._credentials.credentials(account)
        if credentials is None or _token_of(credentials) != token:
            return
        if self._refused.get(account) == token or self._is_stopped(account):
            return
        self._refused[account] = token
        can_renew = (
            self._connectors[page.channel].refresh is not None
            and credentials.refresh_token is not None
        )
        if refusal.kind is RefusalKind.DEAD_TOKEN and can_renew:
            refusal = refusal._replace(code="token_renewing")
        why = explain_refusal(refusal)
        _log.warning(
            "page_stopped",
            organization=page.organization,
            page_id=page.id,
            code=why.code,
            detail=refusal.detail,
        )
        problem = PageProblem(code=why.code, vi=why.vi, en=why.en)
        try:
            await self.keep_problem(account, credentials, problem)
        except BaseException:  # otherwise the page would stop here alone, and nobody would know why
            self._refused.pop(account, None)
            raise

    @property
    def refreshed_accounts(self) -> Sequence[str]:
        return [
            account
            for account in self._credentials.accounts
            if (connector := self.find_connector(account)) is not None
            and connector.refresh is not None
        ]

    @property
    def stopped_accounts(self) -> Sequence[str]:
        return [each for each in self._credentials.accounts if self._is_stopped(each)]

    def find_connector(self, account: str) -> Connector | None:
        """The connector of an account's channel."""
        _, _, rest = account.partition("/")
        return self._connectors.get(Channel(rest.partition("/")[0]))

    def find_credentials(self, account: str) -> AccountCredentials | None:
        return self._credentials.credentials(account)

    def find_problem(self, account: str) -> PageProblem | None:
        return self._credentials.problem(account)

    async def catch_up(self) -> bool:
        caught_up = await asyncio.gather(*(table.refresh(_CATCH_UP_S) for table in self.tables))
        return all(caught_up)

    async def keep_refreshed(self, account: str, credentials: AccountCredentials) -> None:
        refreshed = self._credentials.refreshed_record(account, credentials)
        ended = problem_record(account, credentials, None)
        await self._append([refreshed, ended])

    async def keep_problem(
        self, account: str, credentials: AccountCredentials, problem: PageProblem | None
    ) -> None:
        await self._append([problem_record(account, credentials, problem)])

    async def _append(self, records: Sequence[ProducerRecord]) -> None:
        await self._log.append_all(records)

    def _is_stopped(self, account: str) -> bool:
        problem = self._credentials.problem(account)
        return problem is not None and problem.stops

    def _is_signed(self, page: PageChanged) -> bool:
        connector = self._connectors.get(page.channel)
        return connector is not None and connector.by_token

    def _fold_page(self, changed: DirectoryChange, _position: RecordPosition) -> None:
        match changed.change:
            case PageChanged() as page:
                self._pages[changed.organization, page.id] = page
                self._notify(_account_of(page))
                self._notify(page.external_id)
            case Removed(entity="page", entity_id=page_id):
                removed = self._pages.pop((changed.organization, PageId(page_id)), None)
                if removed is not None:
                    self._notify(_account_of(removed))
                    self._notify(removed.external_id)
            case _:
                pass

    def _fold_credentials(self, record: KeyedBytes, position: RecordPosition) -> None:
        _, _, account = record.key.partition("/")
        try:
            self._credentials.fold(record, position)
        finally:
            self._forget_refusal(record, account)
            self._notify(account)

    def _forget_refusal(self, record: KeyedBytes, account: str) -> None:
        """A refused token is remembered only until the table contains what was written of it."""
        if not record.key.startswith("subscription/"):
            self._refused.pop(account, None)

    def _fold_token(self, record: KeyedBytes, position: RecordPosition) -> None:
        self._tokens.fold(record, position)
        self._notify(record.key.partition("/")[2])

    def _notify(self, waited: str) -> None:
        event = self._waiting.pop(waited, None)
        if event is not None:
            event.set()


def _account_of(page: PageChanged) -> str:
    return name_account(page.organization, page.channel, page.external_id)


def _token_of(credentials: AccountCredentials) -> HiddenToken:
    return HiddenToken(credentials.access_token.get_secret_value())
