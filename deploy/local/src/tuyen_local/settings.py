"""The settings of `make run`, from the environment and `.env`."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from tuyen_doubles.addresses import DoubledHost


class Settings(BaseSettings):
    """All of them; the environment's names have the prefix `TUYEN_`. An empty value is none."""

    model_config = SettingsConfigDict(
        env_prefix="TUYEN_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

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
    # Base addresses of what the services call. One that is not given is that of a channel double.
    facebook_api: str | None = None
    facebook_dialog: str | None = None
    zalo_api: str | None = None
    zalo_oauth: str | None = None
    reply_networks: str | None = None
    """Networks inside of which livechat pages' `reply_url` may lead."""
    doubles_port: int = Field(8002, ge=0, le=65535)

    @property
    def needs_doubles(self) -> bool:
        """Whether there is something to call for which no address is given."""
        return None in self.channel_addresses.values()

    @property
    def channel_addresses(self) -> Mapping[DoubledHost, str | None]:
        return {host: getattr(self, host.name.lower()) for host in DoubledHost}
