"""The gateway's settings."""

from ipaddress import ip_network
from typing import Self

from pydantic import SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from tuyen_platform.settings import SealingSettings

MIN_KEY_BYTES = 32
MIN_OPERATOR_TOKEN_BYTES = 16


class GatewaySettings(SealingSettings):
    """The settings that only the gateway has."""

    # An error at the start prints what is wrong, and never the secrets.
    model_config = SettingsConfigDict(hide_input_in_errors=True)

    jwt_key: SecretStr | None = None
    """Signs the access tokens (HS256), at least 32 bytes. May be omitted on the local stack only;
    there a random key is made at each start, and everybody has to log in again."""
    access_token_s: int = 3600
    refresh_token_s: int = 14 * 24 * 3600
    operator_token: SecretStr | None = None
    """The platform operator's token for creating and suspending organizations, at least 16 bytes.
    Without one, on the local stack, there is no operator."""
    ingest_url: str = "http://127.0.0.1:8001"
    """The public address of ingest, without a slash at its end: it is shown to livechat sites."""
    trusted_proxies: str = ""
    """Addresses or networks of the proxies in front, separated by commas: `X-Forwarded-For` is used
    only if it comes from them. The login throttle distinguishes callers by it."""
    presence_lease_s: float = 30.0
    """How many seconds a session lives without a heartbeat (R8.1)."""
    done_check_s: float = 60.0
    """Seconds between two searches for conversations to be closed by `done_after_hours` (I12)."""

    attachment_gb: float = 20.0
    """GiB of attachments that each organization keeps: beyond these the oldest are removed."""

    @model_validator(mode="after")
    def _has_secrets(self) -> Self:
        key = None if self.jwt_key is None else self.jwt_key.get_secret_value()
        if key is None and not self.local:
            raise ValueError("TUYEN_JWT_KEY is not set: give at least 32 random bytes")
        if key is not None and len(key.encode()) < MIN_KEY_BYTES:
            raise ValueError("TUYEN_JWT_KEY is too short: give at least 32 random bytes")
        token = None if self.operator_token is None else self.operator_token.get_secret_value()
        if token is None and not self.local:
            raise ValueError("TUYEN_OPERATOR_TOKEN is not set: give at least 16 random bytes")
        if token is not None and not self.local and len(token.encode()) < MIN_OPERATOR_TOKEN_BYTES:
            raise ValueError("TUYEN_OPERATOR_TOKEN is too short: give at least 16 random bytes")
        if not self.mongodb:
            raise ValueError("TUYEN_MONGODB is not set: the inbox is read from there")
        for network in filter(None, self.trusted_proxies.split(",")):
            try:
                ip_network(network.strip(), strict=False)
            except ValueError:
                raise ValueError(f"TUYEN_TRUSTED_PROXIES: {network!r} is no network") from None
        if self.presence_lease_s <= 0:
            raise ValueError("TUYEN_PRESENCE_LEASE_S must be above 0 seconds")
        if self.attachment_gb <= 0:
            raise ValueError("TUYEN_ATTACHMENT_GB must be above 0")
        return self
