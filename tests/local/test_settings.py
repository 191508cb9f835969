from pathlib import Path

import pytest
from pydantic import ValidationError

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
def test_doubles_are_needed_while_an_address_is_missing(missing: str) -> None:
    names = ("facebook_api", "facebook_dialog", "zalo_api", "zalo_oauth")
    given = dict.fromkeys(names, "https://channel.example")
    assert not Settings.model_validate(given).needs_doubles
    assert Settings.model_validate({**given, missing: None}).needs_doubles
