from pathlib import Path

import pytest
from pydantic import ValidationError

from tuyen_doubles.registry import host_paths
from tuyen_local.settings import Settings


def test_the_environment_comes_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("TUYEN_GATEWAY_PORT=9000\nTUYEN_INGEST_PORT=9001\n")
    monkeypatch.setenv("TUYEN_INGEST_PORT", "9002")
    settings = Settings()
    assert (settings.gateway_port, settings.ingest_port) == (9000, 9002)


def test_an_empty_value_is_none_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUYEN_KAFKA", "")
    assert Settings(_env_file=None).kafka is None


def test_a_port_that_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUYEN_GATEWAY_PORT", "80000")
    with pytest.raises(ValidationError, match="gateway_port"):
        Settings(_env_file=None)


@pytest.mark.parametrize("missing", ["facebook_api", "facebook_dialog", "zalo_api", "zalo_oauth"])
def test_doubles_are_needed_while_an_address_is_missing(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in host_paths():
        monkeypatch.setenv(f"TUYEN_{name.upper()}", "https://channel.example")
    assert not Settings(_env_file=None).needs_doubles
    monkeypatch.setenv(f"TUYEN_{missing.upper()}", "")
    assert set(Settings(_env_file=None).doubled_hosts) == {missing}
    assert Settings(_env_file=None).needs_doubles


def test_the_address_of_a_channel_may_be_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("TUYEN_ZALO_API=https://zalo.example\n")
    assert Settings().channel_addresses == {"zalo_api": "https://zalo.example"}
