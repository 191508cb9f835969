"""Keeps pages' credentials alive: refreshes tokens before they end, and when they are refused.

Each account has one refresher: the worker that owns the partition of `outbound` to which the
account's name hashes. A refresh token works once. The new pair is acknowledged by Kafka before it
is used. If the process ends between the channel's answer and that, or the answer is lost, the old
refresh token is tried again; if the channel refuses it, the page shows a problem that a person has
to solve. The old access token is used for as long as it lasts, and then the page stops.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

import structlog
from pydantic import SecretStr

from tuyen_channels.calls import ChannelRefusal, HiddenToken, RefusalKind
from tuyen_channels.ports import Connector, RefreshCall
from tuyen_channels.refusals import explain_refusal
from tuyen_events.outbound_topics import OUTBOUND
from tuyen_events.vocabulary import Channel
from tuyen_outbound.live_calls import LiveCalls
from tuyen_outbound.ports import Accounts
from tuyen_platform import metrics
from tuyen_platform.clock import Clock
from tuyen_platform.dead_letters import list_frames
from tuyen_platform.error_causes import is_caused_by_record
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.page_credentials import AccountCredentials, PageProblem
from tuyen_platform.retry import retry

_TURN_S = 2.0
_AT_ONCE = 8
_AT_ONCE_OF_ORGANIZATION = 2
"""Accounts that are refreshed at the same time: a channel that answers one page slowly delays
neither its organization's others nor those of another one (R9.5)."""
_EARLY = timedelta(hours=2)
"""How long before its end a token is refreshed."""
_SHARE_USED = 0.75
"""A token that lasts for less than eight hours is refreshed when this share of its time is over."""
_AGAIN_AFTER = timedelta(minutes=2)
"""The pause after a refresh that failed."""
_SOON_AGAIN = timedelta(seconds=10)
"""The same if the page cannot send meanwhile."""
_REFUSED_AT_ONCE = timedelta(minutes=1)
"""A new token that is refused so soon is not refreshed again: that would go on for ever."""
_BLOCKED_FOR = timedelta(hours=1)
"""After how long a page that the channel blocked for its policies tries again."""

_RENEWING = "token_renewing"
"""The problem of a page whose refused token is being refreshed (`TableAccounts.stop`)."""

_ENDING = "token_ending"
"""The problem of a page that can send, but whose token cannot be refreshed any more."""

_log = structlog.get_logger()


class _Tries(NamedTuple):
    """When an account is refreshed again: `again_at` if its page cannot send meanwhile, `early_at`
    otherwise. `was_doubted` is whether a refusal of the token of `refreshed_at` was disregarded."""

    again_at: datetime | None = None
    early_at: datetime | None = None
    refreshed_at: datetime | None = None
    was_doubted: bool = False


_NO_TRIES = _Tries()


class TokenRefresher:
    """Looks after the accounts whose refresher this process is: some at the same time, in which
    organizations take turns."""

    def __init__(
        self,
        accounts: Accounts,
        connectors: Mapping[Channel, Connector],
        clock: Clock,
        calls: LiveCalls,
        partitions: Callable[[], Set[int]],
    ) -> None:
        """`partitions` are those of `outbound` that this worker owns at the moment."""
        self._accounts = accounts
        self._connectors = connectors
        self._clock = clock
        self._calls = calls
        self._partitions = partitions
        self._tries: dict[str, _Tries] = {}
        self._blocked_since: dict[str, datetime] = {}
        self._at_work: dict[str, str] = {}
        """The accounts that are being refreshed, with their organizations."""
        self._served: dict[str, None] = {}
        """The organizations with an account that is due, the one that was served last at the
        end."""
        self._has_room = asyncio.Event()

    async def run(self) -> None:
        """Works until cancelled; while Kafka is unavailable it waits."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._has_room.clear()
                self._start_due(tasks)
                await retry(self._unblock, log_as="outbound_token_refresh_waits")
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._has_room.wait(), _TURN_S)

    async def turn(self) -> None:
        """Refreshes what is due, as far as there is room, and returns when that has ended."""
        async with asyncio.TaskGroup() as tasks:
            self._start_due(tasks)
        await self._unblock()

    def _start_due(self, tasks: asyncio.TaskGroup) -> None:
        now = self._clock.now()
        accounts = self._accounts.refreshed_accounts
        self._tries = {each: self._tries[each] for each in accounts if each in self._tries}
        due = [one for one in accounts if one not in self._at_work and self._is_due(one, now)]
        for account in self._take_turns(due):
            self._at_work[account] = _organization_of(account)
            tasks.create_task(self._look_after(account))

    def _take_turns(self, due: Sequence[str]) -> Iterator[str]:
        """The accounts for which there is room, the next one of each organization in turn."""
        waiting: dict[str, list[str]] = {}
        for account in due:
            waiting.setdefault(_organization_of(account), []).append(account)
        self._served = dict.fromkeys(one for one in self._served if one in waiting)
        at_work = Counter(self._at_work.values())
        turns = deque([*(one for one in waiting if one not in self._served), *self._served])
        while turns and at_work.total() < _AT_ONCE:
            organization = turns.popleft()
            if at_work[organization] >= _AT_ONCE_OF_ORGANIZATION:
                continue
            self._served.pop(organization, None)
            self._served[organization] = None
            at_work[organization] += 1
            yield waiting[organization].pop(0)
            if waiting[organization]:
                turns.append(organization)

    async def _look_after(self, account: str) -> None:
        try:
            await retry(partial(self._refresh, account), log_as="outbound_token_refresh_waits")
        except Exception as error:  # one account must not stop the others
            if not is_caused_by_record(error):
                raise
            self._put_off(account, error)
        finally:
            del self._at_work[account]
            self._has_room.set()

    def _put_off(self, account: str, error: Exception) -> None:
        later = self._clock.now() + _AGAIN_AFTER
        self._tries[account] = _Tries(again_at=later, early_at=later)
        _log.error(
            "page_token_refresh_failed",
            account=account,
            error=type(error).__name__,
            raised_at=list_frames(error),
        )

    def _is_mine(self, account: str) -> bool:
        return partition_of(account, OUTBOUND.partitions) in self._partitions()

    def _is_due(self, account: str, now: datetime) -> bool:
        credentials = self._accounts.find_credentials(account)
        if credentials is None or credentials.refresh_token is None or not self._is_mine(account):
            return False
        tries = self._tries.get(account, _NO_TRIES)
        problem = self._find_stop(account)
        if problem is not None:
            return problem.code == _RENEWING and now >= (tries.again_at or now)
        if credentials.expires_at is None or now < (tries.early_at or now):
            return False
        return credentials.expires_at - now < _EARLY

    def _find_stop(self, account: str) -> PageProblem | None:
        """Why the account cannot send at the moment."""
        problem = self._accounts.find_problem(account)
        return problem if problem is not None and problem.stops else None

    async def _refresh(self, account: str) -> None:
        """Refreshes one account, once it is certain that nobody did so already."""
        now = self._clock.now()
        if not await self._accounts.catch_up() or not self._is_due(account, now):
            return
        before = self._accounts.find_credentials(account)
        connector = self._connectors.get(_channel_of(account))
        refresh = None if connector is None else connector.refresh
        if before is None or before.refresh_token is None or refresh is None:
            return
        if self._calls.are_ending:
            return  # the next refresher does so
        refreshed_at = self._tries.get(account, _NO_TRIES).refreshed_at
        is_renewing = self._find_stop(account) is not None
        was_refreshed = refreshed_at is not None and now - refreshed_at < _REFUSED_AT_ONCE
        if is_renewing and was_refreshed:
            return await self._doubt_refusal(account, before)
        token = HiddenToken(before.refresh_token.get_secret_value())
        # The process must not end between the channel's answer and its record.
        exchange = self._exchange(account, refresh, before, token)
        await asyncio.shield(self._calls.start(f"refresh {account}", exchange))

    async def _doubt_refusal(self, account: str, before: AccountCredentials) -> None:
        """A call was refused, and the token is new. The call may have been made with the token
        before, which ended as it was exchanged: so the page tries again, once, and then stops."""
        tries = self._tries[account]
        if tries.was_doubted:
            refusal = ChannelRefusal(RefusalKind.DEAD_TOKEN, "token_dead")
            return await self._stop(account, before, refusal)
        await self._accounts.keep_problem(account, before, None)
        self._tries[account] = tries._replace(was_doubted=True)

    async def _exchange(
        self,
        account: str,
        refresh: RefreshCall,
        before: AccountCredentials,
        refresh_token: HiddenToken,
    ) -> None:
        answer = await refresh(refresh_token)
        now, channel = self._clock.now(), _channel_of(account)
        if isinstance(answer, ChannelRefusal):
            metrics.OUTBOUND_TOKENS.labels(channel, answer.kind).inc()
            return await self._note_refusal(account, before, answer, now)
        lasts = timedelta(seconds=answer.lasts_s)
        refreshed = AccountCredentials(
            access_token=SecretStr(answer.access_token.reveal()),
            refresh_token=SecretStr(answer.refresh_token.reveal()),
            expires_at=now + lasts if lasts else None,
            stamp=before.stamp,
        )
        keep = partial(self._accounts.keep_refreshed, account, refreshed)
        await retry(keep, log_as="outbound_refreshed_token_waits")
        self._tries[account] = _Tries(early_at=now + lasts * _SHARE_USED, refreshed_at=now)
        metrics.OUTBOUND_TOKENS.labels(channel, "refreshed").inc()
        _log.info("page_token_refreshed", account=account)

    async def _note_refusal(
        self, account: str, before: AccountCredentials, refusal: ChannelRefusal, now: datetime
    ) -> None:
        """After a refusal the page goes on with its token for as long as that is valid; whoever can
        connect it again sees the problem at once."""
        is_stopped = self._find_stop(account) is not None
        is_usable = not is_stopped and before.expires_at is not None and before.expires_at > now
        self._tries[account] = _Tries(again_at=now + _SOON_AGAIN, early_at=now + _AGAIN_AFTER)
        _log.warning(
            "page_token_not_refreshed", account=account, code=refusal.code, detail=refusal.detail
        )
        if refusal.kind is RefusalKind.DEAD_TOKEN:
            shown = refusal._replace(code=_ENDING) if is_usable else refusal
            await self._stop(account, before, shown, stops=not is_usable)

    async def _stop(
        self,
        account: str,
        before: AccountCredentials,
        refusal: ChannelRefusal,
        *,
        stops: bool = True,
    ) -> None:
        """Stores why the page cannot send, or will not be able to once its token ends; unless it
        has other credentials by now, or is stopped already."""
        if not await self._accounts.catch_up():
            return
        if self._accounts.find_credentials(account) != before:
            return  # another process refreshed it, or a person gave it other credentials
        why = explain_refusal(refusal)
        problem = PageProblem(code=why.code, vi=why.vi, en=why.en, stops=stops)
        is_news = stops or self._find_stop(account) is None
        if is_news and self._accounts.find_problem(account) != problem:
            await self._accounts.keep_problem(account, before, problem)

    async def _unblock(self) -> None:
        """Lets pages try again which the channel blocked for a while. Raises
        LogUnavailableError."""
        now = self._clock.now()
        stopped = self._accounts.stopped_accounts
        metrics.OUTBOUND_STOPPED.set(sum(self._is_mine(account) for account in stopped))
        blocked: dict[str, datetime] = {}
        for account in stopped:
            problem = self._accounts.find_problem(account)
            is_blocked = problem is not None and problem.code == "blocked_by_policy"
            if is_blocked and self._is_mine(account):
                blocked[account] = self._blocked_since.get(account, now)
        self._blocked_since = blocked
        for account, since in blocked.items():
            credentials = self._accounts.find_credentials(account)
            if credentials is not None and now - since >= _BLOCKED_FOR:
                await self._accounts.keep_problem(account, credentials, None)


def _organization_of(account: str) -> str:
    return account.partition("/")[0]


def _channel_of(account: str) -> Channel:
    return Channel(account.split("/")[1])
