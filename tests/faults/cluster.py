"""The real services as processes, each behind proxies of its own, and what can be done to them."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Self

import httpx

from faults.doubles import Doubles
from support.shop import eventually
from support.slow_proxy import SlowMongoDB, SlowProxy
from tuyen_events.topics import DIRECTORY, TOPICS
from tuyen_local import credentials, kafka, mongodb, server
from tuyen_local.addresses import HOST, free_ports
from tuyen_local.credentials import LocalCredentials
from tuyen_local.server import Server, ServerKind
from tuyen_local.settings import Settings
from tuyen_local.supervisor import Backoff, Program, Supervisor
from tuyen_platform.kafka.topics import ensure_topics

PREFIX = "tuyen."
DATABASE = "tuyen"
ROUTER_SESSION_S = 6.0
"""The shortest that Kafka allows by default."""
SESSION_S = 10.0
"""Of the other services."""
LEASE_S = 8.0
CALL_WITHIN_S, SETTLE_WITHIN_S = 5.0, 8.0
"""How long senders wait for a channel's answer, and then for an echo; the histories are short."""
STARTED = (
    *("ingest", "router", "router-2", "presence", "crm"),
    *("outbound", "outbound-2", "gateway", "gateway-2"),
)

_TOPICS = [
    replace(each, retention=timedelta(days=1)) if each is DIRECTORY else each
    for each in TOPICS.values()
]
"""Laws are judged by every change of the directory, which Kafka would take away meanwhile."""

_PROGRAM = Path(__file__).with_name("service.py")
_BACKOFF = Backoff(first_s=0.3, longest_s=15.0, forgiven_after_s=20.0)
"""Services that cannot do without Kafka end when it is away; starting all of them again and again
would leave a small machine no time to start Kafka."""
_READY_S = 180.0


class Store:
    """Kafka or MongoDB: it may die and come back, and its proxies go with it to its new address."""

    def __init__(self, kind: ServerKind, directory: Path, logs: Path) -> None:
        self._kind, self._directory, self._logs = kind, directory, logs
        self._server: Server | None = None
        self._changing = asyncio.Lock()
        self.proxies: list[SlowProxy] = []

    @property
    def address(self) -> str:
        """As clients are told it who need no proxy."""
        assert self._server is not None
        return self._server.address

    @property
    def host_port(self) -> str:
        return self.address.removeprefix("mongodb://").partition("/")[0]

    async def start(self) -> None:
        self._server = await server.start(self._kind, self._directory, self._logs)
        for proxy in self.proxies:
            proxy.move(self.host_port)
            await proxy.listen()

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.stop()

    async def restart(self, *, killed: bool, away_s: float) -> bool:
        """Ends it, with SIGKILL or as an operator would, and starts it on the same data.

        False when it cannot be killed, because it runs in a container.
        """
        async with self._changing:
            assert self._server is not None
            if killed and self._server.pid is None:
                return False
            if killed and self._server.pid is not None:
                with suppress(ProcessLookupError):  # it has died of itself, which comes to the same
                    os.kill(self._server.pid, signal.SIGKILL)
            await self.stop()
            for proxy in self.proxies:
                proxy.refuse()
            await asyncio.sleep(away_s)
            await self.start()
        return True


class Service:
    """One process of a service, started again whenever it dies."""

    def __init__(
        self, name: str, port: int, env: dict[str, str], directory: Path, say: Callable[[str], None]
    ) -> None:
        self.name, self.port = name, port
        self.kind = name.partition("-")[0]
        self.links: dict[str, SlowProxy] = {}
        self._clock = directory / f"{name}.clock"
        self._env = env | {"TUYEN_FAULTS_CLOCK": str(self._clock)}
        self._log = directory / "logs" / f"{name}.log"
        self._keeper = Supervisor(say, backoff=_BACKOFF)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def pid(self) -> int:
        return self._keeper.pid(self.name)

    async def start(self) -> None:
        self.set_clock(0.0)
        argv = [sys.executable, "-P", str(_PROGRAM), f"tuyen_{self.kind}"]
        await self._keeper.start(
            Program(name=self.name, argv=argv, env=os.environ | self._env, log=self._log)
        )

    def send(self, number: int) -> None:
        """A signal; if it dies of it, it is started again."""
        self._keeper.kill(self.name, number)

    async def restart(self, **changed: str) -> None:
        """SIGTERM, and a start with these settings of its environment instead of its own."""
        await self._keeper.stop()
        self._env |= changed
        await self.start()

    async def stop(self) -> None:
        """SIGTERM, and no start after it."""
        await self._keeper.stop()

    def set_clock(self, offset_s: float) -> None:
        """Moves what this service takes for the time."""
        unfinished = self._clock.with_suffix(".new")
        unfinished.write_text(str(offset_s))
        unfinished.rename(self._clock)


class Cluster:
    """An async context manager: inside of it everything was started and was ready once."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.kafka = Store(kafka, directory / "kafka", directory / "logs")
        self.mongodb = Store(mongodb, directory / "mongodb", directory / "logs")
        self.services: dict[str, Service] = {}
        self.doubles = Doubles(free_ports(1)[0], directory, self._note)
        self._exit = AsyncExitStack()
        self._secrets: LocalCredentials | None = None
        self._workers = 0

    @property
    def secrets(self) -> LocalCredentials:
        assert self._secrets is not None
        return self._secrets

    def of(self, kind: str) -> list[Service]:
        """The processes of a service, in the order in which they were started."""
        return [each for each in self.services.values() if each.kind == kind]

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as exit:
            (self.directory / "logs").mkdir(parents=True, exist_ok=True)
            settings = Settings(_env_file=None, data_dir=self.directory)
            self._secrets = credentials.load(self.directory / "secrets.json", settings)
            for store in (self.kafka, self.mongodb):
                exit.push_async_callback(store.stop)
            await asyncio.gather(self.kafka.start(), self.mongodb.start())
            await ensure_topics(self.kafka.address, PREFIX, 1, _TOPICS)
            self._exit = exit.pop_all()
        try:
            await asyncio.gather(*(self.add(name) for name in STARTED))
            (ingest,) = self.of("ingest")
            addresses = self.settings(self.kafka.address, self.mongodb.address)
            await self.doubles.start(ingest.url, addresses)
            await self.wait_ready()
        except BaseException:
            await self._leave()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._leave()

    async def _leave(self) -> None:
        await asyncio.gather(*(each.stop() for each in self.services.values()), self.doubles.stop())
        await self._exit.aclose()

    async def add(self, name: str) -> Service:
        """Starts one more process, behind proxies of its own; does not wait until it is ready."""
        links = {
            "kafka": SlowProxy(self.kafka.host_port, 0.0, port=free_ports(1)[0]),
            "mongodb": SlowMongoDB(self.mongodb.host_port, 0.0, port=free_ports(1)[0]),
        }
        for link, store in zip(links.values(), (self.kafka, self.mongodb), strict=True):
            await self._exit.enter_async_context(link)
            store.proxies.append(link)
        port = free_ports(1)[0]
        env = self._environment(name, port, links["kafka"], links["mongodb"])
        service = Service(name, port, env, self.directory, self._note)
        service.links = links
        await service.start()
        self.services[name] = service  # a fault may be chosen for it from now on
        return service

    async def add_worker(self) -> Service:
        """One more router."""
        self._workers += 1
        return await self.add(f"router-{self._workers + 2}")

    async def remove(self, service: Service) -> None:
        """Takes a process away for good."""
        del self.services[service.name]
        await service.stop()

    async def put_back(self, service: Service) -> None:
        """Starts a process again that was taken away, where it was; waits for nothing."""
        self.services[service.name] = service
        await service.start()

    async def keep_one_of_each(self) -> list[Service]:
        """Takes away all processes of a service but one; returns them."""
        seconds = [each for each in self.services.values() if each not in self.of(each.kind)[:1]]
        for each in seconds:
            await self.remove(each)
        return seconds

    async def leave_proxies(self) -> None:
        """Starts all services again with nothing between them and the stores, and waits until they
        are ready: the proxies are the harness's own work, and share its processor."""
        near = self.settings(self.kafka.address, self._mongodb_at(self.mongodb.host_port))
        await asyncio.gather(*(each.restart(**near) for each in self.services.values()))
        await self.wait_ready()

    async def wait_ready(self) -> None:
        """Returns once every process says that it is ready; AssertionError otherwise."""
        waiting: dict[str, str] = {}

        async def all_ready() -> bool:
            waiting.clear()
            for name, service in self.services.items():
                try:
                    answer = await client.get(f"{service.url}/readyz")
                except httpx.HTTPError as error:
                    waiting[name] = repr(error)
                else:
                    if not answer.is_success:
                        waiting[name] = answer.text
            return not waiting

        async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
            await eventually(all_ready, lambda: f"not ready: {waiting}", _READY_S)

    def _note(self, line: str) -> None:
        with (self.directory / "logs" / "processes.log").open("a") as log:
            log.write(line + "\n")

    def _environment(
        self, name: str, port: int, broker: SlowProxy, database: SlowProxy
    ) -> dict[str, str]:
        mongodb = self._mongodb_at(database.bootstrap)
        own = {"HOST": HOST, "PORT": str(port), "STATE_DIR": str(self.directory / name)}
        return {
            **self.settings(broker.bootstrap, mongodb),
            **{f"TUYEN_{key}": value for key, value in own.items()},
        }

    def _mongodb_at(self, host_port: str) -> str:
        return f"mongodb://{host_port}/?directConnection=true"

    def settings(self, kafka: str, mongodb: str) -> dict[str, str]:
        """What every process of this installation is told."""
        given = {
            "KAFKA": kafka,
            "MONGODB": mongodb,
            "DATABASE": DATABASE,
            "TOPIC_PREFIX": PREFIX,
            "LOCAL": "1",
            "PRESENCE_LEASE_S": str(LEASE_S),
            "ROUTER_SESSION_TIMEOUT_S": str(ROUTER_SESSION_S),
            "SECRETS_KEY": self.secrets.secrets_key,
            "JWT_KEY": self.secrets.jwt_key,
            "OPERATOR_TOKEN": self.secrets.operator_token,
            "FACEBOOK_APP_SECRET": self.secrets.facebook_app_secret,
            "FACEBOOK_VERIFY_TOKEN": self.secrets.facebook_verify_token,
            "FACEBOOK_APP_ID": self.secrets.facebook_app_id,
            "ZALO_APP_ID": self.secrets.zalo_app_id,
            "ZALO_APP_SECRET": self.secrets.zalo_app_secret,
            "ZALO_OA_SECRET": self.secrets.zalo_oa_secret,
            "CALL_WITHIN_S": str(CALL_WITHIN_S),
            "SETTLE_WITHIN_S": str(SETTLE_WITHIN_S),
            **self.doubles.addresses(),
        }
        return {f"TUYEN_{key}": value for key, value in given.items()}
