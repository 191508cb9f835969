import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from support.processes import has_ended, until
from tuyen_local.child import Child

_PARENT = """
import asyncio, sys
from pathlib import Path
from tuyen_local.child import Child

async def main():
    child = await Child.start(["sleep", "600"], log=Path(sys.argv[1]))
    print(child.pid, flush=True)
    await child.wait()

asyncio.run(main())
"""

_DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(600)
"""


async def test_a_child_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PARENT, str(tmp_path / "log"), stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    assert not has_ended(child)
    parent.kill()
    await until(lambda: has_ended(child))
    await parent.wait()


async def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    child = await Child.start([sys.executable, "-c", _DEAF], log=tmp_path / "log")
    await until(lambda: "deaf" in child.log.read_text())
    await child.stop(grace_s=0.05)
    assert child.returncode == -signal.SIGKILL


async def test_a_child_that_was_never_there_says_so(tmp_path: Path) -> None:
    child = await Child.start(["no-such-command"], log=tmp_path / "log")
    assert await child.wait() == 127
    assert "no-such-command" in child.last_words()


async def test_ctrl_c_does_not_reach_a_child(tmp_path: Path) -> None:
    child = await Child.start(["sleep", "600"], log=tmp_path / "log")
    try:
        assert os.getsid(child.pid) == child.pid
    finally:
        await child.stop(0)


async def test_a_stop_that_is_cancelled_still_kills(tmp_path: Path) -> None:
    child = await Child.start([sys.executable, "-c", _DEAF], log=tmp_path / "log")
    await until(lambda: "deaf" in child.log.read_text())
    stopping = asyncio.ensure_future(child.stop(grace_s=600))
    await asyncio.sleep(0)
    stopping.cancel()
    assert await child.wait() == -signal.SIGKILL
