"""The worker on the in-memory log, with a channel whose every answer a test decides."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import ClassVar, Self

from pydantic import SecretStr

from outbound.asking import ACCOUNT, PAGE, SHOP, cancel, envelope_of, place_of
from outbound.crashing import CrashingLog, Steps
from tuyen_channels.calls import (
    AfterLost,
    BegunCall,
    CallOrder,
    CallSucceeded,
    ChannelRefusal,
    HiddenToken,
    Limit,
    RefusalKind,
    ReplyWindow,
    RequestPart,
)
from tuyen_channels.ports import Connector
from tuyen_channels.transport import Transport
from tuyen_events.codec import decode
from tuyen_events.directory import PageChanged
from tuyen_events.event import Envelope, Event
from tuyen_events.ids import OrganizationId, PageId, customer_key, message_id
from tuyen_events.inbound import Customer, MessageEchoed
from tuyen_events.outbound import (
    AttachmentId,
    OutboundAction,
    OutboundRequested,
    OutboundSettled,
)
from tuyen_events.outbound_topics import OUTBOUND, OUTBOUND_RESULTS
from tuyen_events.topic import Topic
from tuyen_events.topics import INBOUND
from tuyen_events.vocabulary import Channel
from tuyen_outbound.domain.pacing import Pacing
from tuyen_outbound.reply_links import ReplyLinks
from tuyen_outbound.resources import Resources
from tuyen_outbound.results import Results
from tuyen_outbound.states import elapsed_time
from tuyen_outbound.worker import OutboundWorker
from tuyen_platform.clock import Clock, SystemClock
from tuyen_platform.file_links import FileLinks
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import Record
from tuyen_platform.page_credentials import AccountCredentials, PageProblem

DEADLINE_S = 20
TOKEN = HiddenToken("token")


Answer = CallSucceeded | ChannelRefusal | None
"""What the channel answers; None: it carries the call out and answers so."""

LOST = ChannelRefusal(RefusalKind.LOST, "answer_lost")
LOST_AND_NOT_DONE = ChannelRefusal(RefusalKind.LOST, "answer_lost", "not done")
TRANSIENT = ChannelRefusal(RefusalKind.TRANSIENT, "channel_unavailable")
TRANSIENT_AND_DONE = ChannelRefusal(RefusalKind.TRANSIENT, "channel_unavailable", "done")


class World:
    """What outlives every process: the log, what the channel carried out, and the page."""

    def __init__(self) -> None:
        self.log = InMemoryLog()
        self.sent: list[tuple[str, str]] = []
        """What the channel carried out, as conversation and text, in its order."""
        self.calls: list[CallOrder] = []
        self.answers: dict[str, list[Answer]] = defaultdict(list)
        """By text, the next answers."""
        self.looks: list[BegunCall] = []
        """What the channel was asked after, in its order."""
        self.look_answers: list[ChannelRefusal | None] = []
        """What it answers to that, before it says what is true."""
        self.echoes = True
        self.echoed_late: list[MessageEchoed] = []
        """Echoes that the channel did not send, if it does not send them at once."""
        self.gate: asyncio.Event | None = None
        """What calls wait for, if there is one."""
        self.under_way = 0
        self.most_under_way = 0
        self.page = page()
        self.token: HiddenToken | None = TOKEN
        self.changed = asyncio.Event()
        self.stops: list[ChannelRefusal] = []
        self.files: dict[AttachmentId, bytes] = {}

    async def ask(self, *requested: OutboundRequested) -> None:
        """Writes what an agent requests."""
        for each in requested:
            envelope, partition = envelope_of(each), place_of(each)
            await self.log.append(OUTBOUND, each.conversation_id, envelope, partition=partition)

    async def cancel(self, requested: OutboundRequested) -> None:
        """Writes that an agent does not want it any more."""
        envelope, partition = envelope_of(cancel(requested)), place_of(requested)
        await self.log.append(OUTBOUND, requested.conversation_id, envelope, partition=partition)

    async def echo(self, event: MessageEchoed) -> None:
        """The channel's webhook arrives."""
        envelope = Envelope(
            id=f"evt_{event.external_id}",
            source="tuyen/ingest",
            subject=event.conversation_id,
            time=event.accepted_at,
            data=event,
        )
        key = customer_key(event.organization, event.page_id, event.customer.external_id)
        await self.log.append(INBOUND, key, envelope)

    def set_token(self, token: HiddenToken | None) -> None:
        self.token = token
        self.changed.set()
        self.changed = asyncio.Event()

    async def settled(self) -> list[OutboundSettled]:
        events = await read_events(self.log, OUTBOUND_RESULTS)
        return [event for event in events if isinstance(event, OutboundSettled)]

    async def outcomes(self) -> dict[str, list[str]]:
        """By request, its outcomes in their order, without repetitions of the same one."""
        found: dict[str, list[str]] = {}
        for event in await self.settled():
            outcomes = found.setdefault(event.request_id, [])
            if not outcomes or outcomes[-1] != event.outcome.value:
                outcomes.append(event.outcome.value)
        return found


def page(**given: object) -> PageChanged:
    fields: dict[str, object] = {
        "organization": SHOP,
        "at": datetime(2026, 11, 1, tzinfo=UTC),
        "id": PAGE,
        "channel": Channel.FACEBOOK,
        "external_id": ACCOUNT,
        "name": "Shop",
    }
    return PageChanged(**(fields | given))  # type: ignore[arg-type]  # fields of several types


async def read_events(log: InMemoryLog, topic: Topic) -> list[Event]:
    return [decode(r.headers, r.value).data for r in await read_records(log, topic) if r.value]


async def read_records(log: InMemoryLog, topic: Topic) -> list[Record]:
    found: list[Record] = []
    if sum((await log.end_offsets(topic)).values()):
        async with log.tail(topic) as tail:
            async for batch in tail.batches():
                found += [record for records in batch.values() for record in records]
                break
    return found


class ScriptedConnector:
    """A channel like Messenger, whose answers the world decides. With `after_lost` it behaves like
    another channel."""

    name: ClassVar[Channel] = Channel.FACEBOOK
    settings: ClassVar[Mapping[str, str]] = MappingProxyType({})
    reply_window: ClassVar[ReplyWindow] = ReplyWindow()
    by_token: ClassVar[bool] = False
    returns_client_id: ClassVar[bool] = True
    refresh: ClassVar[None] = None

    def __init__(self, world: World, steps: Steps, after_lost: AfterLost | None = None) -> None:
        self._world = world
        self._steps = steps
        self._after_lost = after_lost

    @classmethod
    def open(cls, settings: Mapping[str, str], transport: Transport, guarded: Transport) -> Self:
        raise NotImplementedError

    def split(self, request: OutboundRequested) -> Sequence[RequestPart]:
        texts = (request.text or "").split("|") if request.text else []
        return [RequestPart(text) for text in texts] + [
            RequestPart(None, (each,), each) for each in request.attachments
        ]

    def limits(self, action: OutboundAction, part: RequestPart) -> Sequence[Limit]:
        return ()

    def after_lost(self, action: OutboundAction) -> AfterLost:
        if self._after_lost is not None:
            return self._after_lost
        return AfterLost.LOOK if action is OutboundAction.COMMENT else AfterLost.ECHO

    async def upload(self, order: CallOrder, content: bytes) -> CallSucceeded | ChannelRefusal:
        self._steps.take()
        return CallSucceeded(f"upload_{content.decode()}")

    async def call(self, order: CallOrder) -> CallSucceeded | ChannelRefusal:
        world, text = self._world, _shown(order)
        self._steps.take()
        world.calls.append(order)
        world.under_way += 1
        world.most_under_way = max(world.most_under_way, world.under_way)
        try:
            if world.gate is not None:
                await world.gate.wait()
            answers = world.answers[text]
            answer = answers.pop(0) if answers else None
            if (
                answer is None
                or isinstance(answer, CallSucceeded)
                or answer in (LOST, TRANSIENT_AND_DONE)
            ):
                answer = await self._carry_out(order, text, answer)
            self._steps.take()
            return answer
        finally:
            world.under_way -= 1

    async def _carry_out(
        self, order: CallOrder, text: str, answer: CallSucceeded | ChannelRefusal | None
    ) -> CallSucceeded | ChannelRefusal:
        world, request = self._world, order.request
        repeated = self._after_lost is AfterLost.REPEAT and (
            (request.conversation_id, text) in world.sent
        )
        if not repeated:
            world.sent.append((request.conversation_id, text))
        mid = f"mid_{request.request_id}_{text}"
        if request.action is not OutboundAction.COMMENT:
            event = echo_of(request, mid, text)
            if world.echoes:
                await world.echo(event)
            else:
                world.echoed_late.append(event)
        return CallSucceeded(mid) if answer is None else answer

    async def look(self, begun: BegunCall) -> CallSucceeded | ChannelRefusal | None:
        self._steps.take()
        self._world.looks.append(begun)
        if self._world.look_answers:
            return self._world.look_answers.pop(0)
        order = begun.order
        text = _shown(order) or f"upload_{self._world.files[order.part.attachments[0].id].decode()}"
        if (order.request.conversation_id, text) in self._world.sent:
            return CallSucceeded(f"mid_{order.request.request_id}_{text}")
        return None


def _shown(order: CallOrder) -> str:
    return order.part.text or order.handle or ""


def echo_of(request: OutboundRequested, mid: str, text: str | None) -> MessageEchoed:
    now = datetime.now(UTC)
    return MessageEchoed(
        organization=request.organization,
        page_id=request.page_id,
        channel=request.channel,
        occurred_at=now,
        accepted_at=now,
        customer=Customer(id=request.customer_id, external_id=request.customer_external_id),
        conversation_id=request.conversation_id,
        message_id=message_id(request.organization, request.page_id, mid),
        external_id=mid,
        text=text,
        client_id=request.client_id,
    )


class WorldAccounts:
    """The one page of a world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def find_page(self, organization: OrganizationId, page: PageId) -> PageChanged | None:
        found = self._world.page
        return found if (found.organization, found.id) == (organization, page) else None

    def find_token(self, page: PageChanged) -> HiddenToken | None:
        return self._world.token

    async def wait_for_change(self, page: PageChanged) -> None:
        await self._world.changed.wait()

    async def stop(self, page: PageChanged, token: HiddenToken, refusal: ChannelRefusal) -> None:
        if self._world.token == token:
            self._world.stops.append(refusal)
            self._world.set_token(None)

    @property
    def refreshed_accounts(self) -> Sequence[str]:
        return ()

    @property
    def stopped_accounts(self) -> Sequence[str]:
        return ()

    def find_credentials(self, account: str) -> AccountCredentials | None:
        return None

    def find_problem(self, account: str) -> PageProblem | None:
        return None

    async def catch_up(self) -> bool:
        return True

    async def keep_refreshed(self, account: str, credentials: AccountCredentials) -> None:
        raise NotImplementedError

    async def keep_problem(
        self, account: str, credentials: AccountCredentials, problem: PageProblem | None
    ) -> None:
        raise NotImplementedError


class WorldFiles:
    def __init__(self, world: World) -> None:
        self._world = world

    async def read(self, organization: OrganizationId, attachment: AttachmentId) -> bytes | None:
        return self._world.files.get(attachment)


class Process:
    """One process of the service. It ends when it crashes, or when the block is left."""

    def __init__(
        self,
        world: World,
        steps: Steps | None = None,
        *,
        after_lost: AfterLost | None = None,
        log: CrashingLog | None = None,
        running: Callable[[], float] = elapsed_time,
        settle_within_s: float = 0.05,
        call_within_s: float = 20.0,
        clock: Clock | None = None,
        connectors: Mapping[Channel, Connector] | None = None,
    ) -> None:
        self.steps = steps or Steps()
        self.log = log or CrashingLog(world.log, self.steps)
        clock = clock or SystemClock()
        scripted = ScriptedConnector(world, self.steps, after_lost)
        self.resources = Resources(
            clock=clock,
            connectors=connectors or dict.fromkeys(Channel, scripted),
            accounts=WorldAccounts(world),
            files=WorldFiles(world),
            links=ReplyLinks(FileLinks(SecretStr("key")), "https://inbox.example/"),
            results=Results(self.log, clock),
            call_within_s=call_within_s,
            settle_within_s=settle_within_s,
            elapsed_time=running,
            pacings={channel: Pacing() for channel in Channel},
        )
        self.worker = OutboundWorker(self.log, self.resources)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self.worker.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def stop(self) -> None:
        """The process is told to end, as `Service` does it."""
        await self.worker.finish()
        await self.__aexit__()

    @property
    def has_ended(self) -> bool:
        return self._task is not None and self._task.done()

    async def work(self, is_done: Callable[[], Awaitable[bool]]) -> bool:
        """Waits until `is_done`. False if the process crashed before."""
        async with asyncio.timeout(DEADLINE_S):
            while not await is_done():
                if self.steps.crashed:
                    return False
                await asyncio.sleep(0.002)
        return True


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not await condition():  # noqa: ASYNC110 - what is polled is another task's doing
            await asyncio.sleep(0.002)
