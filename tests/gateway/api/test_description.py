"""The committed description of the API is what a gateway serves."""

import json
from pathlib import Path

import pytest

from gateway.rig import Rig
from tuyen_gateway.api.description import main


async def test_the_file_is_what_a_gateway_serves(rig: Rig, tmp_path: Path) -> None:
    path = tmp_path / "console/openapi.json"
    assert main(["write", "--path", str(path)]) == 0
    served = (await rig.client.get("/openapi.json")).json()
    assert json.loads(path.read_text(encoding="utf-8")) == served


def test_a_file_that_is_out_of_date_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "openapi.json"
    assert main(["check", "--path", str(path)]) == 1
    assert main(["write", "--path", str(path)]) == 0
    assert main(["check", "--path", str(path)]) == 0
    path.write_text(path.read_text(encoding="utf-8").replace("/v1/me", "/v1/you"))
    assert main(["check", "--path", str(path)]) == 1
    assert "run the command `write`" in capsys.readouterr().err
