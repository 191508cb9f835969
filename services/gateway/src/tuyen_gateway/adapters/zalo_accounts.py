"""Zalo: the consent of an Official Account's administrator, with PKCE (P1). Its events need no
subscription: an account that gave its consent sends them to the app's webhook."""

import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from pydantic import SecretStr

from tuyen_channels.zalo.lifetimes import read_lifetime
from tuyen_channels.zalo.refusals import judge_zalo_error
from tuyen_events.limits import NAME_CHARACTERS
from tuyen_gateway.adapters.channel_calls import ChannelCalls
from tuyen_gateway.adapters.pkce import derive_challenge
from tuyen_gateway.domain.page_secrets import is_page_secret
from tuyen_gateway.errors import GatewayError
from tuyen_gateway.ports.channels import Consent, OfferedAccount
from tuyen_platform.clock import Clock
from tuyen_platform.page_credentials import AccountCredentials

_VERIFIER_BYTES = 32
"""Encoded as text, these are the 43 characters that Zalo requires."""

_ACCOUNT_ID = re.compile(r"[0-9]{1,64}").fullmatch


class ZaloAccounts:
    """`ChannelLogins`. `api` and `oauth` are base addresses."""

    def __init__(
        self,
        calls: ChannelCalls,
        api: str,
        oauth: str,
        app_id: str,
        app_secret: SecretStr,
        *,
        clock: Clock,
    ) -> None:
        self._calls = calls
        self._api = api
        self._oauth = oauth
        self._app_id = app_id
        self._app_secret = app_secret
        self._clock = clock

    def begin(self, redirect_uri: str, state: str) -> Consent:
        verifier = secrets.token_urlsafe(_VERIFIER_BYTES)
        query = {
            "app_id": self._app_id,
            "redirect_uri": redirect_uri,
            "code_challenge": derive_challenge(verifier),
            "state": state,
        }
        url = f"{self._oauth}/v4/oa/permission?{urlencode(query)}"
        return Consent(url, SecretStr(verifier))

    async def finish(
        self, code: str, redirect_uri: str, verifier: SecretStr | None
    ) -> Sequence[OfferedAccount]:
        """One account: the one that gave its consent."""
        credentials = await self._exchange(code, verifier)
        headers = {"access_token": credentials.access_token.get_secret_value()}
        answer = await self._calls.call("GET", f"{self._api}/v2.0/oa/getoa", headers=headers)
        found = answer.body.get("data")
        if answer.body.get("error") or not isinstance(found, dict):
            raise self._explain(answer.body)
        external_id = str(found.get("oa_id") or found.get("oaid") or "")
        if not _ACCOUNT_ID(external_id):
            raise self._calls.unavailable()
        name = str(found.get("name") or "").strip()[:NAME_CHARACTERS]
        return [OfferedAccount(external_id, name or external_id, credentials)]

    async def _exchange(self, code: str, verifier: SecretStr | None) -> AccountCredentials:
        form = {
            "app_id": self._app_id,
            "code": code,
            "grant_type": "authorization_code",
            "code_verifier": "" if verifier is None else verifier.get_secret_value(),
        }
        answer = await self._calls.call(
            "POST",
            f"{self._oauth}/v4/oa/access_token",
            form=form,
            headers={"secret_key": self._app_secret.get_secret_value()},
        )
        access, refresh = (answer.body.get(f"{kind}_token") for kind in ("access", "refresh"))
        if not is_page_secret(access) or not is_page_secret(refresh):
            raise self._explain(answer.body)
        lasts = timedelta(seconds=read_lifetime(answer.body.get("expires_in")))
        return AccountCredentials(
            access_token=SecretStr(str(access)),
            refresh_token=SecretStr(str(refresh)),
            expires_at=self._clock.now() + lasts,
        )

    def _explain(self, body: Mapping[str, Any]) -> GatewayError:
        """Explains an answer that lacks what was requested."""
        code, message = body.get("error"), body.get("message")
        if not isinstance(code, int):
            return self._calls.unavailable()
        text = message if isinstance(message, str) else ""
        return self._calls.explain(judge_zalo_error(code, text))
