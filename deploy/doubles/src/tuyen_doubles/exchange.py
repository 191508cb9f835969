"""The way of every call: read it, apply a fault, carry it out, record it, answer.

A channel's double says what a call does in a `DoubleOperation`, whose `carry_out` changes the
double's state at once and returns the answer and the webhooks that report it.
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route

from tuyen_doubles.calls import CallRecord, DoubleAction
from tuyen_doubles.cutting import CutConnection
from tuyen_doubles.faults import DoubleFault, FaultTable
from tuyen_doubles.parameters import Parameters, UnreadableParametersError, read_parameters
from tuyen_doubles.webhooks import DoubleWebhook, WebhookSender
from tuyen_platform.bodies import BodyRefusedError, CallerGoneError
from tuyen_platform.clock import Clock

_METHODS = ["GET", "POST", "DELETE"]
_NO_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


@dataclass(frozen=True, slots=True)
class DoubleAnswer:
    """What a caller gets: JSON, or text where `body` is one (a proxy's page of HTML)."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    def build_response(self) -> Response:
        headers = dict(self.headers)
        if self.status in _NO_BODY:
            return Response(status_code=self.status, headers=headers)
        if isinstance(self.body, str):
            return Response(self.body, self.status, headers, media_type="text/html")
        return respond_json(self.body, self.status, headers)


class ChannelRefusalError(Exception):
    """The channel does not do what is asked, and answers with `answer`."""

    def __init__(self, answer: DoubleAnswer) -> None:
        super().__init__(answer)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class DoubleOutcome:
    """What a call leads to."""

    answer: DoubleAnswer
    webhooks: Sequence[DoubleWebhook] = ()


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """What a caller is answered, and how the record of calls shows it."""

    answer: DoubleAnswer
    shown: Mapping[str, Any] = field(default_factory=dict)
    """What the record says of the answer beside its status and body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubleOperation:
    """A call that is understood. `carry_out` raises ChannelRefusalError before it changes
    anything."""

    action: DoubleAction
    account: str | None
    carry_out: Callable[[], DoubleOutcome]
    to: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingCall:
    """A call as it came. `path` has no slash at its beginning; `origin` is the address at which
    the caller reached the double."""

    method: str
    path: str
    parameters: Parameters
    headers: Mapping[str, str]
    origin: str


class Exchange:
    """Handles the calls of all channels. `clock` is the time of the record."""

    def __init__(
        self, calls: CallRecord, faults: FaultTable, webhooks: WebhookSender, clock: Clock
    ) -> None:
        self._calls = calls
        self._faults = faults
        self._webhooks = webhooks
        self._clock = clock

    def build_endpoint(
        self,
        channel: str,
        understand: Callable[[IncomingCall], DoubleOperation],
        token_of: Callable[[IncomingCall], str | None],
        unreadable: DoubleAnswer,
    ) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint that answers any call to one channel. `unreadable` is the answer to a body
        that cannot be read."""

        async def answer(request: Request) -> Response:
            try:
                parameters = await read_parameters(request)
            except UnreadableParametersError:
                return unreadable.build_response()
            except BodyRefusedError as refused:
                return Response(refused.detail, refused.status, {"Connection": "close"})
            except CallerGoneError:
                return Response(status_code=HTTPStatus.BAD_REQUEST)
            call = IncomingCall(
                method=request.method,
                path=str(request.path_params["path"]),
                parameters=parameters,
                headers=request.headers,
                origin=f"{request.url.scheme}://{request.url.netloc}",
            )
            return await self._handle(channel, call, understand(call), token_of(call))

        return answer

    async def _handle(
        self,
        channel: str,
        call: IncomingCall,
        operation: DoubleOperation,
        token: str | None,
    ) -> Response:
        fault = self._faults.take(channel, operation.action, operation.account)
        given = self._answer(operation, fault)
        answer, dropped = given.answer, fault is not None and fault.drop_answer
        answered = {"status": answer.status, "body": answer.body, **given.shown}
        self._calls.add(
            channel=channel,
            account=operation.account,
            action=operation.action,
            to=operation.to,
            text=operation.text,
            body=call.parameters.without_secrets(),
            answered={**answered, "dropped": True} if dropped else answered,
            at=self._clock.now(),
            token=None if token is None else digest_of(token),
        )
        if fault is not None and fault.delay_ms:
            await asyncio.sleep(fault.delay_ms / 1000)
        return CutConnection() if dropped else answer.build_response()

    def _answer(self, operation: DoubleOperation, fault: DoubleFault | None) -> GivenAnswer:
        if fault is not None and not fault.carries_out:
            return GivenAnswer(_replace_answer(fault))
        try:
            outcome = operation.carry_out()
        except ChannelRefusalError as refusal:
            return GivenAnswer(refusal.answer)
        if fault is None or not fault.drop_echo:
            for webhook in outcome.webhooks:
                self._webhooks.send(webhook)
        if fault is not None and fault.replaces_answer:
            return GivenAnswer(_replace_answer(fault), {"carried_out": True})
        if fault is None or not fault.headers:
            return GivenAnswer(outcome.answer)
        answer = DoubleAnswer(outcome.answer.status, outcome.answer.body, fault.headers)
        return GivenAnswer(answer)


def _replace_answer(fault: DoubleFault) -> DoubleAnswer:
    return DoubleAnswer(fault.status or HTTPStatus.OK, fault.body, fault.headers)


def build_host(
    host: str, endpoint: Callable[[Request], Awaitable[Response]], *pages: Route
) -> Mount:
    """The routes of a host: its pages for people, and an endpoint for everything else. `host` is
    the path that stands for it."""
    return Mount(host, routes=[*pages, Route("/{path:path}", endpoint, methods=_METHODS)])


def digest_of(token: str) -> str:
    """What the record says of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def respond_json(
    body: Any, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> Response:
    """A response in ASCII: callers may send lone surrogates, which no other encoding takes."""
    content = json.dumps(body).encode()
    return Response(content, status, dict(headers or {}), media_type="application/json")


def send_back(redirect_uri: str, answer: Mapping[str, str]) -> Response:
    """Sends a browser from a page of the channel back to whom it came from."""
    joint = "&" if "?" in redirect_uri else "?"
    return RedirectResponse(f"{redirect_uri}{joint}{urlencode(answer)}", HTTPStatus.FOUND)
