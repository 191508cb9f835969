"""Ingest over a log, in this process, and what the tests read of the log."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from cryptography.fernet import Fernet
from pydantic import SecretStr

from support import livechat
from support.channel_samples import CREDENTIALS
from support.facebook import PAGE, body, sign
from support.organizations import directory_record, page, profile
from support.processes import until
from tuyen_events.codec import decode
from tuyen_events.directory import directory_key
from tuyen_events.event import Envelope
from tuyen_events.ids import OrganizationId, PageId
from tuyen_events.topic import Topic
from tuyen_events.topics import DIRECTORY
from tuyen_events.vocabulary import Channel
from tuyen_ingest.bootstrap import compose
from tuyen_ingest.ingest import Ingest
from tuyen_ingest.settings import IngestSettings
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.ports import Log, Record
from tuyen_platform.page_tokens import PageTokens

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
HOA_SEN = OrganizationId("hoa-sen")
PAGE_ID = PageId("thoi-trang")
SECRETS_KEY = Fernet.generate_key().decode()


@dataclass(frozen=True)
class Rig:
    """A running ingest: `http` speaks to it, `log` is what it writes to."""

    ingest: Ingest
    log: Log
    clock: ManualClock
    http: httpx.AsyncClient

    async def post(self, raw: bytes, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """A webhook, signed unless headers are given."""
        given = sign(raw) if headers is None else headers
        return await self.http.post("/webhooks/facebook", content=raw, headers=dict(given))

    async def send(self, *entries: dict[str, object]) -> httpx.Response:
        return await self.post(body(*entries))

    async def chat(
        self, raw: bytes, headers: Mapping[str, str] | None = None, app: str = livechat.APP
    ) -> httpx.Response:
        """A livechat site's webhook, signed with the tests' token unless headers are given."""
        given = livechat.sign(raw) if headers is None else headers
        return await self.http.post(f"/webhooks/livechat/{app}", content=raw, headers=dict(given))

    async def reads_directory(self) -> None:
        """Returns once all that is in the directory is known here."""
        assert await self.ingest.tables[0].refresh(10)

    async def reads_tokens(self) -> None:
        assert await self.ingest.tables[-1].refresh(10)

    async def ready(self) -> None:
        await until(lambda: not self.ingest.health.problems())


def settings(within_s: float = 4.0) -> IngestSettings:
    return IngestSettings(
        kafka="unused",
        secrets_key=SecretStr(SECRETS_KEY),
        credentials={name: SecretStr(value) for name, value in CREDENTIALS.items()},
        acknowledge_within_s=within_s,
    )


@asynccontextmanager
async def running(log: Log, within_s: float = 4.0) -> AsyncIterator[Rig]:
    """Ingest over `log`; not ready before `Rig.ready`."""
    clock = ManualClock(START)
    ingest = compose(settings(within_s), log, clock)
    transport = httpx.ASGITransport(app=ingest.app)
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://ingest") as http,
        asyncio.TaskGroup() as tasks,
    ):
        running = [tasks.create_task(table.run()) for table in ingest.tables]
        yield Rig(ingest, log, clock, http)
        for task in running:
            task.cancel()


async def connect_page(
    log: Log,
    external_id: str = PAGE,
    page_id: PageId = PAGE_ID,
    *,
    organization: OrganizationId = HOA_SEN,
    channel: Channel = Channel.FACEBOOK,
    status: str = "active",
    at: datetime = START,
) -> None:
    """What the gateway writes when a page is connected."""
    where: dict[str, Any] = {"organization": organization, "external_id": external_id}
    connected = page(page_id, **where, channel=channel, status=status, at=at)
    await log.append(DIRECTORY, *directory_record(connected))


async def remove_page(
    log: Log, page_id: PageId = PAGE_ID, organization: OrganizationId = HOA_SEN
) -> None:
    """What the gateway writes when a page is removed."""
    headers = [("ce_type", b"page.removed.v1")]
    await log.append_bytes(DIRECTORY, directory_key(organization, "page", page_id), None, headers)


async def connect_site(
    log: Log,
    app: str = livechat.APP,
    page_id: str = "site",
    *,
    token: str = livechat.TOKEN,
    channel: Channel = Channel.LIVECHAT,
    status: str = "active",
) -> None:
    """What the gateway writes when a page with a token is connected."""
    await connect_page(log, app, PageId(page_id), channel=channel, status=status)
    await log.append_all([PageTokens(SecretStr(SECRETS_KEY)).record(app, token)])


async def suspend(log: Log) -> None:
    """What the gateway writes when the organization of all pages is suspended."""
    suspended = profile(organization=HOA_SEN, suspended=True)
    await log.append(DIRECTORY, *directory_record(suspended))


async def records(log: Log, topic: Topic) -> list[Record]:
    """All records of a topic, partition by partition."""
    behind = {partition: end for partition, end in (await log.end_offsets(topic)).items() if end}
    found: list[Record] = []
    if not behind:
        return found
    async with log.tail(topic) as tail:
        async for batch in tail.batches():
            for (_, partition), part in batch.items():
                found += part
                if part[-1].offset + 1 >= behind.get(partition, 0):
                    behind.pop(partition, None)
            if not behind:
                break
    return sorted(found, key=lambda record: (record.partition, record.offset))


async def envelopes(log: Log, topic: Topic) -> list[Envelope]:
    """The same as events."""
    return [
        decode(record.headers, record.value)
        for record in await records(log, topic)
        if record.value is not None
    ]
