"""A Kafka of one node: named, in a container, or from its own jars."""

import base64
import functools
import os
import re
import shutil
import subprocess
import uuid
from pathlib import Path
from string import Template

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from tuyen_local import cache
from tuyen_local.addresses import HOST, free_ports, listens, until
from tuyen_local.child import Child
from tuyen_local.containers import Container
from tuyen_local.errors import CannotStart
from tuyen_local.server import GRACE_S, Server, ServerOrigin, nothing, once_it_answers

KAFKA_VERSION = "4.1.0"
_IMAGE = f"apache/kafka:{KAFKA_VERSION}"
_RECIPES = Path(__file__).with_name("recipes")
_OLDEST_JAVA = 17
_NAMED_DEADLINE_S = 10.0
_HEAP = ("-Xms256m", "-Xmx512m")
_JVM = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")  # starts twice as fast, in half the memory
_WHAT_TO_INSTALL = (
    f"there is no Docker engine and no {{missing}}: install Docker, or Java {_OLDEST_JAVA} and "
    "Maven, or name a Kafka that runs in TUYEN_KAFKA"
)


async def find_server(address: str) -> Server:
    said = f"Kafka at {address}, as TUYEN_KAFKA says"
    await until(functools.partial(_answers, address), lambda: None, said, _NAMED_DEADLINE_S)
    return Server(address, ServerOrigin.NAMED, said, nothing)


async def container(directory: Path) -> Server:
    port, controller_port = free_ports(2)
    inside = Container.path()
    everywhere = "0.0.0.0"  # noqa: S104 - of its container; outside it is 127.0.0.1
    _configure(directory, inside, everywhere, port, controller_port)
    tools = "/opt/kafka/bin"
    properties = f"{inside}/server.properties"
    running = await Container.start(
        _IMAGE,
        [
            "bash",
            "-c",
            f"{tools}/kafka-storage.sh format --ignore-formatted -t {_cluster_id()} -c {properties}"
            f" && exec {tools}/kafka-server-start.sh {properties}",
        ],
        port=port,
        directory=directory,
        env={
            "KAFKA_HEAP_OPTS": " ".join(_HEAP),
            "KAFKA_JVM_PERFORMANCE_OPTS": " ".join(_JVM),
            "KAFKA_LOG4J_OPTS": f"-Dlog4j2.configurationFile={inside}/log4j2.properties",
            "LOG_DIR": str(inside),
        },
    )
    address = f"{HOST}:{port}"
    said = f"Kafka {KAFKA_VERSION} at {address}, a container of {_IMAGE}"
    stop = functools.partial(running.stop, GRACE_S)
    answers = functools.partial(_answers, address)
    return await once_it_answers(Server(address, ServerOrigin.CONTAINER, said, stop), answers)


async def process(directory: Path, logs: Path) -> Server:
    java = _java()
    jars = await cache.install_once("kafka", _RECIPES / "kafka.xml", _download)
    port, controller_port = free_ports(2)
    _configure(directory, directory, HOST, port, controller_port)
    logging = f"-Dlog4j2.configurationFile={directory / 'log4j2.properties'}"
    command = [java, *_HEAP, *_JVM, logging, "-cp", f"{jars}/*"]
    if not (directory / "log" / "meta.properties").exists():
        await _format(command, directory, logs)
    child = await Child.start(
        [*command, "kafka.Kafka", str(directory / "server.properties")], log=logs / "kafka.log"
    )
    address = f"{HOST}:{port}"
    said = f"Kafka {KAFKA_VERSION} at {address}, process {child.pid}, log {child.log}"
    stop = functools.partial(child.stop, GRACE_S)
    answers = functools.partial(_answers, address)
    server = Server(address, ServerOrigin.PROCESS, said, stop, child.pid)
    return await once_it_answers(server, answers, child)


async def _format(command: list[str], directory: Path, logs: Path) -> None:
    tool = ["kafka.tools.StorageTool", "format", "-t", _cluster_id()]
    child = await Child.start(
        [*command, *tool, "-c", str(directory / "server.properties")], log=logs / "kafka.log"
    )
    try:
        if await child.wait() != 0:
            raise CannotStart(f"Kafka cannot use {directory}: {child.last_words()}")
    finally:
        await child.stop(0)


def _configure(directory: Path, seen_as: Path, bind: str, port: int, controller_port: int) -> None:
    """`seen_as` is the path of `directory` for the broker, which may be in a container."""
    for name in ("server.properties", "log4j2.properties"):
        template = Template((_RECIPES / name).read_text(encoding="utf-8"))
        text = template.substitute(
            directory=seen_as, bind=bind, port=port, controller_port=controller_port
        )
        (directory / name).write_text(text, encoding="utf-8")


def _cluster_id() -> str:
    """A new id in Kafka's form. One that began with "-" would be taken for an option."""
    return base64.b64encode(uuid.uuid4().bytes, altchars=b"__").decode().rstrip("=")


async def _answers(bootstrap_servers: str) -> bool:
    """Whether a broker takes requests; its port opens a moment before it does."""
    for each in bootstrap_servers.split(","):
        host, _, port = each.strip().rpartition(":")
        if await listens(int(port), host):
            break
    else:
        return False
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=5000)
    try:
        await admin.start()
        await admin.list_topics()
    except KafkaError:
        return False
    finally:
        await admin.close()
    return True


def _java() -> str:
    """The Java of `JAVA_HOME`, or that of `PATH`, if it is new enough for the broker."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if java is None:
        raise CannotStart(_WHAT_TO_INSTALL.format(missing="Java"))
    said = subprocess.run(  # noqa: S603 - the user's own Java
        [java, "-version"], capture_output=True, text=True, check=False
    ).stderr
    found = re.search(r'version "(\d+)', said)
    if found is None or int(found[1]) < _OLDEST_JAVA:
        raise CannotStart(_WHAT_TO_INSTALL.format(missing=f"Java {_OLDEST_JAVA} or newer ({java})"))
    return java


async def _download(directory: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise CannotStart(_WHAT_TO_INSTALL.format(missing="Maven"))
    await cache.download(
        [
            maven,
            "--batch-mode",
            "--quiet",
            f"--file={_RECIPES / 'kafka.xml'}",
            "dependency:copy-dependencies",
            "-DincludeScope=runtime",
            f"-DoutputDirectory={directory}",
        ],
        f"Kafka {KAFKA_VERSION}",
    )
