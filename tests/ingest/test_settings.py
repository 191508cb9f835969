"""Ingest refuses to start on secrets that everybody knows."""

from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from ingest.rig import SECRETS_KEY
from support.channel_samples import CREDENTIALS
from tuyen_ingest.settings import LOCAL_CREDENTIAL, IngestSettings


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("TUYEN_KAFKA", "127.0.0.1:9092")
    monkeypatch.setenv("TUYEN_SECRETS_KEY", SECRETS_KEY)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(f"TUYEN_{name.upper()}", value)
    return monkeypatch


def test_each_channels_secrets_come_from_variables_of_their_own(
    environment: pytest.MonkeyPatch,
) -> None:
    settings = IngestSettings()
    assert settings.reveal_credentials() == CREDENTIALS
    assert CREDENTIALS["facebook_app_secret"] not in repr(settings)


@pytest.mark.parametrize("name", [f"TUYEN_{name.upper()}" for name in CREDENTIALS])
@pytest.mark.parametrize("value", ["", "  ", LOCAL_CREDENTIAL])
def test_an_empty_or_known_secret_is_refused_outside_the_local_stack(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    environment.setenv(name, value)
    with pytest.raises(ValidationError, match=name):
        IngestSettings()
    environment.setenv("TUYEN_LOCAL", "1")
    assert LOCAL_CREDENTIAL in IngestSettings().reveal_credentials().values()


def test_a_missing_variable_is_refused_outside_the_local_stack(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.delenv("TUYEN_FACEBOOK_APP_SECRET")
    with pytest.raises(ValidationError, match="TUYEN_FACEBOOK_APP_SECRET"):
        IngestSettings()


@pytest.mark.parametrize("name", ["acknowledge_within_s", "body_within_s"])
def test_a_deadline_of_nothing_is_refused(name: str) -> None:
    given: dict[str, Any] = {
        "kafka": "x",
        "secrets_key": SecretStr(SECRETS_KEY),
        "credentials": {each: SecretStr(value) for each, value in CREDENTIALS.items()},
        name: 0,
    }
    with pytest.raises(ValidationError, match=name.upper()):
        IngestSettings(**given)


def test_p6_the_key_of_the_local_stack_is_refused_elsewhere(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.delenv("TUYEN_SECRETS_KEY")
    with pytest.raises(ValidationError, match="TUYEN_SECRETS_KEY"):
        IngestSettings()
    environment.setenv("TUYEN_LOCAL", "1")
    assert IngestSettings().secrets_key


def test_r9_5_a_proxy_that_is_no_network_is_refused(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("TUYEN_TRUSTED_PROXIES", "10.0.0.0/8, 127.0.0.1")
    assert IngestSettings().trusted_proxies
    environment.setenv("TUYEN_TRUSTED_PROXIES", "10.0.0.0/8,proxy")
    with pytest.raises(ValidationError, match="TUYEN_TRUSTED_PROXIES"):
        IngestSettings()
