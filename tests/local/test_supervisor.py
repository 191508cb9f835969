import os
import signal
import sys
from pathlib import Path

import pytest

from support.processes import has_ended, until
from tuyen_local.supervisor import Backoff, Program, Supervisor

AT_ONCE = Backoff(first_s=0)


def sleeper(name: str, directory: Path) -> Program:
    return Program(
        name=name, argv=["sleep", "600"], env=dict(os.environ), log=directory / f"{name}.log"
    )


async def test_a_dead_process_is_started_again_and_logged(tmp_path: Path) -> None:
    lines: list[str] = []
    supervisor = Supervisor(lines.append, backoff=AT_ONCE)
    await supervisor.start(sleeper("router", tmp_path))
    first = supervisor.pid("router")
    supervisor.kill("router")
    await until(lambda: len(lines) >= 2)
    assert has_ended(first)
    assert f"router (process {first}) was ended by SIGKILL" in lines[0]
    assert lines[1] == f"router runs again as process {supervisor.pid('router')}"
    await supervisor.stop()


async def test_one_that_ends_by_itself_is_started_again_and_its_status_logged(
    tmp_path: Path,
) -> None:
    lines: list[str] = []
    supervisor = Supervisor(lines.append, backoff=AT_ONCE)
    argv = [sys.executable, "-c", "raise SystemExit(3)"]
    await supervisor.start(Program(name="crm", argv=argv, env={}, log=tmp_path / "crm.log"))
    await until(lambda: len(lines) >= 2)
    await supervisor.stop()
    assert "ended with status 3" in lines[0]


async def test_all_end_and_none_comes_back(tmp_path: Path) -> None:
    lines: list[str] = []
    supervisor = Supervisor(lines.append, backoff=AT_ONCE)
    names = ["ingest", "router", "gateway"]
    for name in names:
        await supervisor.start(sleeper(name, tmp_path))
    pids = [supervisor.pid(name) for name in names]
    await supervisor.stop()
    assert all(has_ended(pid) for pid in pids)
    assert [supervisor.pid(name) for name in names] == pids
    assert lines == []


async def test_a_name_is_kept_running_once(tmp_path: Path) -> None:
    supervisor = Supervisor(lambda _line: None)
    await supervisor.start(sleeper("router", tmp_path))
    with pytest.raises(ValueError, match="router"):
        await supervisor.start(sleeper("router", tmp_path))
    await supervisor.stop()


async def test_stopping_while_a_restart_is_waited_for_ends_at_once(tmp_path: Path) -> None:
    lines: list[str] = []
    supervisor = Supervisor(lines.append, backoff=Backoff(first_s=600, longest_s=600))
    await supervisor.start(sleeper("router", tmp_path))
    supervisor.kill("router", signal.SIGTERM)
    await until(lambda: bool(lines))
    await supervisor.stop()
    assert not supervisor.running("router")


def test_the_wait_doubles_up_to_its_bound() -> None:
    backoff = Backoff(first_s=0.5, longest_s=30)
    assert [backoff.delay_s(deaths) for deaths in (1, 2, 3, 7, 1000)] == [0.5, 1, 2, 30, 30]
