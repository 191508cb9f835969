"""Calls to channels when pages are connected: bounded in time, size and number (R9.5).

No error that leaves this module holds an address, a header or a body: they contain tokens.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from typing import Any, NamedTuple

import httpx
import msgspec
import structlog

from tuyen_channels.answers import DECODING_ERRORS
from tuyen_channels.calls import ChannelRefusal, RefusalKind
from tuyen_channels.refusals import explain_refusal
from tuyen_events.ids import OrganizationId
from tuyen_events.limits import CHANNEL_CALLS, CHANNEL_CALLS_OF_ORGANIZATION
from tuyen_events.vocabulary import Channel
from tuyen_gateway.errors import (
    ChannelRefusedError,
    ChannelUnavailableError,
    GatewayError,
    TooManyAttemptsError,
)
from tuyen_gateway.jobs.turns import Turns
from tuyen_gateway.ports.channels import ChannelLogins, ChannelSubscriptions

_CALL_WITHIN_S = 10.0
_TURN_WITHIN_S = 10.0
_ANSWER_BYTES = 2 * 1024 * 1024

_TEMPORARY = (RefusalKind.TRANSIENT, RefusalKind.THROTTLED)
_OF_PAGES = (RefusalKind.DEAD_TOKEN, RefusalKind.PAGE_STOPPED)
"""The reasons of the others are about messages."""

_log = structlog.get_logger()


class ChannelAnswer(NamedTuple):
    """A JSON object that a channel answered."""

    status: int
    body: Mapping[str, Any]


class ChannelCalls:
    """Calls one channel; `name` is what people call it."""

    def __init__(self, client: httpx.AsyncClient, name: str) -> None:
        self._client = client
        self._name = name

    async def call(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> ChannelAnswer:
        """Raises ChannelUnavailableError if there is no answer within 10 s, or one that is no JSON
        object. A status of 400 and above is an answer, one of 500 and above is none."""
        failed = ""
        try:
            async with asyncio.timeout(_CALL_WITHIN_S):
                return await self._call(method, url, params, form, headers)
        except TimeoutError:
            failed = "it took too long"
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            failed = type(error).__name__
        except _UselessAnswerError as error:
            failed = str(error)
        # Not inside of `except`: what was caught refers to the request.
        _log.warning("channel_call_failed", channel=self._name, reason=failed)
        raise self.unavailable()

    def explain(self, refusal: ChannelRefusal) -> GatewayError:
        """Explains a refusal to whoever connects a page. The channel's own words are not in it:
        they may contain a token."""
        _log.warning("channel_refused", channel=self._name, detail=refusal.detail)
        if refusal.kind in _TEMPORARY:
            return self.unavailable()
        if refusal.kind not in _OF_PAGES:
            refusal = refusal._replace(code="refused")
        why = explain_refusal(refusal)
        return ChannelRefusedError(code=why.code, vi=why.vi, en=why.en)

    def unavailable(self) -> ChannelUnavailableError:
        return ChannelUnavailableError(f"{self._name} does not answer as it should: try again.")

    async def _call(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None,
        form: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
    ) -> ChannelAnswer:
        request = self._client.build_request(
            method, url, params=params, data=form, headers=headers, timeout=_CALL_WITHIN_S
        )
        answer = await self._client.send(request, stream=True, follow_redirects=False)
        try:
            if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise _UselessAnswerError(f"it answered {answer.status_code}")
            return ChannelAnswer(answer.status_code, _decode(await _read(answer)))
        finally:
            await answer.aclose()


class _UselessAnswerError(Exception):
    """Why an answer says nothing."""


async def _read(answer: httpx.Response) -> bytes:
    body = bytearray()
    async for part in answer.aiter_bytes():
        body += part
        if len(body) > _ANSWER_BYTES:
            raise _UselessAnswerError("its answer is too long")
    return bytes(body)


def _decode(body: bytes) -> Mapping[str, Any]:
    try:
        decoded = msgspec.json.decode(body)
    except DECODING_ERRORS:
        decoded = None
    if not isinstance(decoded, dict):
        raise _UselessAnswerError("its answer is no JSON object")
    return decoded


class ReachableChannels:
    """`Channels`."""

    def __init__(
        self,
        logins: Mapping[Channel, ChannelLogins],
        subscriptions: Mapping[Channel, ChannelSubscriptions],
    ) -> None:
        self._logins = logins
        self._subscriptions = subscriptions
        self._turns = Turns(CHANNEL_CALLS, CHANNEL_CALLS_OF_ORGANIZATION)

    def logins(self, channel: Channel) -> ChannelLogins | None:
        return self._logins.get(channel)

    def subscriptions(self, channel: Channel) -> ChannelSubscriptions | None:
        return self._subscriptions.get(channel)

    @asynccontextmanager
    async def turn(self, organization: OrganizationId) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(_TURN_WITHIN_S):
                    await stack.enter_async_context(self._turns.turn(organization))
            except TimeoutError:
                raise TooManyAttemptsError(
                    "Your organization makes too many calls to channels at this moment: try again.",
                    int(_TURN_WITHIN_S),
                ) from None
            yield
