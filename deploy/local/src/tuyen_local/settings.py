"""The settings of `make run`, from the environment and `.env`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, create_model
from pydantic_settings import BaseSettings, SettingsConfigDict

from tuyen_doubles.registry import host_paths


class _Environment(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="TUYEN_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )


def _read_addresses() -> dict[str, str]:
    fields: dict[str, Any] = dict.fromkeys(host_paths(), (str | None, None))
    read = create_model("ChannelAddresses", __base__=_Environment, **fields)
    return read().model_dump(exclude_none=True)


class Settings(_Environment):
    """All of them; the environment's names have the prefix `TUYEN_`. An empty value is none."""

    gateway_port: int = Field(8000, ge=0, le=65535)
    """0 is any free port."""
    ingest_port: int = Field(8001, ge=0, le=65535)
    kafka: str | None = None
    """Bootstrap servers of a Kafka that runs; then none is started."""
    mongodb: str | None = None
    """Connection string of a MongoDB that runs; then none is started."""
    database: str = "tuyen"
    data_dir: Path = Path("var")
    topic_prefix: str = "tuyen."
    router_workers: int = Field(1, ge=1, le=12)
    """More than stage 2 has partitions would have nothing to do."""
    presence_lease_s: float = Field(30, gt=0)

    demo: bool = True
    """Whether the first organization gets a page, agents and a rule."""
    bootstrap_org: str = "demo"
    bootstrap_admin: str = "admin"

    # Made at random at the first start and kept in the data directory, unless given.
    bootstrap_password: SecretStr | None = None
    operator_token: SecretStr | None = None
    secrets_key: SecretStr | None = None
    facebook_app_secret: SecretStr | None = None
    facebook_verify_token: SecretStr | None = None
    facebook_app_id: str | None = None
    zalo_app_id: str | None = None
    zalo_app_secret: SecretStr | None = None
    zalo_oa_secret: SecretStr | None = None

    media_hosts: str | None = None
    """Hosts from which the media of messages are fetched besides the channels' own."""
    attachment_gb: float | None = None
    """GiB of files that an organization keeps."""
    channel_addresses: dict[str, str] = Field(default_factory=_read_addresses)
    """Base addresses of what the services call, each from its own variable, for example
    TUYEN_FACEBOOK_API. A host that is missing is that of a channel double."""
    reply_networks: str | None = None
    """Networks inside of which livechat pages' `reply_url` may lead."""
    doubles_port: int = Field(8002, ge=0, le=65535)

    @property
    def needs_doubles(self) -> bool:
        """Whether there is something to call for which no address is given."""
        return bool(self.doubled_hosts)

    @property
    def doubled_hosts(self) -> Mapping[str, str]:
        """The hosts for which no address is given: by setting, the double's path."""
        paths = host_paths().items()
        return {name: path for name, path in paths if name not in self.channel_addresses}
