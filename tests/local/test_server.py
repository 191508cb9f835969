"""Named servers first, then containers, then processes."""

import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tuyen_gateway.ports.tables import WAIT_S
from tuyen_local import cache, containers, kafka, mongodb, server
from tuyen_local.errors import CannotStart
from tuyen_local.server import Server, ServerOrigin, nothing
from tuyen_platform.kafka.conditional import UNDONE_AFTER_MS


class Recorded:
    """A kind of server of which nothing is started."""

    async def find_server(self, address: str) -> Server:
        return Server(address, ServerOrigin.NAMED, "named", nothing)

    async def container(self, directory: Path) -> Server:
        return Server(str(directory), ServerOrigin.CONTAINER, "container", nothing)

    async def process(self, directory: Path, logs: Path) -> Server:
        return Server(str(directory), ServerOrigin.PROCESS, "process", nothing)


def test_kafka_undoes_what_a_killed_gateway_left_open_while_the_requests_of_others_wait() -> None:
    recipe = Path(kafka.__file__).with_name("recipes") / "server.properties"
    name = "transaction.abort.timed.out.transaction.cleanup.interval.ms="
    found = [line for line in recipe.read_text().splitlines() if line.startswith(name)]
    looks_every_ms = int(found[0].removeprefix(name))
    assert UNDONE_AFTER_MS + looks_every_ms < WAIT_S * 1000


@pytest.mark.parametrize(
    ("named", "engine", "origin"),
    [
        ("broker:9092", True, ServerOrigin.NAMED),
        ("broker:9092", False, ServerOrigin.NAMED),
        (None, True, ServerOrigin.CONTAINER),
        ("", True, ServerOrigin.CONTAINER),
        (None, False, ServerOrigin.PROCESS),
    ],
)
async def test_named_comes_before_container_before_process(
    tmp_path: Path, named: str | None, engine: bool, origin: ServerOrigin
) -> None:
    started = await server.start(Recorded(), tmp_path / "data", tmp_path, named, lambda: engine)
    assert started.origin is origin
    assert started.address == (named or str(tmp_path / "data"))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Path]:
    """A socket that answers a ping as a Docker engine does."""
    path = tmp_path / "engine.sock"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1024)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    yield path
    thread.join()
    listener.close()


def test_an_engine_that_answers_is_found(engine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{engine}")
    assert containers.engine_answers()


@pytest.mark.parametrize("host", ["unix:///nonexistent/docker.sock", "tcp://192.0.2.1:2375"])
def test_a_client_without_an_engine_on_this_machine_is_none(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    assert not containers.engine_answers()


async def test_without_docker_java_and_maven_one_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(shutil, "which", lambda _name, **_: None)
    with pytest.raises(CannotStart, match="install Docker, or Java 17 and Maven, or name a Kafka"):
        await server.start(kafka, tmp_path / "kafka", tmp_path, None, lambda: False)


async def test_without_maven_and_jars_one_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    java = shutil.which("java")
    if java is None:
        pytest.skip("this machine has no Java; the sentence about Java is tested elsewhere")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(shutil, "which", {"java": java}.get)
    with pytest.raises(CannotStart, match="no Docker engine and no Maven: install Docker, or Java"):
        await server.start(kafka, tmp_path / "kafka", tmp_path, None, lambda: False)
    assert not list(cache.directory().glob("kafka-*"))


async def test_where_the_wheel_is_no_use_one_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(CannotStart, match="install Docker or MongoDB 6, or name a MongoDB"):
        await server.start(mongodb, tmp_path / "mongodb", tmp_path, None, lambda: False)
