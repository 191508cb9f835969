"""The settings of the channel doubles."""

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class DoublesSettings(BaseSettings):
    """All of them; the environment's names have the prefix `TUYEN_`, as for the services.

    The ids and secrets are those of the apps that the services have at Facebook and at Zalo: the
    doubles sign their webhooks with them, and check what callers say of them.
    """

    model_config = SettingsConfigDict(
        env_prefix="TUYEN_", env_ignore_empty=True, extra="ignore", frozen=True
    )

    host: str = "127.0.0.1"
    port: int = 8002
    """0 is any free port."""
    ingest_url: str = "http://127.0.0.1:8001"
    """Where webhooks go, without the path."""
    facebook_app_id: str = "990000000000001"
    facebook_app_secret: SecretStr = SecretStr("local-only")
    zalo_app_id: str = "3600000000000000001"
    zalo_app_secret: SecretStr = SecretStr("local-only")
    zalo_oa_secret: SecretStr = SecretStr("local-only")
    log_format: str = "json"
