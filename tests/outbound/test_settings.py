"""The settings of the service."""

import pytest
from pydantic import ValidationError

from tuyen_outbound.settings import OutboundSettings
from tuyen_platform.settings import LOCAL_SECRETS_KEY


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in {
        "KAFKA": "127.0.0.1:9092",
        "MONGODB": "mongodb://127.0.0.1",
        "SECRETS_KEY": LOCAL_SECRETS_KEY,
        "LOCAL": "1",
    }.items():
        monkeypatch.setenv(f"TUYEN_{name}", value)
    return monkeypatch


def test_p5_the_addresses_of_the_channels_come_from_the_environment(
    environment: pytest.MonkeyPatch,
) -> None:
    assert (
        OutboundSettings()
        .reveal_connectors()["facebook_api"]
        .startswith("https://graph.facebook.com/")
    )
    environment.setenv("TUYEN_FACEBOOK_API", "http://127.0.0.1:8002/graph.facebook.com")
    environment.setenv("TUYEN_ZALO_APP_SECRET", "s3cret-of-the-app")
    settings = OutboundSettings()
    given = settings.reveal_connectors()
    assert given["facebook_api"] == "http://127.0.0.1:8002/graph.facebook.com"
    assert given["zalo_app_secret"] == "s3cret-of-the-app"
    assert "s3cret-of-the-app" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MONGODB", ""),
        ("REPLY_NETWORKS", "loopback"),
        ("CALL_WITHIN_S", "0"),
        ("SETTLE_WITHIN_S", "0"),
    ],
)
def test_what_cannot_work_is_refused(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    environment.setenv(f"TUYEN_{name}", value)
    with pytest.raises(ValidationError):
        OutboundSettings()


def test_i6_a_call_ends_before_it_is_found_out_what_became_of_it(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.delenv("TUYEN_LOCAL")
    environment.setenv("TUYEN_SECRETS_KEY", "A" * 43 + "=")
    environment.setenv("TUYEN_SETTLE_WITHIN_S", "10")
    with pytest.raises(ValidationError, match="TUYEN_SETTLE_WITHIN_S"):
        OutboundSettings()
