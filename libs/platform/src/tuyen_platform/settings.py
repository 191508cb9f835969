"""The settings that all services share, read once from the environment."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Where a service runs and what it stands on; a service's own settings extend this."""

    model_config = SettingsConfigDict(
        env_prefix="TUYEN_", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    kafka: str
    """Bootstrap servers, `host:port` separated by commas."""
    mongodb: str = ""
    """Connection string; services without views need none."""
    database: str = "tuyen"
    topic_prefix: str = "tuyen."
    host: str = "127.0.0.1"
    port: int = 8080
    local: bool = False
    """The stack of one machine: only there may secrets have weak values."""
    log_format: str = "json"
    """`json` for machines, `console` for people."""
    state_dir: Path = Path("var")
