"""A service's process from outside: how it ends, and what it leaves on its standard output."""

import json
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tuyen_local.addresses import free_ports
from tuyen_platform.process import CRASHED

HEAD = """
import asyncio, logging, warnings
import structlog
from starlette.applications import Starlette
from tuyen_platform.logging import configure_logging
from tuyen_platform.process import run, serve

configure_logging("tester", "json")
log = structlog.get_logger()
"""
WAITS = """
async def main(stopping):
    log.info("started", conversation="msg_1", text="Váy hoa nhí còn size M không ạ?")
    await stopping.wait()
    log.info("stopped")
run(main)
"""
FAILS = """
async def main(stopping):
    raise ValueError("what was folded contradicts the log")
run(main)
"""
TASK_FAILS = """
async def consume():
    raise ValueError("poison")
async def main(stopping):
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(stopping.wait())
        tasks.create_task(consume())
run(main)
"""
SERVES = """
from contextlib import asynccontextmanager
from starlette.routing import Route
from starlette.responses import PlainTextResponse
@asynccontextmanager
async def lifespan(app):
    log.info("started")
    yield
    log.info("stopped")
async def main(stopping):
    await serve(Starlette(lifespan=lifespan), "127.0.0.1", PORT, stopping)
run(main)
"""
STARTUP_FAILS = SERVES.replace('log.info("started")', 'raise ValueError("no database")')
LOGS = """
logging.getLogger("a.library").warning("two\\nlines, %s", "and an argument")
log.info("half_a_character", text="\\ud83d")
log.info("not_json", value=object(), data=b"\\xff")
structlog.contextvars.clear_contextvars()
log.info("cleared")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("failed")
    logging.getLogger("a.library").exception("library failed")
log.debug("too_fine")
"""
DEADLINE_S = 20


@contextmanager
def start(body: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HEAD + textwrap.dedent(body)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def finish(body: str) -> tuple[int, list[dict[str, Any]]]:
    with start(body) as process:
        out, _ = process.communicate(timeout=DEADLINE_S)
        return process.returncode, [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_in_order_with_0(number: signal.Signals) -> None:
    with start(WAITS) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        process.send_signal(number)
        out, errors = process.communicate(timeout=DEADLINE_S)
    assert (first["event"], json.loads(out)["event"]) == ("started", "stopped")
    assert (process.returncode, errors) == (0, "")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (FAILS, "what was folded contradicts the log"),
        (TASK_FAILS, "poison"),
        (STARTUP_FAILS.replace("PORT", "0"), "no database"),
    ],
    ids=["main", "a task", "the application's startup"],
)
def test_what_escapes_is_logged_and_ends_the_process_with_70(body: str, error: str) -> None:
    status, lines = finish(body)
    assert status == CRASHED
    assert lines[-1]["event"] == "service_crashed"
    assert any(error in line.get("exception", line["event"]) for line in lines)


def test_a_port_that_is_taken_is_named_and_ends_the_process_with_70() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, lines = finish(SERVES.replace("PORT", str(port)))
    assert status == CRASHED
    assert any(str(port) in line["event"] for line in lines)


def test_the_server_ends_in_order_on_a_signal() -> None:
    (port,) = free_ports(1)
    with start(SERVES.replace("PORT", str(port))) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "running on" in json.loads(line)["event"]:
                break
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0
    assert "stopped" in [json.loads(line)["event"] for line in out.splitlines()]


def test_every_log_line_is_one_json_object_with_time_level_and_service() -> None:
    status, lines = finish(LOGS)
    assert status == 0
    by_event = {line["event"]: line for line in lines}
    assert list(by_event) == [
        "two\nlines, and an argument",
        "half_a_character",
        "not_json",
        "cleared",
        "failed",
        "library failed",
    ]
    assert all(
        line["service"] == "tester" and line["level"] and line["timestamp"].endswith("Z")
        for line in lines
    )
    assert by_event["half_a_character"]["text"] == "\ud83d"
    for failed in ("failed", "library failed"):
        assert "ZeroDivisionError" in by_event[failed]["exception"]
        assert by_event[failed]["level"] == "error"


def test_vietnamese_text_is_readable_in_the_log_whatever_the_locale() -> None:
    with start(WAITS) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=DEADLINE_S)
    assert "Váy hoa nhí còn size M không ạ?" in line
    assert json.loads(line)["conversation"] == "msg_1"
