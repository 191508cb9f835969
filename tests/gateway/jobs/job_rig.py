"""A gateway that runs jobs over conversations in memory: no MongoDB, and scans that can be told to
raise."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from gateway.channels_twin import ChannelsTwin
from gateway.rig import DEADLINE_S, QUICK_HASHER, START, Rig, Rows, User, records, settings, until
from tuyen_attachments.memory import InMemoryAttachments
from tuyen_events.conversation_filter import ConversationFilter, Selection
from tuyen_events.event import Envelope
from tuyen_events.ids import AgentId, ConversationId, CustomerId, OrganizationId, PageId
from tuyen_events.jobs import BulkRequested, JobEvent
from tuyen_events.topics import JOBS, TOPICS
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.adapters.attachments import MongoAttachmentAccess
from tuyen_gateway.adapters.crm import MongoCrm
from tuyen_gateway.adapters.live_views import MongoLiveViews
from tuyen_gateway.adapters.posts import MongoPosts
from tuyen_gateway.adapters.replies import MongoReplies
from tuyen_gateway.adapters.sharing import MongoSharingScans
from tuyen_gateway.api.app import create_app
from tuyen_gateway.bootstrap import compose
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.previews import RowCustomer
from tuyen_gateway.domain.visibility import Scope
from tuyen_gateway.jobs.job_scheduler import run_jobs
from tuyen_platform.clock import Clock, ManualClock
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.ports import Log
from tuyen_platform.mongodb import connect

BULK = "/v1/conversations/bulk"


def conversation(number: int, organization: str = "shop", **said: Any) -> InboxRow:
    """A conversation that nobody has, on the page `page`."""
    fields: dict[str, Any] = {
        "organization": OrganizationId(organization),
        "page_id": PageId("page"),
        "channel": Channel.FACEBOOK,
        "kind": ConversationKind.MESSAGE,
        "customer_rank": (-1, START, START, 0, "mid"),
        "customer": RowCustomer(
            id=CustomerId(f"cus_{number}"), external_id=f"psid-{number}", name=None, picture=None
        ),
        **said,
    }
    return InboxRow(id=ConversationId(f"msg_{organization}_{number:05}"), **fields)


@dataclass
class ScansTwin:
    """Conversations in a dictionary. `raising` is what a scan by this name raises."""

    rows_by_id: dict[ConversationId, InboxRow] = field(default_factory=dict)
    raising: dict[str, Exception] = field(default_factory=dict)
    asked: list[OrganizationId] = field(default_factory=list)
    """Whose conversations were read for a slice, in the order of the slices."""

    def add(self, *rows: InboxRow) -> list[ConversationId]:
        self.rows_by_id.update((row.id, row) for row in rows)
        return [row.id for row in rows]

    async def count(self, scope: Scope, wanted: ConversationFilter) -> int:
        return len(self._fitting(scope, wanted))

    async def ids(
        self, scope: Scope, wanted: ConversationFilter, limit: int, after: ConversationId | None
    ) -> Sequence[ConversationId]:
        fitting = sorted(self._fitting(scope, wanted))
        return [one for one in fitting if after is None or one > after][:limit]

    async def find_covered(
        self, scope: Scope, ids: Sequence[ConversationId]
    ) -> Collection[ConversationId]:
        return [one for one in ids if self._covered(scope, one)]

    async def rows(
        self, scope: Scope, ids: Sequence[ConversationId]
    ) -> Mapping[ConversationId, InboxRow]:
        self.asked.append(scope.organization)
        return {one: self.rows_by_id[one] for one in ids if self._covered(scope, one)}

    async def find_carried_out(
        self, commands: Mapping[ConversationId, Collection[str]]
    ) -> Collection[str]:
        return ()

    async def inactive(
        self, organization: OrganizationId, since: datetime, limit: int, after: InboxRow | None
    ) -> Sequence[InboxRow]:
        if (error := self.raising.get(organization)) is not None:
            raise error
        return (
            []
            if after is not None
            else [row for row in self.rows_by_id.values() if row.organization == organization]
        )

    def _fitting(self, scope: Scope, wanted: ConversationFilter) -> list[ConversationId]:
        if (error := self.raising.get(wanted.name or "")) is not None:
            raise error
        held_by = wanted.held_by
        return [
            one
            for one, row in self.rows_by_id.items()
            if self._covered(scope, one) and (held_by is None or row.assignee == held_by.agent_id)
        ]

    def _covered(self, scope: Scope, one: ConversationId) -> bool:
        row = self.rows_by_id.get(one)
        return (
            row is not None
            and row.organization == scope.organization
            and row.page_id is not None
            and scope.covers(row.page_id, row.assignee)
        )


class InboxTwin:
    """An inbox that has always folded everything, and has nothing to show."""

    async def wait_until_caught_up(self) -> None:
        return

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"no job asks the inbox for {name}")


@asynccontextmanager
async def run_gateway(log: Log, clock: Clock, scans: ScansTwin) -> AsyncIterator[Rig]:
    """A gateway that does its share of the work until the block is left. It must not end before."""
    rows, nowhere = Rows(), connect("mongodb://127.0.0.1:9", "unused")
    channels = ChannelsTwin()
    gateway = compose(
        settings(),
        log,
        clock,
        views=rows,
        inbox=InboxTwin(),
        scans=scans,
        crm=MongoCrm(nowhere, shown_within_s=0.0),
        sharing_scans=MongoSharingScans(nowhere),
        http=httpx.AsyncClient(transport=httpx.MockTransport(channels)),
        database=nowhere,
        replies=MongoReplies(nowhere, log, clock),
        attachments=InMemoryAttachments(),
        attachment_access=MongoAttachmentAccess(nowhere),
        posts=MongoPosts(nowhere),
        live_views=MongoLiveViews(nowhere),
        hasher=QUICK_HASHER,
    )
    tasks = [asyncio.create_task(table.run()) for table in gateway.tables()]
    tasks.append(asyncio.create_task(run_jobs(gateway)))
    transport = httpx.ASGITransport(create_app(gateway))
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            async with asyncio.timeout(DEADLINE_S):
                while gateway.health.problems():  # noqa: ASYNC110 - nobody sets an event for it
                    await asyncio.sleep(0)
            yield Rig(gateway, rows, client, channels)
            assert not any(task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def all_ended(rig: Rig, *job_ids: str) -> None:
    """Returns once the gateway knows that the jobs have ended."""

    async def have_ended() -> bool:
        return all((job := rig.gateway.jobs.job(one)) and job.ended for one in job_ids)

    await until(have_ended)


async def finish_job(rig: Rig, user: User, ids: Sequence[str]) -> str:
    """Closes conversations in a job that has ended; returns its id."""
    answer = await user.done("POST", BULK, {"ids": list(ids), "set": {"done": True}})
    await all_ended(rig, answer["id"])
    return str(answer["id"])


def closing(job: str, at: datetime, organization: str = "shop", **selected: Any) -> BulkRequested:
    """The record in the log when `boss` closes what is selected."""
    return BulkRequested(
        job_id=job,
        organization=OrganizationId(organization),
        at=at,
        by=AgentId("admin"),
        selection=Selection(**selected),
        done=True,
    )


async def put(log: Log, event: JobEvent, key: str | None = None) -> None:
    """Writes a record of a job past every door, with the job's id as its key if none is given."""
    envelope = Envelope(
        id=f"evt_{event.job_id}", source="test", subject=event.job_id, time=event.at, data=event
    )
    partition = partition_of(event.job_id, JOBS.partitions)
    await log.append(JOBS, key or event.job_id, envelope, partition=partition)


async def compact(log: InMemoryLog, clock: ManualClock, without: bytes = b"") -> InMemoryLog:
    """The log as Kafka leaves it: of the jobs, the last record of each key, and no removals. The
    record of the key `without` was too old to be kept."""
    after = InMemoryLog(clock)
    for topic in TOPICS.values():
        found = await records(log, topic)
        last = {(record.partition, record.key): record.offset for record in found}
        for record in found:
            place = record.partition, record.key
            if topic is JOBS and record.key == without:
                continue
            if topic is JOBS and (last[place] != record.offset or record.value is None):
                continue
            key = (record.key or b"").decode()
            await after.append_bytes(
                topic, key, record.value, record.headers, partition=record.partition
            )
    return after
