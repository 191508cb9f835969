"""The settings that all services share, read once from the environment."""

from typing import Self

from pydantic import SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from tuyen_platform.encrypted_records import RecordCipher

LOCAL_SECRETS_KEY = "bG9jYWwtb25seS1sb2NhbC1vbmx5LWxvY2FsLW9ubHk="
"""The key that encrypts tokens on the local stack when none is given."""


class ServiceSettings(BaseSettings):
    """A service's addresses and dependencies; each service extends this with its own settings."""

    model_config = SettingsConfigDict(
        env_prefix="TUYEN_",
        env_ignore_empty=True,  # `TUYEN_OPERATOR_TOKEN=` is how a template says "none"
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    kafka: str
    """Bootstrap servers, `host:port` separated by commas."""
    mongodb: str = ""
    """Connection string; services without views need none."""
    database: str = "tuyen"
    topic_prefix: str = "tuyen."
    host: str = "127.0.0.1"
    port: int = 8080
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = None
    """The port for `/metrics` and for the reasons of `/readyz`, which must not be public. None: not
    served."""
    local: bool = False
    """Whether this is the stack of one machine: only there may secrets have weak values."""
    log_format: str = "json"
    """`json` for machines, `console` for people."""

    @model_validator(mode="after")
    def _has_no_blank_secret(self) -> Self:
        """With a blank secret, every caller would pass where it is compared or used to verify a
        signature."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr) and not value.get_secret_value().strip():
                raise ValueError(f"TUYEN_{name.upper()} is blank: leave it out, or give a secret")
        return self


class EncryptionSettings(ServiceSettings):
    """The settings of services that encrypt or decrypt other parties' secrets."""

    secrets_key: SecretStr = SecretStr(LOCAL_SECRETS_KEY)
    """Fernet keys (32 random bytes in URL-safe base64) separated by commas: the first encrypts,
    each of them decrypts. To change the key, put the new one in front and keep the old one."""

    @model_validator(mode="after")
    def _has_key(self) -> Self:
        if not self.local and LOCAL_SECRETS_KEY in self.secrets_key.get_secret_value():
            raise ValueError("TUYEN_SECRETS_KEY is not set to a key of its own")
        try:
            RecordCipher(self.secrets_key)
        except ValueError:
            raise ValueError(
                "TUYEN_SECRETS_KEY is not a Fernet key: 32 random bytes in URL-safe base64"
            ) from None
        return self
