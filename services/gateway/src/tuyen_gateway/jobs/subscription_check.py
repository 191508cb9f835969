"""P1: checks that channels still send the pages' events to us, and subscribes pages again if they
do not. Also finishes what a gateway had begun before it died.
"""

from collections.abc import Iterable

import structlog

from tuyen_directory.organization import Organization
from tuyen_gateway.connecting import (
    Account,
    account_of,
    describe_refusal,
    disconnect,
    subscribe,
    unsubscribe,
)
from tuyen_gateway.domain.livechat import INACTIVE
from tuyen_gateway.errors import (
    ChannelRefusedError,
    ChannelUnavailableError,
    TooManyAttemptsError,
)
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.jobs.retry import is_transient
from tuyen_platform.metrics import PAGE_SUBSCRIPTIONS
from tuyen_platform.pacer import Pacer
from tuyen_platform.page_credentials import PageSubscription

_MIN_INTERVAL_S = 0.1
"""Between two pages: a channel counts our calls, and checks must not take what replies need."""

_log = structlog.get_logger()


async def check_subscriptions(gateway: Gateway, organizations: Iterable[Organization]) -> None:
    """Checks every page of the organizations once. Idempotent: two gateways may do it at once. What
    fails at one page is left to the next check, and the other pages are checked (R9.5)."""
    pacer = Pacer(_MIN_INTERVAL_S)
    wanted = {organization.id for organization in organizations if not organization.suspended}
    for account in map(Account.parse, gateway.page_access.accounts):
        if account.organization not in wanted:
            continue
        await pacer.turn()
        try:
            await _check(gateway, account)
        except Exception as error:
            # The supervisor of one page's check: others must not stop because of it.
            if is_transient(error):
                _log.warning("check_put_off", account=account.name, error=str(error))
            else:
                _log.exception("check_failed", account=account.name)


async def _check(gateway: Gateway, account: Account) -> None:
    async with gateway.page_access.hold(account.name):
        last_set = gateway.page_access.find_set_credentials(account.name)
        await gateway.directory.table.require_current()
        status = _find_status(gateway, account)
        noted = gateway.page_access.subscription(account.name)
        if status is None:
            await disconnect(gateway, account, last_set)
        elif status != INACTIVE:
            await _check_active(gateway, account)
        elif noted is not None:
            await unsubscribe(gateway, account)


def _find_status(gateway: Gateway, account: Account) -> str | None:
    """The status of the account's page; None if its organization has no such page."""
    organization = gateway.directory.organization(account.organization)
    pages = () if organization is None else organization.pages.values()
    found = (stored.value for stored in pages if account_of(stored.value) == account)
    return next((page.status for page in found), None)


async def _check_active(gateway: Gateway, account: Account) -> None:
    subscriptions = gateway.channels.subscriptions(account.channel)
    credentials = gateway.page_access.credentials(account.name)
    if subscriptions is None or credentials is None:
        return
    noted = gateway.page_access.subscription(account.name)
    result = "renewed"
    if noted is not None and noted.problem is None:
        try:
            async with gateway.channels.turn(account.organization):
                if await subscriptions.is_subscribed(account.external_id, credentials):
                    result = "kept"
        except ChannelRefusedError as refused:
            result = "refused"
            problem = describe_refusal(refused)
            await gateway.page_access.note_subscription(
                account.name, PageSubscription(stamp=credentials.stamp, problem=problem)
            )
        except (ChannelUnavailableError, TooManyAttemptsError):
            result = "unavailable"
    if result == "renewed":
        _log.warning("page_subscription_missing", account=account.name)
        if await subscribe(gateway, account) is not None:
            result = "refused"
    PAGE_SUBSCRIPTIONS.labels(account.channel, result).inc()
