"""Facebook: its login dialog, the pages of who logged in, and what a page's events are sent to
(P1)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import msgspec
import structlog
from pydantic import SecretStr

from tuyen_channels.facebook.authorizing import prove_app
from tuyen_channels.facebook.refusals import GraphError, judge_graph_error
from tuyen_channels.segments import name_segment
from tuyen_events.limits import CONNECTION_ACCOUNTS, CURSOR_CHARACTERS, NAME_CHARACTERS
from tuyen_gateway.adapters.channel_calls import ChannelAnswer, ChannelCalls
from tuyen_gateway.domain.page_secrets import is_page_secret
from tuyen_gateway.ports.channels import Consent, OfferedAccount
from tuyen_platform.page_credentials import AccountCredentials

SUBSCRIBED_FIELDS = (
    "messages",
    "message_echoes",
    "message_edits",
    "message_deliveries",
    "message_reads",
    "message_reactions",
    "messaging_postbacks",
    "messaging_referrals",
    "standby",
    "feed",
    "mention",
    "ratings",
    "live_videos",
)
"""The kinds of events of a page that ingest reads."""

_SCOPES = (
    "pages_show_list",
    "pages_messaging",
    "pages_manage_metadata",
    "pages_read_engagement",
    "pages_read_user_content",
    "pages_manage_engagement",
)

_LISTED = 100
_PARTS = CONNECTION_ACCOUNTS // _LISTED
_ACCOUNT_ID = re.compile(r"[0-9]{1,64}").fullmatch

_log = structlog.get_logger()


class FacebookPages:
    """`ChannelLogins` and `ChannelSubscriptions`. `api` and `dialog` are base addresses, with
    Facebook's version in their paths."""

    def __init__(
        self,
        calls: ChannelCalls,
        api: str,
        dialog: str,
        app_id: str | None,
        app_secret: SecretStr | None,
    ) -> None:
        self._calls = calls
        self._api = api
        self._dialog = dialog
        self._app_id = app_id or ""
        self._app_secret = app_secret or SecretStr("")

    def begin(self, redirect_uri: str, state: str) -> Consent:
        query = {
            "client_id": self._app_id,
            "redirect_uri": redirect_uri,
            "state": state,
            "scope": ",".join(_SCOPES),
            "response_type": "code",
        }
        return Consent(f"{self._dialog}/dialog/oauth?{urlencode(query)}")

    async def finish(
        self, code: str, redirect_uri: str, verifier: SecretStr | None
    ) -> Sequence[OfferedAccount]:
        """The pages have tokens without an end, since they come from a long-lived token of the
        user."""
        short = await self._token(code=code, redirect_uri=redirect_uri)
        long = await self._token(grant_type="fb_exchange_token", fb_exchange_token=short)
        found: dict[str, OfferedAccount] = {}
        params = {"fields": "id,name,access_token", "limit": str(_LISTED)}
        for _ in range(_PARTS):
            answer = await self._ask("GET", "me/accounts", long, params=params)
            found.update((account.external_id, account) for account in _accounts(answer.body))
            after = _following(answer.body)
            if after is None:
                break
            params["after"] = after
        else:
            _log.warning("channel_accounts_cut", channel="facebook", most=CONNECTION_ACCOUNTS)
        return list(found.values())[:CONNECTION_ACCOUNTS]

    async def add(self, external_id: str, credentials: AccountCredentials) -> None:
        form = {"subscribed_fields": ",".join(SUBSCRIBED_FIELDS)}
        token = credentials.access_token.get_secret_value()
        await self._ask("POST", f"{name_segment(external_id)}/subscribed_apps", token, form=form)

    async def remove(self, external_id: str, credentials: AccountCredentials) -> None:
        token = credentials.access_token.get_secret_value()
        await self._ask("DELETE", f"{name_segment(external_id)}/subscribed_apps", token)

    async def is_subscribed(self, external_id: str, credentials: AccountCredentials) -> bool:
        token = credentials.access_token.get_secret_value()
        answer = await self._ask("GET", f"{name_segment(external_id)}/subscribed_apps", token)
        return any(
            set(SUBSCRIBED_FIELDS) <= _texts(app.get("subscribed_fields"))
            for app in _objects(answer.body.get("data"))
            if not self._app_id or str(app.get("id")) == self._app_id
        )

    async def _token(self, **given: str) -> str:
        """A token of the user, for a code or a token."""
        # As a form: a query is written to the logs of whoever is between us and Facebook.
        form = {
            "client_id": self._app_id,
            "client_secret": self._app_secret.get_secret_value(),
            **given,
        }
        answer = await self._calls.call("POST", f"{self._api}/oauth/access_token", form=form)
        self._check(answer)
        token = answer.body.get("access_token")
        if not is_page_secret(token):
            raise self._calls.unavailable()
        return str(token)

    async def _ask(
        self,
        method: str,
        path: str,
        token: str,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> ChannelAnswer:
        headers = {"Authorization": f"Bearer {token}"}
        query = {**(params or {}), **prove_app(token, self._app_secret.get_secret_value())}
        answer = await self._calls.call(
            method, f"{self._api}/{path}", params=query, form=form, headers=headers
        )
        self._check(answer)
        return answer

    def _check(self, answer: ChannelAnswer) -> None:
        """Raises what an error means."""
        error = answer.body.get("error")
        if isinstance(error, dict):
            raise self._calls.explain(judge_graph_error(_read_error(error), {}))
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise self._calls.unavailable()


def _read_error(error: Mapping[str, Any]) -> GraphError:
    try:
        return msgspec.convert(error, GraphError)
    except msgspec.ValidationError:
        return GraphError()


def _accounts(body: Mapping[str, Any]) -> Iterator[OfferedAccount]:
    for page in _objects(body.get("data")):
        external_id, name, token = (page.get(key) for key in ("id", "name", "access_token"))
        if not isinstance(external_id, str) or not _ACCOUNT_ID(external_id):
            continue
        if not is_page_secret(token):
            continue  # the user may not use this page
        shown = name.strip()[:NAME_CHARACTERS] if isinstance(name, str) else ""
        credentials = AccountCredentials(access_token=SecretStr(str(token)))
        yield OfferedAccount(external_id, shown or external_id, credentials)


def _following(body: Mapping[str, Any]) -> str | None:
    """The cursor of the next part of a list. Not `next` itself: it contains the token."""
    paging = body.get("paging")
    if not isinstance(paging, dict) or not paging.get("next"):
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    valid = isinstance(after, str) and 0 < len(after) <= CURSOR_CHARACTERS
    return after if valid else None


def _objects(several: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(several, list):
        yield from (one for one in several if isinstance(one, dict))


def _texts(several: object) -> set[str]:
    return {one for one in several if isinstance(one, str)} if isinstance(several, list) else set()
