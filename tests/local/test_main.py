"""`python -m tuyen_local run` where it cannot start: one line, exit status 1, nothing started."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from tuyen_local import lock
from tuyen_local.addresses import HOST


def run(
    directory: Path, environment: dict[str, str] | None = None, **settings: str
) -> subprocess.CompletedProcess[str]:
    given = {f"TUYEN_{name.upper()}": value for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "tuyen_local", "run"],
        env=os.environ | {"TUYEN_DATA_DIR": str(directory / "var")} | given | (environment or {}),
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_second_run_in_the_same_data_directory_says_so(tmp_path: Path) -> None:
    with lock.held(tmp_path / "var"):
        ended = run(tmp_path)
    assert ended.returncode == 1
    assert "runs already in" in ended.stdout
    assert str(os.getpid()) in ended.stdout


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as listener:
        port = str(listener.getsockname()[1])
        ended = run(tmp_path, gateway_port=port, ingest_port="0")
    assert ended.returncode == 1
    assert f"port {port}, for the gateway, is taken" in ended.stdout
    assert "TUYEN_GATEWAY_PORT" in ended.stdout


def test_a_setting_that_cannot_be_is_named(tmp_path: Path) -> None:
    ended = run(tmp_path, gateway_port="many")
    assert ended.returncode == 1
    assert "gateway_port" in ended.stdout


def test_without_docker_and_java_one_line_says_what_to_install(tmp_path: Path) -> None:
    nothing_installed = {
        "PATH": str(tmp_path),
        "JAVA_HOME": "",
        "DOCKER_HOST": f"unix://{tmp_path / 'docker.sock'}",
        "TUYEN_KAFKA": "",
    }
    ended = run(tmp_path, nothing_installed, gateway_port="0", ingest_port="0", doubles_port="0")
    assert ended.returncode == 1
    assert ended.stdout.splitlines()[-1].startswith("cannot start: there is no Docker engine")
    assert "install Docker, or Java 17 and Maven" in ended.stdout
    assert ended.stderr == ""
