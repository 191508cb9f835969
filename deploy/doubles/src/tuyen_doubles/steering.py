"""`/_double`: how a test or a person steers the doubles, and reads what was called."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, model_validator

from tuyen_doubles.bodies import STEERING_PREFIX, DoubleIdentifier, SaidText, SteeringBody
from tuyen_doubles.calls import CallRecord, DoubleAction, RecordedCall
from tuyen_doubles.exchange import respond_json
from tuyen_doubles.faults import DoubleFault, FaultTable, TooManyFaultsError
from tuyen_doubles.ports import ChannelDouble
from tuyen_doubles.registry import DOUBLED_CHANNELS
from tuyen_doubles.saying import Saying
from tuyen_doubles.webhooks import WebhookSender
from tuyen_platform.clock import Clock

DELIVERED_WITHIN_S = 10.0
"""How long a `say` waits for ingest's answer before it says that there is none yet."""

_HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,100}$")]
_HeaderValue = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{0,2000}$")]


def _require_double(channel: str) -> str:
    if channel not in DOUBLED_CHANNELS:
        raise ValueError(f"the channels with a double are {', '.join(DOUBLED_CHANNELS)}")
    return channel


_Doubled = Annotated[str, AfterValidator(_require_double)]
"""The name of a channel."""


class FaultBody(SteeringBody):
    """The next `times` calls that match are answered so."""

    channel: _Doubled
    action: DoubleAction | None = None
    account: DoubleIdentifier | None = None
    status: Annotated[int, Field(ge=200, le=599)] | None = None
    body: Any = None
    headers: Annotated[dict[_HeaderName, _HeaderValue], Field(max_length=20)] = Field(
        default_factory=dict
    )
    delay_ms: Annotated[int, Field(ge=0, le=600_000)] = 0
    carry_out: bool = False
    drop_answer: bool = False
    drop_echo: bool = False
    times: Annotated[int, Field(ge=1, le=1_000_000)] = 1

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        fault = self.fault()
        if not fault.replaces_answer and not (
            self.drop_answer or self.drop_echo or self.delay_ms or self.headers
        ):
            raise ValueError("a fault changes the answer, the time it takes, or whether it comes")
        return self

    def fault(self) -> DoubleFault:
        return DoubleFault(**dict(self))


class SentAttachment(SteeringBody):
    type: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    url: Annotated[str, StringConstraints(min_length=1, max_length=4_000)]


class SayBody(SteeringBody):
    """A customer writes."""

    channel: _Doubled
    account: DoubleIdentifier
    customer: DoubleIdentifier
    name: DoubleIdentifier | None = None
    text: SaidText | None = None
    attachments: Annotated[list[SentAttachment], Field(max_length=10)] = Field(default_factory=list)
    post: DoubleIdentifier | None = None
    parent: DoubleIdentifier | None = None
    at: AwareDatetime | None = None
    """When it was written; now, if it is left out."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.text is None and not self.attachments:
            raise ValueError("a customer writes a text, or sends an attachment")
        return self


class ReceiptBody(SteeringBody):
    """What was sent to a customer was delivered to them, or they have seen it."""

    channel: _Doubled
    account: DoubleIdentifier
    customer: DoubleIdentifier
    kind: Literal["delivered", "seen"]


class TokenBody(SteeringBody):
    """Whose a token is, and whether it works."""

    channel: _Doubled
    token: Annotated[str, StringConstraints(min_length=1, max_length=4_000)]
    kind: Literal["access", "refresh"] = "access"
    account: DoubleIdentifier | None = None
    expires_in_s: Annotated[float, Field(ge=0, le=1e9)] | None = None
    revoked: bool = False


def build_routes(
    *,
    calls: CallRecord,
    faults: FaultTable,
    channels: Mapping[str, ChannelDouble],
    webhooks: WebhookSender,
    clock: Clock,
) -> APIRouter:
    router = APIRouter(prefix=STEERING_PREFIX)
    _add_record(router, calls)
    _add_faults(router, faults)
    _add_customers(router, channels, webhooks, clock)

    @router.put("/tokens")
    async def put_token(body: TokenBody) -> Response:
        """Says whose a token is, and whether it works. Without `revoked` and `expires_in_s`, it
        works again."""
        known = channels[body.channel].tokens.get(body.kind)
        if known is None:
            return _refuse(f"{body.channel} has no {body.kind} tokens")
        known.restore(body.token)
        if body.account is not None:
            known.bind(body.token, body.account)
        if body.revoked:
            known.revoke(body.token)
        if body.expires_in_s is not None:
            known.expire(body.token, timedelta(seconds=body.expires_in_s))
        return Response(status_code=HTTPStatus.NO_CONTENT)

    return router


def _add_record(router: APIRouter, calls: CallRecord) -> None:
    @router.get("/calls")
    async def read_calls(
        channel: _Doubled | None = None,
        action: DoubleAction | None = None,
        account: str | None = None,
        after: Annotated[int, Query(ge=0)] = 0,
    ) -> Response:
        """What was called, oldest first. `last` is the number of the newest call of all: what
        comes later is found with `after`."""
        found = [_show(call) for call in calls.find(channel, action, account, after)]
        return respond_json({"items": found, "last": calls.last})


def _add_faults(router: APIRouter, faults: FaultTable) -> None:
    @router.put("/faults")
    async def put_fault(body: FaultBody) -> Response:
        """Switches a fault on, in place of one for the same channel, action and account."""
        try:
            faults.put(body.fault())
        except TooManyFaultsError:
            return _refuse("There are as many faults as may be at one time.")
        return _list_faults(faults)

    @router.get("/faults")
    async def read_faults() -> Response:
        """The faults that are on; `left` is how many calls each will still hit."""
        return _list_faults(faults)

    @router.delete("/faults", status_code=HTTPStatus.NO_CONTENT)
    async def delete_faults(channel: _Doubled | None = None) -> None:
        """Switches all faults off, or those of one channel."""
        faults.clear(channel)


def _add_customers(
    router: APIRouter,
    channels: Mapping[str, ChannelDouble],
    webhooks: WebhookSender,
    clock: Clock,
) -> None:
    @router.post("/say")
    async def say(body: SayBody) -> Response:
        """A customer writes: a signed webhook to ingest. `delivered` says whether ingest has
        answered 200; if not, it is sent again. `id` is the channel's id of the message or
        comment."""
        given = {name: getattr(body, name) for name in type(body).model_fields}
        given["attachments"] = [each.model_dump() for each in body.attachments]
        given["at"] = clock.now() if body.at is None else body.at.astimezone(UTC)
        try:
            said = channels[body.channel].customers.say(Saying(**given))
        except ValueError as error:
            return _refuse(str(error))
        delivered = [await webhooks.deliver(each, DELIVERED_WITHIN_S) for each in said.webhooks]
        answer = {"id": said.id, "post_id": said.post_id}
        return respond_json({**answer, "delivered": bool(delivered) and all(delivered)})

    @router.post("/receipts")
    async def receive(body: ReceiptBody) -> Response:
        """Sends a receipt for all that was sent to a customer."""
        seen = body.kind == "seen"
        found = channels[body.channel].customers.receive(
            body.account, body.customer, seen=seen, at=clock.now()
        )
        delivered = [await webhooks.deliver(each, DELIVERED_WITHIN_S) for each in found]
        return respond_json({"delivered": bool(delivered) and all(delivered)})


def _show(call: RecordedCall) -> dict[str, Any]:
    shown = {field.name: getattr(call, field.name) for field in fields(call)}
    return {**shown, "at": _stamp(call.at)}


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _list_faults(faults: FaultTable) -> Response:
    shown = [{**asdict(fault), "left": left} for fault, left in faults.left()]
    return respond_json({"items": shown})


def _refuse(detail: str) -> Response:
    return respond_json({"detail": detail}, HTTPStatus.UNPROCESSABLE_ENTITY)
