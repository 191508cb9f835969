"""Connecting pages (P1): logins at channels, what pages call their channels with, and whether the
channels send their events to us.

A channel that does not answer, or refuses, changes nothing about what was set up: the page says so
in its `problem`, and the check of subscriptions tries again.

Decides P1.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import blake2b
from typing import NamedTuple, Self

import structlog

from tuyen_events.directory import PageChanged
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.limits import CONNECTION_LASTS_S
from tuyen_events.vocabulary import Channel
from tuyen_gateway.domain.audit import audit_page_token
from tuyen_gateway.domain.livechat import INACTIVE
from tuyen_gateway.errors import (
    ChannelRefusedError,
    ChannelUnavailableError,
    ConflictError,
    InvalidError,
    TooManyAttemptsError,
)
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.ports.channels import ChannelLogins, OfferedAccount, PageConnection
from tuyen_platform.page_credentials import (
    AccountCredentials,
    PageProblem,
    PageSubscription,
    name_account,
)

_STATE_BYTES = 32

_NOT_SUBSCRIBED = PageProblem(
    code="not_subscribed",
    vi="Chưa đăng ký nhận được sự kiện của trang: hệ thống sẽ tự thử lại.",
    en="The page's events could not be subscribed yet; this is tried again automatically.",
)
_NOT_CONNECTED = PageProblem(
    code="not_connected",
    vi="Trang chưa có mã truy cập, nên chưa gửi được tin: hãy kết nối trang.",
    en="The page has no access token, so nothing can be sent: connect the page.",
)
_EXPIRED = PageProblem(
    code="token_expired",
    vi="Mã truy cập của trang đã hết hạn: hãy kết nối lại trang.",
    en="The page's token has expired: connect the page again.",
)

_log = structlog.get_logger()


class Account(NamedTuple):
    """An account at a channel, as an organization has it. Its credentials are known by `name`."""

    organization: OrganizationId
    channel: Channel
    external_id: str

    @property
    def name(self) -> str:
        return name_account(*self)

    @classmethod
    def parse(cls, name: str) -> Self:
        organization, channel, external_id = name.split("/", 2)
        return cls(OrganizationId(organization), Channel(channel), external_id)


def account_of(page: PageChanged) -> Account:
    return Account(page.organization, page.channel, page.external_id)


async def begin_connection(
    gateway: Gateway,
    organization: OrganizationId,
    agent_id: AgentId,
    channel: Channel,
    redirect_uri: str,
) -> tuple[str, str]:
    """Begins a login at the channel: the address to log in at, and the login's state. Raises
    ConflictError if the installation has no app there."""
    logins = _logins(gateway, channel)
    gateway.directory.count(organization)
    state = secrets.token_urlsafe(_STATE_BYTES)
    consent = logins.begin(redirect_uri, state)
    await gateway.page_connections.keep(
        PageConnection(
            organization=organization,
            state=state,
            agent_id=agent_id,
            channel=channel,
            redirect_uri=redirect_uri,
            verifier=consent.verifier,
            expires_at=gateway.clock.now() + timedelta(seconds=CONNECTION_LASTS_S),
        )
    )
    return consent.authorize_url, state


async def finish_connection(
    gateway: Gateway,
    organization: OrganizationId,
    agent_id: AgentId,
    state: str,
    code: str,
    *,
    channel: Channel | None,
) -> Sequence[OfferedAccount]:
    """The accounts that somebody who came back from `channel` may connect; None is whichever
    channel the login was begun at. Repeated, it answers the same, since a code can be used once.
    Raises InvalidError, ChannelUnavailableError."""
    connections = gateway.page_connections
    async with connections.hold(state):
        begun = _own_connection(gateway, organization, agent_id, "state", state)
        if channel not in (None, begun.channel):
            raise InvalidError("state", f"You began this login at {begun.channel}.")
        if begun.accounts is not None:
            return begun.accounts
        logins = _logins(gateway, begun.channel)
        gateway.directory.count(organization)
        async with gateway.channels.turn(organization):
            try:
                accounts = await logins.finish(code, begun.redirect_uri, begun.verifier)
            except ChannelRefusedError as refused:
                raise InvalidError("code", f"{refused.detail} Log in again.") from None
        await connections.keep(replace(begun, accounts=tuple(accounts), verifier=None))
        return accounts


def find_connected(
    gateway: Gateway, account: Account, agent_id: AgentId, state: str
) -> AccountCredentials:
    """The credentials that a login gave for an account: the same ones, with the same stamp, each
    time. Raises InvalidError."""
    begun = _own_connection(gateway, account.organization, agent_id, "connection", state)
    if begun.accounts is None:
        raise InvalidError("connection", "This login was not finished: send its code first.")
    for offered in begun.accounts:
        if (begun.channel, offered.external_id) == (account.channel, account.external_id):
            digest = blake2b(f"{state}/{account.external_id}".encode(), digest_size=8)
            return replace(offered.credentials, stamp=digest.hexdigest())
    raise InvalidError(
        "external_id",
        f"Whoever logged in may not use the {account.channel} account {account.external_id!r}.",
    )


async def set_credentials(
    gateway: Gateway, page: PageChanged, wanted: AccountCredentials, by: AgentId
) -> bool:
    """Gives a page's account credentials, and returns whether they are others than before. Those
    that it was given before end its problem, and nothing else: a pair that was refreshed since is
    newer. The account is held."""
    access, account = gateway.page_access, account_of(page)
    last_set, present = access.find_set_credentials(account.name), access.credentials(account.name)
    if last_set is not None and _is_repeated(last_set, wanted, was_refreshed=present != last_set):
        await access.end_problem(account.name)
        return False
    audited = audit_page_token(page.organization, page.id, by=by, at=gateway.clock.now())
    await access.set(account.name, wanted, audited)
    return True


async def update_subscription(
    gateway: Gateway, page: PageChanged, *, before: PageChanged | None, renewed: bool
) -> None:
    """Subscribes an active page, and unsubscribes one that was set inactive, where its channel has
    subscriptions. `renewed` is whether it has other credentials. The account is held."""
    account = account_of(page)
    if gateway.page_access.credentials(account.name) is None:
        return
    noted = gateway.page_access.subscription(account.name)
    was_active = before is not None and before.status != INACTIVE
    if page.status == INACTIVE:
        if was_active or noted is not None:
            await unsubscribe(gateway, account)
    elif renewed or not was_active or noted is None or noted.problem is not None:
        await subscribe(gateway, account)


async def subscribe(gateway: Gateway, account: Account) -> PageProblem | None:
    """Subscribes an account's events, and notes and returns what the channel said against it. The
    account is held."""
    subscriptions = gateway.channels.subscriptions(account.channel)
    credentials = gateway.page_access.credentials(account.name)
    if subscriptions is None or credentials is None:
        return None
    problem: PageProblem | None = None
    try:
        async with gateway.channels.turn(account.organization):
            await subscriptions.add(account.external_id, credentials)
    except ChannelRefusedError as refused:
        problem = describe_refusal(refused)
    except (ChannelUnavailableError, TooManyAttemptsError):
        problem = _NOT_SUBSCRIBED
    reason = None if problem is None else problem.code
    _log.info("page_subscription_requested", account=account.name, problem=reason)
    await gateway.page_access.note_subscription(
        account.name, PageSubscription(stamp=credentials.stamp, problem=problem)
    )
    return problem


async def unsubscribe(gateway: Gateway, account: Account) -> None:
    """Ends an account's events. If the channel does not answer, the next check tries again; if it
    refuses, it is left: what still arrives is not processed. The account is held."""
    subscriptions = gateway.channels.subscriptions(account.channel)
    credentials = gateway.page_access.credentials(account.name)
    if subscriptions is None or credentials is None:
        return
    reason: str | None = None
    try:
        async with gateway.channels.turn(account.organization):
            await subscriptions.remove(account.external_id, credentials)
    except ChannelRefusedError as refused:
        reason = refused.code
    except (ChannelUnavailableError, TooManyAttemptsError) as error:
        _log.warning("page_not_unsubscribed", account=account.name, reason=error.detail)
        return
    _log.info("page_unsubscribed", account=account.name, problem=reason)
    await gateway.page_access.note_subscription(account.name, None)


async def disconnect(
    gateway: Gateway, account: Account, last_set: AccountCredentials | None
) -> None:
    """Ends the events of an account whose page was removed, and the credentials that were
    `last_set` before that. The account is held. If another page has the account meanwhile, its
    events are left, and what it was given since: they are that page's."""
    if last_set is None or gateway.page_access.find_set_credentials(account.name) != last_set:
        return
    if gateway.directory.find_page_of_account(account.channel, account.external_id) is None:
        await unsubscribe(gateway, account)
    await gateway.page_access.forget(account.name, last_set)


def find_problem(gateway: Gateway, page: PageChanged) -> PageProblem | None:
    """Why a page cannot send, or gets no events; None if nothing is known against it."""
    account = account_of(page).name
    credentials = gateway.page_access.credentials(account)
    if credentials is None:
        return None if page.status == INACTIVE else _NOT_CONNECTED
    found = gateway.page_access.problem(account)
    if found is not None:
        return found
    ends = credentials.expires_at
    if ends is not None and ends <= gateway.clock.now() and credentials.refresh_token is None:
        return _EXPIRED
    subscription = gateway.page_access.subscription(account)
    return None if subscription is None or page.status == INACTIVE else subscription.problem


def describe_refusal(refused: ChannelRefusedError) -> PageProblem:
    return PageProblem(code=refused.code, vi=refused.vi, en=refused.en)


def _logins(gateway: Gateway, channel: Channel) -> ChannelLogins:
    logins = gateway.channels.logins(channel)
    if logins is None:
        raise ConflictError(
            f"Pages of {channel} cannot be connected by a login here: the operator has set no app "
            "for it, or the channel has none."
        )
    return logins


def _own_connection(
    gateway: Gateway, organization: OrganizationId, agent_id: AgentId, field: str, state: str
) -> PageConnection:
    found = gateway.page_connections.find(organization, state)
    if found is None or found.agent_id != agent_id:
        raise InvalidError(
            field, "You began no such login, or it has ended: begin again, from the same account."
        )
    return found


def _is_repeated(
    given: AccountCredentials, wanted: AccountCredentials, *, was_refreshed: bool
) -> bool:
    if given.stamp == wanted.stamp:
        return True
    same = (given.access_token, given.refresh_token) == (wanted.access_token, wanted.refresh_token)
    return same and (was_refreshed or given.expires_at == wanted.expires_at)
