"""`/_double`: how a test or a person steers the doubles, and reads what was called."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from tuyen_doubles.addresses import DoubledChannel
from tuyen_doubles.calls import CallRecord, DoubleAction, RecordedCall
from tuyen_doubles.exchange import respond_json
from tuyen_doubles.facebook.customers import FacebookCustomers
from tuyen_doubles.faults import DoubleFault, FaultTable, TooManyFaultsError
from tuyen_doubles.saying import ChannelDouble, Saying
from tuyen_doubles.webhooks import WebhookSender
from tuyen_platform.clock import Clock

DELIVERED_WITHIN_S = 10.0
"""How long a `say` waits for ingest's answer before it says that there is none yet."""

_PREFIX = "/_double"

_Identifier = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,100}$")]
_HeaderValue = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{0,2000}$")]
_Text = Annotated[str, StringConstraints(min_length=1, max_length=8_000)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FaultBody(_Body):
    """The next `times` calls that match are answered so."""

    channel: DoubledChannel
    action: DoubleAction | None = None
    account: _Identifier | None = None
    status: Annotated[int, Field(ge=200, le=599)] | None = None
    body: Any = None
    headers: Annotated[dict[_HeaderName, _HeaderValue], Field(max_length=20)] = Field(
        default_factory=dict
    )
    delay_ms: Annotated[int, Field(ge=0, le=600_000)] = 0
    drop_answer: bool = False
    drop_echo: bool = False
    times: Annotated[int, Field(ge=1, le=1_000_000)] = 1

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        fault = self.fault()
        if fault.carries_out and not (
            self.drop_answer or self.drop_echo or self.delay_ms or self.headers
        ):
            raise ValueError("a fault changes the answer, the time it takes, or whether it comes")
        return self

    def fault(self) -> DoubleFault:
        return DoubleFault(**dict(self))


class SentAttachment(_Body):
    type: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    url: Annotated[str, StringConstraints(min_length=1, max_length=4_000)]


class SayBody(_Body):
    """A customer writes."""

    channel: DoubledChannel
    account: _Identifier
    customer: _Identifier
    name: _Identifier | None = None
    text: _Text | None = None
    attachments: Annotated[list[SentAttachment], Field(max_length=10)] = Field(default_factory=list)
    post: _Identifier | None = None
    parent: _Identifier | None = None
    at: AwareDatetime | None = None
    """When it was written; now, if it is left out."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.text is None and not self.attachments:
            raise ValueError("a customer writes a text, or sends an attachment")
        return self


class ReceiptBody(_Body):
    """What was sent to a customer was delivered to them, or they have seen it."""

    channel: DoubledChannel
    account: _Identifier
    customer: _Identifier
    kind: Literal["delivered", "seen"]


class PostBody(_Body):
    """What a post of a Facebook page is. What is left out stays as it is."""

    account: _Identifier
    post: _Identifier
    text: _Text | None = None
    picture: Annotated[str, StringConstraints(min_length=1, max_length=4_000)] | None = None
    live_status: Literal["LIVE", "LIVE_STOPPED", "VOD", "SCHEDULED_UNPUBLISHED", "NONE"] | None = (
        None
    )
    """With one, the post shows a video; `NONE` is a video that was never live."""


class TokenBody(_Body):
    """Whose a token is, and whether it works."""

    channel: DoubledChannel
    token: Annotated[str, StringConstraints(min_length=1, max_length=4_000)]
    kind: Literal["access", "refresh"] = "access"
    account: _Identifier | None = None
    expires_in_s: Annotated[float, Field(ge=0, le=1e9)] | None = None
    revoked: bool = False


def build_routes(
    *,
    calls: CallRecord,
    faults: FaultTable,
    channels: Mapping[DoubledChannel, ChannelDouble],
    webhooks: WebhookSender,
    clock: Clock,
) -> APIRouter:
    router = APIRouter(prefix=_PREFIX)
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
        channel: DoubledChannel | None = None,
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
    async def delete_faults(channel: DoubledChannel | None = None) -> None:
        """Switches all faults off, or those of one channel."""
        faults.clear(channel)


def _add_customers(
    router: APIRouter,
    channels: Mapping[DoubledChannel, ChannelDouble],
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


def build_post_routes(customers: FacebookCustomers) -> APIRouter:
    """The routes that only Facebook's double has: no other channel has posts."""
    router = APIRouter(prefix=_PREFIX)

    @router.put("/posts")
    async def put_post(body: PostBody) -> Response:
        """What the post is from now on. No webhook says so: the Graph API does, when it is
        asked."""
        id_ = customers.describe_post(
            body.account, body.post, body.text, body.picture, body.live_status
        )
        return respond_json({"post_id": id_})

    return router


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
