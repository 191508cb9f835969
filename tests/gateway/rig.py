"""A gateway over the log in memory, called as its users call it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from argon2 import PasswordHasher

from gateway.channels_twin import SETTINGS, ChannelsTwin
from tuyen_attachments.memory import InMemoryAttachments
from tuyen_events.codec import decode, decode_data
from tuyen_events.commands import AssignConversation, CommandSettled, Outcome
from tuyen_events.event import Envelope, Event
from tuyen_events.ids import AgentId, ConversationId, CustomerId, OrganizationId, PageId
from tuyen_events.presence import PresenceChanged, Session, SessionSignalled
from tuyen_events.topic import Topic
from tuyen_events.topics import COMMAND_RESULTS, COMMANDS, PRESENCE, PRESENCE_SIGNALS
from tuyen_events.vocabulary import ConversationKind, Presence, PresenceCause
from tuyen_gateway.adapters.attachments import MongoAttachmentAccess
from tuyen_gateway.adapters.crm import MongoCrm
from tuyen_gateway.adapters.live_views import MongoLiveViews
from tuyen_gateway.adapters.posts import MongoPosts
from tuyen_gateway.adapters.replies import MongoReplies
from tuyen_gateway.adapters.scans import MongoScans
from tuyen_gateway.adapters.sharing import MongoSharingScans
from tuyen_gateway.adapters.views import MongoViews
from tuyen_gateway.api.app import create_app
from tuyen_gateway.bootstrap import compose
from tuyen_gateway.domain.visibility import Scope
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.jobs.job_scheduler import run_jobs
from tuyen_gateway.ports.views import ConversationRef
from tuyen_gateway.projections.audit import run_audit
from tuyen_gateway.projections.contact_changes import run_contact_changes
from tuyen_gateway.projections.dead_letters import run_dead_letters
from tuyen_gateway.projections.run import run_projections
from tuyen_gateway.settings import GatewaySettings
from tuyen_platform.clock import Clock
from tuyen_platform.kafka.consumer import ConsumerStatus
from tuyen_platform.kafka.ports import Log, Record
from tuyen_platform.mongodb import Database, connect

OPERATOR = "operator-token-of-the-tests"
QUICK_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
DEADLINE_S = 20
START = datetime(2026, 11, 21, 8, tzinfo=UTC)


class Rows:
    """Conversations in memory, cut by the scope as every view cuts them."""

    def __init__(self) -> None:
        self._rows: dict[ConversationId, ConversationRef] = {}

    def add(
        self,
        organization: str,
        conversation: str,
        page: str,
        *,
        assignee: str | None = None,
        customer: str | None = "psid-1",
    ) -> None:
        self._rows[ConversationId(conversation)] = ConversationRef(
            id=ConversationId(conversation),
            organization=OrganizationId(organization),
            page_id=PageId(page),
            kind=ConversationKind.MESSAGE,
            customer_id=None if customer is None else CustomerId(f"cus_{customer}"),
            customer_external_id=customer,
            agent_id=None if assignee is None else AgentId(assignee),
            version=0,
        )

    async def find(self, scope: Scope, conversation_id: ConversationId) -> ConversationRef | None:
        row = self._rows.get(conversation_id)
        if row is None or row.organization != scope.organization:
            return None
        return row if scope.covers(row.page_id, row.agent_id) else None

    def problem(self) -> str | None:
        return None


@dataclass
class User:
    """Somebody with a token, or (None) without."""

    client: httpx.AsyncClient
    token: str | None = None

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        bearer = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        return await self.client.request(
            method, path, headers={**bearer, **(headers or {})}, json=body
        )

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return await self.call("GET", path, headers=headers)

    async def upload(self, content: bytes, name: str = "anh.png") -> httpx.Response:
        """Uploads a file, which says of itself that it is a web page."""
        bearer = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        return await self.client.post(
            "/v1/attachments", headers=bearer, files={"file": (name, content, "text/html")}
        )

    async def post(self, path: str, body: object = None) -> httpx.Response:
        return await self.call("POST", path, body)

    async def put(
        self, path: str, body: object, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        return await self.call("PUT", path, body, headers)

    async def delete(self, path: str) -> httpx.Response:
        return await self.call("DELETE", path)

    async def done(self, method: str, path: str, body: object = None) -> Any:
        """The answer's body of a call that has to succeed."""
        answer = await self.call(method, path, body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


@dataclass
class Rig:
    """One gateway, and who talks to it."""

    gateway: Gateway
    rows: Rows
    client: httpx.AsyncClient
    channels: ChannelsTwin = field(default_factory=ChannelsTwin)
    anybody: User = field(init=False)
    operator: User = field(init=False)

    def __post_init__(self) -> None:
        self.anybody = User(self.client)
        self.operator = User(self.client, OPERATOR)

    async def organization(self, organization: str = "shop") -> User:
        """Makes an organization; its `system_admin` is `boss`, logged in."""
        await self.operator.done(
            "POST",
            "/v1/organizations",
            {
                "id": organization,
                "name": organization.title(),
                "admin": {"username": "boss", "password": "boss-password"},
            },
        )
        return await self.login(organization, "boss", "boss-password")

    async def login(self, organization: str, username: str, password: str) -> User:
        body = {"organization": organization, "username": username, "password": password}
        answer = await self.anybody.done("POST", "/v1/auth/login", body)
        return User(self.client, answer["access_token"])

    async def staff(
        self, boss: User, agent: str, role: str = "agent", organization: str = "shop"
    ) -> User:
        """Adds an agent whose username is the id, logged in."""
        body = {"name": agent.title(), "username": agent, "role": role, "password": "s3cret"}
        await boss.done("PUT", f"/v1/agents/{agent}", body)
        return await self.login(organization, agent, "s3cret")


def settings(**changed: Any) -> GatewaySettings:
    given: dict[str, Any] = {
        "kafka": "unused",
        "mongodb": "unused",
        "local": True,
        "jwt_key": "k" * 32,
        "operator_token": OPERATOR,
        **SETTINGS,
        **changed,
    }
    return GatewaySettings(**given)


async def until(holds: Callable[[], Awaitable[bool]], within_s: float = DEADLINE_S) -> None:
    """Returns once `holds`; raises TimeoutError when it does not within that many seconds."""
    async with asyncio.timeout(within_s):
        while not await holds():  # noqa: ASYNC110 - nobody sets an event for what HTTP answers
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(
    log: Log,
    clock: Clock,
    database: Database | None = None,
    *,
    projecting: bool = True,
    http: httpx.AsyncClient | None = None,
    streaming: bool = True,
    **changed: Any,
) -> AsyncIterator[Rig]:
    """A gateway over `log` that has caught up, until the block is left. With a `database` the views
    are there, and folded; without one, assignments alone find conversations, in `Rig.rows`. It
    calls `Rig.channels`, or by `http` others."""
    rows = Rows()
    status = ConsumerStatus()
    if not projecting:
        status.note_batch()
    where = connect("mongodb://127.0.0.1:9", "unused") if database is None else database
    inbox = MongoViews(where, log, status)
    channels = ChannelsTwin()
    gateway = compose(
        settings(**changed),
        log,
        clock,
        views=rows if database is None else inbox,
        inbox=inbox,
        scans=MongoScans(where),
        crm=MongoCrm(where, shown_within_s=0.0),
        sharing_scans=MongoSharingScans(where),
        http=http or httpx.AsyncClient(transport=httpx.MockTransport(channels)),
        database=where,
        attachments=InMemoryAttachments(),
        attachment_access=MongoAttachmentAccess(where),
        posts=MongoPosts(where),
        replies=MongoReplies(where, log, clock),
        live_views=MongoLiveViews(where),
        hasher=QUICK_HASHER,
    )
    tasks = [asyncio.create_task(table.run()) for table in gateway.tables()]
    if database is not None and projecting:
        tasks.append(asyncio.create_task(run_projections(log, database, status)))
        tasks.append(asyncio.create_task(run_jobs(gateway)))
        tasks.append(asyncio.create_task(run_dead_letters(log, database, ConsumerStatus())))
        tasks.append(asyncio.create_task(run_audit(log, database, ConsumerStatus())))
        changes = run_contact_changes(log, clock, database, ConsumerStatus())
        tasks.append(asyncio.create_task(changes))
    if database is not None and streaming:
        tasks.append(asyncio.create_task(gateway.live.run()))
    transport = httpx.ASGITransport(create_app(gateway))
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            async with asyncio.timeout(DEADLINE_S):
                while gateway.health.problems():
                    assert not any(task.done() for task in tasks)
                    await asyncio.sleep(0)
            yield Rig(gateway, rows, client, channels)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def records(log: Log, topic: Topic) -> list[Record]:
    """All that is in the topic."""
    ends = await log.end_offsets(topic)
    found: list[Record] = []
    if not any(ends.values()):
        return found
    async with asyncio.timeout(DEADLINE_S), log.tail(topic) as tail:
        async for batch in tail.batches():
            found.extend(record for several in batch.values() for record in several)
            if len(found) >= sum(ends.values()):
                return found
    raise AssertionError("a tail has no end")


async def events(log: Log, topic: Topic) -> list[Event]:
    """The events of the topic, removals left out."""
    return [
        decode_data(record.headers, record.value)
        for record in await records(log, topic)
        if record.value is not None
    ]


@asynccontextmanager
async def answering(
    log: Log, topic: Topic, answer: Callable[[Event, int], Awaitable[None]]
) -> AsyncIterator[None]:
    """Calls `answer` with each event that is written to the topic within the block, and with its
    offset."""

    async def follow() -> None:
        async with log.tail(topic, from_start=False) as tail:
            listening.set()
            async for batch in tail.batches():
                for record in (one for several in batch.values() for one in several):
                    await answer(decode(record.headers, record.value or b"").data, record.offset)

    listening = asyncio.Event()
    task = asyncio.create_task(follow())
    await listening.wait()
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def router(
    log: Log, *outcomes: Outcome, version: int = 1, has: str | None = None
) -> AsyncIterator[list[AssignConversation]]:
    """A router that answers each command with the next of `outcomes`, and lists what it was asked.
    Where a command is not applied, the conversation is `has`'s."""
    asked: list[AssignConversation] = []
    left = list(outcomes)

    async def answer(command: Event, _offset: int) -> None:
        assert isinstance(command, AssignConversation)
        asked.append(command)
        outcome = left.pop(0)
        assignee = None if has is None else AgentId(has)
        settled = CommandSettled(
            command_id=command.command_id,
            organization=command.organization,
            conversation_id=command.conversation_id,
            outcome=outcome,
            version=version,
            agent_id=command.agent_id if outcome is Outcome.APPLIED else assignee,
        )
        await _append(log, COMMAND_RESULTS, command.conversation_id, settled)

    async with answering(log, COMMANDS, answer):
        yield asked


@asynccontextmanager
async def presence_service(log: Log) -> AsyncIterator[None]:
    """A presence service of agents with one session each."""

    async def answer(signal: Event, offset: int) -> None:
        assert isinstance(signal, SessionSignalled)
        if signal.status is not None:
            key = f"{signal.organization}/{signal.agent_id}"
            await _append(log, PRESENCE, key, presence_changed(signal, offset))

    async with answering(log, PRESENCE_SIGNALS, answer):
        yield


def presence_changed(signal: SessionSignalled, offset: int) -> PresenceChanged:
    status = signal.status or Presence.OFFLINE
    cause = PresenceCause.LOGOUT if status is Presence.OFFLINE else PresenceCause.LOGIN
    return PresenceChanged(
        organization=signal.organization,
        agent_id=signal.agent_id,
        presence=status,
        previous=Presence.OFFLINE,
        cause=cause if signal.by is None else PresenceCause.SET_BY_MANAGER,
        by=signal.by,
        at=signal.at,
        version=offset + 1,
        sessions={}
        if status is Presence.OFFLINE
        else {signal.session: Session(status=status, expires_at=signal.at)},
        signals_offset=offset,
    )


async def _append(
    log: Log, topic: Topic, key: str, event: CommandSettled | PresenceChanged
) -> None:
    at = event.at if isinstance(event, PresenceChanged) else START
    envelope = Envelope(id=f"evt_{key}", source="test", subject=key, time=at, data=event)
    await log.append(topic, key, envelope)
