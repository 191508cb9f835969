"""One run: a plan is played on a cluster of its own, everything comes to rest, the laws judge."""

import asyncio
import json
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from aiokafka.errors import KafkaError

from faults import evidence as evidences
from faults import laws, laws_of_queues, neighbours, rebuilding, settling, stopping
from faults.channel import Channel
from faults.channel_faults import ChannelFaults
from faults.cluster import PREFIX, Cluster
from faults.contacting import Contacting
from faults.evidence import Evidence
from faults.injection import Injection
from faults.journal import Journal
from faults.laws import Finding
from faults.log import Follower, LogRead, read
from faults.people import People
from faults.plan import Step, is_of_channel
from faults.replying import Replying
from faults.tenants import AGENTS, TENANTS, Json
from support.shop import eventually
from support.slow_proxy import SlowProxy
from tuyen_events.topics import ASSIGNMENTS, REQUESTS
from tuyen_local.errors import CannotStart

_PATIENCE_S = 180.0
_PLAYED_WITHIN_S = 900.0
"""Beyond what the plan says: for a machine that can hardly keep up."""
_AT_ONCE = 80
_OF_QUEUES = (ASSIGNMENTS, REQUESTS)
_EXAM_TURNS = 7
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run. `stopped` says why it could not be judged, if it could not."""

    seed: int
    steps: int
    took_s: float
    counts: Counter[str]
    findings: Sequence[Finding]
    stopped: str | None = None

    @property
    def broken(self) -> list[str]:
        """A line for each law that did not hold."""
        lines = [
            f"{each.law}: {len(each.broken)} of {each.looked_at}: {'; '.join(each.broken[:_SHOWN])}"
            for each in self.findings
            if each.broken
        ]
        return [
            *lines,
            *([] if self.stopped is None else [f"it never came to rest: {self.stopped}"]),
        ]


async def run(seed: int, steps: Sequence[Step], kept: Path, *, measured: bool = False) -> Outcome:
    """Plays the plan. What failed is kept below `kept`: the plan, the history, all logs.

    `measured`: what a noisy organization does to another is measured as well, which wants a machine
    on which nothing else runs.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tuyen-faults-") as name:
        directory = Path(name)
        with Journal(directory / "history.jsonl") as journal:
            findings: list[Finding] = []
            seen = Evidence()
            stopped = None
            try:
                async with Cluster(directory) as cluster:
                    findings = await _Run(cluster, journal, seen, measured=measured).judge(steps)
            except* (AssertionError, TimeoutError, CannotStart) as errors:
                stopped = "; ".join(_describe(errors))
            outcome = Outcome(
                seed,
                len(steps),
                time.monotonic() - started,
                journal.counts,
                findings,
                stopped,
            )
        if outcome.broken:
            _keep(directory, kept / str(seed), steps, outcome)
            _keep_log(seen.log, kept / str(seed) / "log")
    return outcome


def _describe(errors: BaseExceptionGroup[BaseException]) -> Iterator[str]:
    """What they say, notes included; groups in groups as well."""
    for error in errors.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _describe(error)
        else:
            yield "; ".join([str(error) or repr(error), *getattr(error, "__notes__", [])])


def _keep(directory: Path, kept: Path, steps: Sequence[Step], outcome: Outcome) -> None:
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(directory / "logs", kept / "logs")
    shutil.copy(directory / "history.jsonl", kept / "history.jsonl")
    store(kept / "plan.jsonl", steps)
    broken = [f"{each.law}: {line}" for each in outcome.findings for line in each.broken]
    (kept / "broken.txt").write_text("\n".join([*broken, outcome.stopped or ""]) + "\n")


def _keep_log(log: LogRead, kept: Path) -> None:
    """One file for each topic, one line for each record."""
    kept.mkdir()
    for topic, found in log.topics.items():
        lines = (
            {"at": [each.partition, each.offset], "key": each.key, "id": each.id}
            | {"value": None if each.value is None else each.value.decode("utf-8", "replace")}
            for each in found
        )
        (kept / f"{topic}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def store(path: Path, steps: Sequence[Step]) -> None:
    """A plan as JSON lines."""
    path.write_text("".join(json.dumps(asdict(step)) + "\n" for step in steps))


def load(path: Path) -> list[Step]:
    """A plan that was stored."""
    return [Step(**json.loads(line)) for line in path.read_text().splitlines()]


class _Run:
    def __init__(
        self, cluster: Cluster, journal: Journal, seen: Evidence, *, measured: bool
    ) -> None:
        self._cluster, self._journal, self._seen = cluster, journal, seen
        self._measured = measured
        (ingest,) = cluster.of("ingest")
        self._people = People(cluster, journal)
        secret = cluster.secrets.facebook_app_secret
        self._channel = Channel(ingest.url, secret, self._people.connected, journal)
        self._injection = Injection(cluster, journal)
        self._replying = Replying(cluster.doubles, self._people, self._channel, journal)
        self._contacting = Contacting(self._people, journal)
        self._channel_faults = ChannelFaults(cluster, self._replying, journal)
        self._follower = Follower()

    async def judge(self, steps: Sequence[Step]) -> list[Finding]:
        """What the laws say once all is over."""
        async with (
            SlowProxy(self._cluster.kafka.host_port, 0.0) as link,
            asyncio.TaskGroup() as tasks,
        ):
            self._cluster.kafka.proxies.append(link)
            await self._people.open()
            await self._replying.open()
            await self._contacting.open()
            staying = [
                tasks.create_task(self._people.stay(*person)) for person in self._people.wanted
            ]
            staying.append(tasks.create_task(self._follower.follow(link.bootstrap, PREFIX)))
            try:
                await self._through(steps)
                findings = laws.judge(self._seen)
            except AssertionError:
                with suppress(KafkaError):
                    self._seen.log = await read(self._cluster.kafka.address, PREFIX)
                raise
            finally:
                for task in staying:
                    task.cancel()
                self._cluster.kafka.proxies.remove(link)
        await asyncio.gather(self._people.close(), self._channel.close())
        return findings

    async def _through(self, steps: Sequence[Step]) -> None:
        seen = self._seen
        await settling.wait_until_at_rest(self._cluster, self._people, self._follower)
        self._journal.note("begins")
        async with asyncio.timeout(steps[-1].at + _PLAYED_WITHIN_S):
            await self._play(steps)
        self._journal.note("played")
        await settling.wait_until_at_rest(self._cluster, self._people, self._follower)
        await rebuilding.read_again(self._cluster)
        await settling.wait_until_at_rest(self._cluster, self._people, self._follower)
        self._journal.note("at rest")
        await self._queue_empties()
        await self._cluster.doubles.delete_faults()  # which no call has met yet
        seen.stop, _ = await asyncio.gather(
            stopping.examine(self._replying, self._people), self._examine()
        )
        self._journal.note("examined")
        if self._measured:
            seconds = await self._cluster.keep_one_of_each()
            await self._cluster.leave_proxies()
            seen.neighbours = await neighbours.measure(self._people, self._channel, self._follower)
            self._journal.note("measured", **asdict(seen.neighbours))
            await asyncio.gather(*(self._cluster.put_back(each) for each in seconds))
        await settling.wait_until_at_rest(self._cluster, self._people, self._follower)
        await evidences.ask(self._people, seen)
        seen.sent, seen.followed = self._channel.sent, self._follower.state
        seen.contacts = await self._contacting.ask()
        seen.acknowledged = Counter(self._people.acknowledged)  # it grows on, with every heartbeat
        await self._cluster.doubles.read_calls()
        seen.replies, seen.held = self._replying.replies, self._replying.held
        seen.calls = self._cluster.doubles.calls
        seen.steady = laws_of_queues.steady()
        seen.mistakes = [*self._channel.mistakes, *self._people.mistakes]
        self._journal.note("asked")
        seen.log = await read(self._cluster.kafka.address, PREFIX)
        seen.views_before, seen.views_after = await rebuilding.rebuilt(self._cluster)

    async def _play(self, steps: Sequence[Step]) -> None:
        """Each step when it is due, whatever the ones before it are doing; but when many of those
        are still under way, because a machine is slow or Kafka is away, time stands still."""
        clock = asyncio.get_running_loop().time
        start = clock()
        room = asyncio.Semaphore(_AT_ONCE)

        async def carry_out(step: Step) -> None:
            try:
                await self._do(step)
            finally:
                room.release()

        async with asyncio.TaskGroup() as tasks:
            for step in steps:
                await asyncio.sleep(max(0.0, start + step.at - clock()))
                full_at = clock()
                await room.acquire()
                start += clock() - full_at
                tasks.create_task(carry_out(step))

    async def _do(self, step: Step) -> None:
        match step.do:
            case "webhook":
                await self._channel.deliver(step.given)
            case "odd":
                await self._channel.odd(step.given)
            case "fault" if is_of_channel(step.given):
                await self._channel_faults.inject(step.given)
            case "fault":
                await self._injection.inject(step.given)
            case "speak" | "reply" | "act" | "retry" | "edit" | "delete":
                await getattr(self._replying, step.do)(step.given)
            case "add" | "one_phone" | "merge" | "claim" | "take_back" | "share":
                await getattr(self._contacting, step.do)(step.given)
            case "rebuild":
                await rebuilding.in_the_middle(self._cluster, self._journal)
            case other:
                await getattr(self._people, other)(step.given)

    async def _queue_empties(self) -> None:
        """R5.1, as things stand: before anybody puts anything in order."""
        found: list[str] = []

        async def empty() -> bool:
            now = Evidence(log=await read(self._cluster.kafka.address, PREFIX, _OF_QUEUES))
            for tenant in TENANTS:
                rows = await self._people.who[tenant, "admin"].all("/v1/conversations")
                now.rows |= {row["id"]: {**row, "organization": tenant} for row in rows}
                now.worlds[tenant] = await evidences.world_of(self._people, tenant)
            look = laws_of_queues.queue_is_empty
            found[:] = laws.finding("", look, now).broken
            return not found

        await eventually(empty, lambda: f"somebody can, and they wait: {found}", _PATIENCE_S)

    async def _examine(self) -> None:
        """Everybody comes online under rules in turns; all that waits must go, and then each page
        gets comments, one after another."""
        people = self._people
        for tenant, each in TENANTS.items():
            for agent in AGENTS:
                await people.agent({"tenant": tenant, "agent": agent, "disabled": False})
                people.wanted[tenant, agent] = "online"
            change = {"auto_assign": True, "page_permissions": False, "when_nobody": "queue"}
            await people.settings({"tenant": tenant, "change": change})
            for rule in each.rules:
                members = [{"agent_id": agent} for agent in AGENTS]
                turns = {"enabled": True, "mode": "sequential", "members": members}
                await people.rule({"tenant": tenant, "rule": rule, "change": turns})
        await settling.wait_until_at_rest(self._cluster, people, self._follower)
        pages = [(tenant, page) for tenant, each in TENANTS.items() for page in each.pages]
        comments = await asyncio.gather(*(self._sit(*page) for page in pages))
        self._seen.exam = dict(zip(pages, comments, strict=True))

    async def _sit(self, tenant: str, page: str) -> list[str]:
        comments = [f"thi_{page}_{turn}" for turn in range(_EXAM_TURNS)]
        for turn, comment in enumerate(comments):
            said: Json = {"kind": "comment", "tenant": tenant, "page": page, "id": comment}
            said |= {"customer": f"68{turn:04d}", "ms": 10**9 + turn * 1000}
            await self._channel.deliver({"said": [said], "delay_s": 0.0, "again_s": 0.0})
            await self._wait_until_assigned(tenant, comment)
        return comments

    async def _wait_until_assigned(self, tenant: str, comment: str) -> None:
        async def owned() -> bool:
            found = await self._people.who[tenant, "admin"].get(
                "/v1/conversations", external_id=comment
            )
            return any(row["assignee"] for row in found["items"])

        await eventually(owned, lambda: f"nobody got {comment}", _PATIENCE_S)
