"""The demo says in one sentence what did not come."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tuyen_local import credentials
from tuyen_local.addresses import free_ports
from tuyen_local.demo.shop import NotAsExpected, Shop
from tuyen_local.settings import Settings

Answer = Callable[[httpx.Request], httpx.Response]


def shop(answer: Answer) -> Shop:
    """A shop whose services answer so, and that waits for nothing."""
    client = httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://stack")
    return Shop(client, client, "demo", "app-secret", deadline_s=0)


def demo(directory: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    given = {f"TUYEN_{name.upper()}": value for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "tuyen_local", "demo"],
        env=os.environ | {"TUYEN_DATA_DIR": str(directory / "var")} | given,
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_where_nothing_was_ever_started_one_sentence_says_so(tmp_path: Path) -> None:
    ended = demo(tmp_path)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout.startswith("nothing has run in ")
    assert ended.stdout.endswith("start it with `make run`\n")
    assert not (tmp_path / "var").exists()


def test_where_nothing_runs_now_one_sentence_says_so(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    credentials.load(tmp_path / "var" / "secrets.json", Settings(_env_file=None))
    (port,) = free_ports(1)
    ended = demo(tmp_path, gateway_port=str(port))
    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout == (
        f"nothing answers at http://127.0.0.1:{port}: start it with `make run`\n"
    )


async def test_a_webhook_that_is_refused_is_reported() -> None:
    refusing = shop(lambda _: httpx.Response(401, text="the signature is wrong"))
    with pytest.raises(NotAsExpected, match="answered 401: the signature is wrong"):
        await refusing.send(b"{}")


async def test_what_does_not_come_in_time_is_reported() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        token = {"access_token": "token"}
        return httpx.Response(200, json=token if request.method == "POST" else {"items": []})

    empty = shop(answer)
    await empty.log_in("admin", "password")
    with pytest.raises(NotAsExpected, match="after 0 s Vân has no agent"):
        await empty.conversation(
            "admin",
            kind="message",
            external_id="1",
            message="m_1",
            wanted=lambda found: found.agent_id is not None,
            expected="Vân has no agent",
        )


async def test_r8_1_every_run_uses_the_same_session() -> None:
    bodies: list[dict[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.content))
        return httpx.Response(200, json={"access_token": "token", "lease_s": 30})

    for _ in range(2):
        run = shop(answer)
        await run.log_in("lan", "password")
        assert await run.set_presence("lan", "online") == 30
    sessions = [body["session"] for body in bodies if "status" in body]
    assert sessions == ["demo", "demo"]
