"""The settings of the channel doubles."""

import os

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from tuyen_doubles.registry import double_settings


def _read_channels() -> dict[str, SecretStr]:
    defaults = double_settings()
    given = {name: os.environ.get(f"TUYEN_{name.upper()}", "").strip() for name in defaults}
    return {name: SecretStr(given[name] or default) for name, default in defaults.items()}


class DoublesSettings(BaseSettings):
    """All of them; the environment's names have the prefix `TUYEN_`, as for the services.

    `channels` are the ids and secrets that the services have at the channels, each from its own
    variable, for example TUYEN_FACEBOOK_APP_SECRET: the doubles sign their webhooks with them, and
    check what callers say of them.
    """

    model_config = SettingsConfigDict(
        env_prefix="TUYEN_", env_ignore_empty=True, extra="ignore", frozen=True
    )

    host: str = "127.0.0.1"
    port: int = 8002
    """0 is any free port."""
    ingest_url: str = "http://127.0.0.1:8001"
    """Where webhooks go, without the path."""
    channels: dict[str, SecretStr] = Field(default_factory=_read_channels)
    log_format: str = "json"

    def reveal_channels(self) -> dict[str, str]:
        """The ids and secrets as plain text, for the doubles only."""
        return {name: value.get_secret_value() for name, value in self.channels.items()}
