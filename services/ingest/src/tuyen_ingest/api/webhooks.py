"""Webhooks: `GET` and `POST /webhooks/{channel}`, or `/webhooks/{channel}/{account}` if each page
has its own.

A plain ASGI application without a framework: a webhook is one body in and a status out, and a
framework's layers would cost more CPU time than parsing the body and writing its events.

Decides P2.
"""

import json
import time
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from urllib.parse import parse_qsl

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from tuyen_channels.ports import WebhookChannel
from tuyen_events.limits import SITE_BODY_BYTES, WEBHOOK_BODY_BYTES
from tuyen_ingest.acceptance import Acceptance, is_current
from tuyen_ingest.ports import FollowedTopic
from tuyen_ingest.records import delivery_of
from tuyen_platform import metrics
from tuyen_platform.bodies import BodyRefusedError, CallerGoneError, read_body, refuse_body
from tuyen_platform.clock import Clock
from tuyen_platform.health import Health
from tuyen_platform.kafka.ports import LogUnavailableError
from tuyen_platform.logging import log_each
from tuyen_platform.problems import PROBLEM_TYPE, build_problem

PREFIX = "/webhooks/"

RETRY_AFTER_S = 5

_PAGES_IN_A_LINE = 5

Header = tuple[bytes, bytes]

_TEXT: Header = (b"content-type", b"text/plain; charset=utf-8")
_PROBLEM: Header = (b"content-type", PROBLEM_TYPE.encode())

_OK_START = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]}
_OK_BODY = {"type": "http.response.body", "body": b""}

_answered = cache(metrics.WEBHOOKS.labels)  # finding the child costs more than counting
_seconds = cache(metrics.WEBHOOK_SECONDS.labels)

_log = structlog.get_logger()


class Webhooks:
    """The ASGI application. `channels` are those of the registry by their names, `tokens` the
    global table of page tokens; other paths go to `others`. `body_within_s` is how long the whole
    body may take to arrive."""

    def __init__(
        self,
        *,
        channels: Mapping[str, WebhookChannel],
        tokens: FollowedTopic,
        acceptance: Acceptance,
        health: Health,
        clock: Clock,
        others: ASGIApp,
        body_within_s: float,
    ) -> None:
        self._channels = channels
        self._tokens = tokens
        self._acceptance = acceptance
        self._health = health
        self._clock = clock
        self._others = others
        self._body_within_s = body_within_s
        self._ready = False
        self._log = structlog.get_logger().bind()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._others(scope, receive, send)
            return
        name, slash, account = scope["path"][len(PREFIX) :].partition("/")
        channel = self._channels.get(name)
        if channel is None or channel.by_account != bool(slash):
            await _refuse(send, HTTPStatus.NOT_FOUND, "There is no channel of this name.")
        elif scope["method"] == "POST":
            await self._take(channel, account, scope, receive, send)
        elif scope["method"] == "GET":
            await _handshake(channel, scope, send)
        else:
            allow: Header = (b"allow", b"GET, POST")
            await _refuse(send, HTTPStatus.METHOD_NOT_ALLOWED, "GET or POST.", allow)

    async def _take(
        self, channel: WebhookChannel, account: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        try:
            most = SITE_BODY_BYTES if channel.by_account else WEBHOOK_BODY_BYTES
            body = await read_body(scope, receive, max_bytes=most, within_s=self._body_within_s)
        except CallerGoneError:
            return
        except BodyRefusedError as refused:
            await refuse_body(send, refused)
            _answered(channel.name, str(refused.status.value)).inc()
            return
        started = time.perf_counter()
        status = await self._answer(channel, account, body, dict(scope["headers"]), send)
        _answered(channel.name, str(status)).inc()
        _seconds(channel.name).observe(time.perf_counter() - started)

    async def _answer(
        self,
        channel: WebhookChannel,
        account: str,
        body: bytes,
        headers: Mapping[bytes, bytes],
        send: Send,
    ) -> int:
        """P2: responds 401 if the channel did not sign the body, 200 once the body and all of its
        events are in the log (R9.1), else 503."""
        signed = await self._verify_signature(channel, account, body, headers)
        if signed is None:
            return await _put_off(send, "The pages' tokens cannot be read now.")
        if not signed and channel.is_probe(body):
            return await _respond_ok(send)
        if not signed:
            # A wrong or rotated secret refuses all genuine webhooks, too: worth an alert.
            self._log.warning(
                "webhook_refused", channel=channel.name, account=account[:64], bytes=len(body)
            )
            return await _refuse(
                send, HTTPStatus.UNAUTHORIZED, "The signature does not match the body."
            )
        if not self._is_ready():
            return await _put_off(send, "Ingest is still starting.")
        return await self._accept(channel, account, body, send)

    async def _accept(self, channel: WebhookChannel, account: str, body: bytes, send: Send) -> int:
        """Responds 200 once the body, which is authentic, and all of its events are in the log;
        else 503."""
        delivery = delivery_of(channel, body, self._clock.now(), account)
        try:
            parsed, directory_is_current = await self._acceptance.accept(delivery)
        except LogUnavailableError as error:
            self._log.error(
                "webhook_not_acknowledged",
                channel=channel.name,
                delivery_id=delivery.id,
                reason=str(error),
            )
            return await _put_off(send, "The log did not acknowledge the events in time.")
        if not directory_is_current:
            # Its events would be skipped. It is stored, and gets the same ids when it is
            # redelivered.
            self._log.warning(
                "webhook_of_a_page_that_may_be_new",
                channel=channel.name,
                delivery_id=delivery.id,
                pages=sorted(parsed.unknown_pages)[:_PAGES_IN_A_LINE],
            )
            return await _put_off(send, "The directory of pages cannot be read now.")
        accepted = {
            "channel": channel.name,
            "delivery_id": delivery.id,
            "events": [normalized.id for normalized in parsed.events],
            "skipped": len(parsed.skipped),
            "failed": len(parsed.failures),
        }
        log_each(self._log, "webhook_accepted", (accepted,))
        return await _respond_ok(send)

    async def _verify_signature(
        self, channel: WebhookChannel, account: str, body: bytes, headers: Mapping[bytes, bytes]
    ) -> bool | None:
        """Whether the channel sent the body; None if that cannot be decided now.

        A page's token may have been created a moment ago: the tokens are read to their present end
        before a call that is signed with an unknown token is refused.
        """
        if channel.authentic(body, headers, account):
            return True
        if not channel.by_account:
            return False
        if not await is_current(self._tokens):
            return None
        return channel.authentic(body, headers, account)

    def _is_ready(self) -> bool:
        """Before the directory is read, every page would be unknown and its events would be
        skipped. Once ready, it stays ready."""
        self._ready = self._ready or not self._health.problems()
        return self._ready


async def _handshake(channel: WebhookChannel, scope: Scope, send: Send) -> None:
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    challenge = channel.handshake(query)
    if challenge is None:
        _log.warning("handshake_refused", channel=channel.name)
        await _refuse(send, HTTPStatus.FORBIDDEN, "The verify token is not the agreed one.")
        return
    _log.info("handshake_answered", channel=channel.name)
    await _respond(send, HTTPStatus.OK, challenge.encode(), _TEXT)


async def _respond_ok(send: Send) -> int:
    await send(_OK_START)
    await send(_OK_BODY)
    return HTTPStatus.OK


async def _put_off(send: Send, detail: str) -> int:
    """The same request may succeed soon."""
    retry: Header = (b"retry-after", str(RETRY_AFTER_S).encode())
    return await _refuse(send, HTTPStatus.SERVICE_UNAVAILABLE, detail, retry)


async def _refuse(send: Send, status: HTTPStatus, detail: str, *headers: Header) -> int:
    body = json.dumps(build_problem(status, detail)).encode()
    await _respond(send, status, body, _PROBLEM, *headers)
    return status


async def _respond(send: Send, status: int, body: bytes, *headers: Header) -> None:
    length: Header = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [length, *headers]})
    await send({"type": "http.response.body", "body": body})
