"""The whole of Tuyến on this machine: servers, topics, services."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from tuyen_local import credentials, kafka, lock, mongodb, server
from tuyen_local.addresses import HOST, free_ports, require_free, until
from tuyen_local.credentials import LocalCredentials
from tuyen_local.errors import CannotStart
from tuyen_local.server import Server, ServerOrigin
from tuyen_local.settings import Settings
from tuyen_local.supervisor import Program, Supervisor

SERVICES = ("ingest", "router", "presence", "crm", "outbound", "gateway")
DOUBLES = "doubles"
_Part = TypeVar("_Part")
_READY_DEADLINE_S = 90.0
_REPLICAS_OF_A_CLUSTER = 3
_GRACE_S = {"outbound": 30.0}
"""How many seconds services may take to end: this one has calls under way (docs/sending.md)."""
_OTHERS_GRACE_S = 5.0


def silent(_line: str) -> None:
    """For those who want nothing said."""


class Stack:
    """An async context manager: inside of it everything runs and is ready.

    Services are started again when they die; `say` is given a line for that and for each thing
    started. Everything ends within 10 s of leaving, or as late as the last call to a channel that
    is under way. Raises CannotStart. Enter it in the main thread: children die with the thread
    that started them.
    """

    def __init__(self, settings: Settings, say: Callable[[str], None] = silent) -> None:
        self.settings = settings
        self.data_dir = settings.data_dir.resolve()
        self._say = say
        self._exit = AsyncExitStack()
        self._supervisor = Supervisor(say)
        self._ports: dict[str, int] = {}
        self._insight: dict[str, int] = {}
        """The second port of each: metrics, and why it is not ready."""
        self._kafka: Server | None = None
        self._mongodb: Server | None = None
        self._secrets: LocalCredentials | None = None

    @classmethod
    def on_free_ports(
        cls, data_dir: Path, say: Callable[[str], None] = silent, **given: Any
    ) -> Self:
        """A stack for a test: free ports, no `.env`, and all doubles; `given` are settings by
        name."""
        own = {"gateway_port": 0, "ingest_port": 0, "doubles_port": 0, "channel_addresses": {}}
        return cls(Settings(_env_file=None, **{"data_dir": data_dir, **own, **given}), say)

    @property
    def gateway_url(self) -> str:
        return self.url("gateway")

    @property
    def ingest_url(self) -> str:
        return self.url("ingest")

    @property
    def kafka(self) -> str:
        """Bootstrap servers."""
        return _require_started(self._kafka).address

    @property
    def mongodb(self) -> str:
        """Connection string."""
        return _require_started(self._mongodb).address

    @property
    def secrets(self) -> LocalCredentials:
        return _require_started(self._secrets)

    def url(self, name: str) -> str:
        """The base address of a service, a router worker, or the channel doubles, without a slash
        at its end."""
        return f"http://{HOST}:{self._ports[name]}"

    def insight_url(self, name: str) -> str:
        """Where it tells its metrics, and why it is not ready."""
        return f"http://{HOST}:{self._insight[name]}"

    def log(self, name: str) -> Path:
        return self.data_dir / "logs" / f"{name}.log"

    def pid(self, name: str) -> int:
        """The process id of `gateway`, `router`, `router-2` ... as it is at this moment."""
        return self._supervisor.pid(name)

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Sends a signal; a service that dies of it is started again after a moment."""
        self._supervisor.kill(name, number)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as exit:
            exit.enter_context(lock.held(self.data_dir))
            self._choose_ports()
            self._secrets = credentials.load(self.data_dir / "secrets.json", self.settings)
            exit.push_async_callback(self._stop_servers)
            await self._start_servers()
            await self._create_topics()
            exit.push_async_callback(self._supervisor.stop)
            self._say(f"starting {', '.join(self._names())}; logs in {self.data_dir / 'logs'}")
            for name in self._names():
                await self._supervisor.start(self._program(name, name))
            for _ in range(1, self.settings.router_workers):
                await self.start_worker("router")
            await self.wait_ready()
            self._exit = exit.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._exit.aclose()

    async def start_worker(self, service: str) -> str:
        """One more process of `service` on a port of its own; its name, such as `router-2`.

        Does not wait until it is ready.
        """
        number = 1 + sum(name.split("-")[0] == service for name in self._ports)
        name = f"{service}-{number}"
        self._ports[name], self._insight[name] = free_ports(2)
        await self._supervisor.start(self._program(service, name))
        return name

    async def wait_ready(self, deadline_s: float = _READY_DEADLINE_S) -> None:
        """Returns when every process says that it is ready; CannotStart with those that do not."""
        waiting = dict.fromkeys(self._ports, "does not answer")

        async def all_ready() -> bool:
            for name in list(waiting):
                problem = await self._problem(client, name)
                if problem is None:
                    del waiting[name]
                else:
                    waiting[name] = problem
            return not waiting

        async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
            try:
                await until(all_ready, lambda: None, "the stack", deadline_s)
            except CannotStart as error:
                problems = "; ".join(
                    f"{name} {problem}, its log: {self.log(name)}"
                    for name, problem in waiting.items()
                )
                raise CannotStart(f"not ready after {deadline_s:.0f} s: {problems}") from error

    async def _problem(self, client: httpx.AsyncClient, name: str) -> str | None:
        try:
            answer = await client.get(f"{self.url(name)}/readyz")
            if answer.is_success:
                return None
            answer = await client.get(f"{self.insight_url(name)}/readyz")
        except httpx.TransportError:
            return "does not answer"
        return f"says {answer.text}"

    def _names(self) -> tuple[str, ...]:
        """What is started at first. The doubles come first: services may call them at once."""
        return (DOUBLES, *SERVICES) if self.settings.needs_doubles else SERVICES

    def _choose_ports(self) -> None:
        names = self._names()
        ports = free_ports(2 * len(names))
        free = dict(zip(names, ports[::2], strict=True))
        self._insight = dict(zip(names, ports[1::2], strict=True))
        for name, port in (
            ("gateway", self.settings.gateway_port),
            ("ingest", self.settings.ingest_port),
            (DOUBLES, self.settings.doubles_port),
        ):
            if port and name in names:
                purpose = "the channel doubles" if name == DOUBLES else f"the {name}"
                require_free(port, purpose, f"TUYEN_{name.upper()}_PORT")
                free[name] = port
        self._ports = free
        if DOUBLES in free:
            self._insight[DOUBLES] = free[DOUBLES]  # they have one port, and nothing to hide

    async def _start_servers(self) -> None:
        logs = self.data_dir / "logs"

        async def start_kafka() -> None:
            self._kafka = await server.start(
                kafka, self.data_dir / "kafka", logs, self.settings.kafka
            )
            self._say(self._kafka.said)

        async def start_mongodb() -> None:
            self._mongodb = await server.start(
                mongodb, self.data_dir / "mongodb", logs, self.settings.mongodb
            )
            self._say(self._mongodb.said)

        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(start_kafka())
                both.create_task(start_mongodb())
        except ExceptionGroup as failures:
            unable, others = failures.split(CannotStart)
            if unable is None or others is not None:
                raise
            raise CannotStart("; ".join(map(str, unable.exceptions))) from failures

    async def _stop_servers(self) -> None:
        started = [each for each in (self._kafka, self._mongodb) if each is not None]
        await asyncio.gather(*(each.stop() for each in started))

    async def _create_topics(self) -> None:
        from tuyen_platform.kafka.topics import ensure_topics  # noqa: PLC0415 - loads every event

        try:
            await ensure_topics(self.kafka, self.settings.topic_prefix, await self._replicas())
        except (KafkaError, ValueError, TimeoutError) as error:
            raise CannotStart(f"the topics cannot be made: {error}") from error

    async def _replicas(self) -> int:
        """One on a broker that was started here; on a cluster, up to three."""
        if _require_started(self._kafka).origin is not ServerOrigin.NAMED:
            return 1
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        await admin.start()
        try:
            cluster = await admin.describe_cluster()
        finally:
            await admin.close()
        return min(_REPLICAS_OF_A_CLUSTER, len(cluster["brokers"]))

    def _program(self, service: str, name: str) -> Program:
        return Program(
            name=name,
            argv=[sys.executable, "-m", f"tuyen_{service}"],
            env=os.environ | self._environment(name),
            log=self.log(name),
            grace_s=_GRACE_S.get(service, _OTHERS_GRACE_S),
        )

    def _environment(self, name: str) -> dict[str, str]:
        secrets, settings = self.secrets, self.settings
        given = {
            "KAFKA": self.kafka,
            "MONGODB": self.mongodb,
            "DATABASE": settings.database,
            "TOPIC_PREFIX": settings.topic_prefix,
            "HOST": HOST,
            "PORT": str(self._ports[name]),
            "METRICS_HOST": HOST,
            "METRICS_PORT": str(self._insight[name]),
            "LOCAL": "1",
            "LOG_FORMAT": "json",
            "STATE_DIR": str(self.data_dir / name),
            "PRESENCE_LEASE_S": str(settings.presence_lease_s),
            "JWT_KEY": secrets.jwt_key,
            "SECRETS_KEY": secrets.secrets_key,
            "INGEST_URL": self.ingest_url,
            "GATEWAY_URL": self.gateway_url,
            "OPERATOR_TOKEN": secrets.operator_token,
            "FACEBOOK_APP_SECRET": secrets.facebook_app_secret,
            "FACEBOOK_VERIFY_TOKEN": secrets.facebook_verify_token,
            "FACEBOOK_APP_ID": secrets.facebook_app_id,
            "ZALO_APP_ID": secrets.zalo_app_id,
            "ZALO_APP_SECRET": secrets.zalo_app_secret,
            "ZALO_OA_SECRET": secrets.zalo_oa_secret,
            "MEDIA_HOSTS": self._media_hosts(),
            "ATTACHMENT_GB": None
            if settings.attachment_gb is None
            else str(settings.attachment_gb),
            "REPLY_NETWORKS": settings.reply_networks,
            **self._channel_addresses(),
        }
        return {f"TUYEN_{key}": value for key, value in given.items() if value is not None}

    def _media_hosts(self) -> str | None:
        """The hosts from which media are fetched besides the channels' own: the doubles have some,
        too."""
        given = self.settings.media_hosts
        if given is not None or not self.settings.needs_doubles:
            return given
        return self.url(DOUBLES).removeprefix("http://")

    def _channel_addresses(self) -> dict[str, str]:
        """What the services call: what the settings give, and the doubles for the rest."""
        doubled = self.settings.doubled_hosts.items()
        addresses = {name: f"{self.url(DOUBLES)}{path}" for name, path in doubled}
        addresses |= self.settings.channel_addresses
        return {name.upper(): address for name, address in addresses.items()}


def _require_started(part: _Part | None) -> _Part:
    if part is None:
        raise RuntimeError("the stack has not been started")
    return part
