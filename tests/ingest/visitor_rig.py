"""Ingest with the widget's routes, in this process: what a visitor's browser asks, and what agents
do meanwhile."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
from pydantic import SecretStr

from ingest.rig import HOA_SEN, SECRETS_KEY, START, settings
from support.livechat import APP, TOKEN
from support.organizations import agent, directory_record, page
from tuyen_attachments.memory import InMemoryAttachments
from tuyen_events.directory import DirectoryEvent
from tuyen_events.event import Envelope, Event
from tuyen_events.ids import AgentId, ConversationId
from tuyen_events.presence import PresenceChanged
from tuyen_events.topic import Topic
from tuyen_events.topics import DIRECTORY, PRESENCE
from tuyen_events.vocabulary import Channel, Presence, PresenceCause
from tuyen_ingest.adapters.thread_signals import LogThreadSignals
from tuyen_ingest.adapters.visitor_cipher import FernetVisitorCipher
from tuyen_ingest.adapters.visitor_threads import InMemoryVisitorThreads
from tuyen_ingest.bootstrap import compose, compose_visitors
from tuyen_ingest.domain.visitors import SiteVisitor
from tuyen_ingest.ingest import Ingest
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.ports import Log
from tuyen_platform.page_tokens import PageTokens
from tuyen_platform.projection import InMemoryPositions

SITE = "site"
BASE = f"/livechat/{APP}"
ADDRESS = "203.0.113.7"


@dataclass(frozen=True)
class VisitorRig:
    """A running ingest, and one visitor's browser; without a `token` the visitor is nobody yet."""

    ingest: Ingest
    log: Log
    clock: ManualClock
    http: httpx.AsyncClient
    threads: InMemoryVisitorThreads
    attachments: InMemoryAttachments
    signals: LogThreadSignals
    token: str = ""
    origin: str | None = None

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers: dict[str, str] = dict(options.pop("headers", {}))
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        if self.origin is not None:
            headers.setdefault("Origin", self.origin)
        return await self.http.request(method, f"{BASE}/{path}", headers=headers, **options)

    async def open(self, **body: Any) -> "VisitorRig":
        """The same with a session."""
        answer = await self.ask("POST", "session", json=body)
        assert answer.status_code == 200, answer.text
        return replace(self, token=answer.json()["token"])

    async def write(self, text: str = "Còn size 42 không?", **more: Any) -> httpx.Response:
        body = {"client_id": "c1", "text": text, **more}
        return await self.ask("POST", "messages", json=body)

    async def send_picture(self, content: bytes, **query: Any) -> httpx.Response:
        return await self.ask(
            "POST", "pictures", params={"client_id": "p1", **query}, content=content
        )

    async def see(self, message: Any) -> httpx.Response:
        return await self.ask("POST", "seen", json={"message": message})

    async def thread(self, version: str = "", wait: float = 0) -> Any:
        answer = await self.ask("GET", "thread", params={"version": version, "wait": wait})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def has_thread(self, messages: int) -> Any:
        """The thread, once it shows so many messages."""
        async with asyncio.timeout(10):
            while True:
                view = await self.thread()
                if len(view["messages"]) == messages:
                    return view
                await asyncio.sleep(0.01)

    async def append(self, topic: Topic, event: Event, key: str = "k") -> None:
        envelope = Envelope(id="evt_1", source="test", subject=key, time=START, data=event)
        await self.log.append(topic, key, envelope)

    async def set_up(self, *changes: DirectoryEvent) -> None:
        """What the gateway writes; returns once it is known here."""
        for change in changes:
            await self.log.append(DIRECTORY, *directory_record(change))
        assert await self.ingest.directory.refresh(10)

    async def set_online(self, name: str, version: int = 1) -> None:
        """What the presence service writes."""
        data = PresenceChanged(
            organization=HOA_SEN,
            agent_id=AgentId(name),
            presence=Presence.ONLINE,
            previous=Presence.OFFLINE,
            cause=PresenceCause.LOGIN,
            at=START,
            version=version,
        )
        await self.append(PRESENCE, data, f"{HOA_SEN}/{name}")

    @property
    def visitor(self) -> SiteVisitor:
        """Who the visitor is to the service."""
        found = FernetVisitorCipher(SecretStr(SECRETS_KEY), self.clock).decrypt_visitor(
            APP, self.token
        )
        assert found is not None
        return found

    @property
    def conversation(self) -> ConversationId:
        return self.visitor.find_thread(self.ingest.pages.of(Channel.LIVECHAT)[APP])


def site_page(**changed: Any) -> Any:
    """The page of the site."""
    given: Mapping[str, Any] = {
        "organization": HOA_SEN,
        "channel": Channel.LIVECHAT,
        "external_id": APP,
        "at": START,
    }
    return page(SITE, **{**given, **changed})


def of_hoa_sen(agent_id: str, **fields: Any) -> Any:
    """An agent of the page's organization."""
    return agent(agent_id, organization=HOA_SEN, **{"name": agent_id, **fields})


def sign_user(user_id: str, token: str = TOKEN) -> str:
    """What a site's server computes for a customer."""
    return hmac.new(token.encode(), user_id.encode(), hashlib.sha256).hexdigest()


@asynccontextmanager
async def serving_visitors(log: Log) -> AsyncIterator[VisitorRig]:
    """Ingest over `log`, with one site that is connected."""
    await log.append(DIRECTORY, *directory_record(site_page()))
    await log.append_all([PageTokens(SecretStr(SECRETS_KEY)).record(APP, TOKEN)])
    clock, threads, attachments = (
        ManualClock(START),
        InMemoryVisitorThreads(),
        InMemoryAttachments(),
    )
    ingest = compose(settings(), log, clock)
    visitors = compose_visitors(ingest, settings(), log, threads=threads, attachments=attachments)
    keep_threads = visitors.keep_threads(threads, InMemoryPositions())
    transport = httpx.ASGITransport(app=visitors.app, client=(ADDRESS, 1))
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://ingest") as http,
        asyncio.TaskGroup() as tasks,
    ):
        loops = [*(table.run() for table in ingest.tables), *(loop() for loop in visitors.loops)]
        running = [tasks.create_task(loop) for loop in (*loops, keep_threads)]
        rig = VisitorRig(ingest, log, clock, http, threads, attachments, visitors.signals)
        async with asyncio.timeout(10):
            while ingest.health.problems():  # noqa: ASYNC110 - the tables cannot set an event
                await asyncio.sleep(0.01)
        yield rig
        visitors.signals.stop()
        for task in running:
            task.cancel()
