"""Ingest's settings."""

import os
from typing import Self

from pydantic import Field, SecretStr, model_validator

from tuyen_channels.registry import credential_names
from tuyen_events.limits import BODY_WITHIN_S
from tuyen_platform.callers import require_proxies
from tuyen_platform.settings import EncryptionSettings

LOCAL_CREDENTIAL = "local-only"
"""The secret of a channel on the local stack if none is given."""


def _credentials() -> dict[str, SecretStr]:
    found = {name: os.environ.get(f"TUYEN_{name.upper()}", "") for name in credential_names()}
    return {name: SecretStr(value) for name, value in found.items()}


class IngestSettings(EncryptionSettings):
    """The settings that only ingest has.

    `credentials` are the secrets of all channels, each from its own variable: the registry of
    channels names them, for example TUYEN_FACEBOOK_APP_SECRET.
    """

    credentials: dict[str, SecretStr] = Field(default_factory=_credentials)
    acknowledge_within_s: float = 4.0
    """Seconds until a webhook is answered 503 because the log did not acknowledge it: within Meta's
    5 s. What was on its way to the log may still be appended; it has the same ids when the channel
    delivers it again."""

    body_within_s: float = BODY_WITHIN_S
    """Seconds until a webhook whose body has not arrived completely is answered 408."""

    trusted_proxies: str = ""
    """Addresses or networks of the proxies in front, separated by commas: `X-Forwarded-For` is used
    only if it comes from them. The limits of a site's visitors distinguish callers by it."""

    @model_validator(mode="after")
    def _has_secrets(self) -> Self:
        for name in credential_names():
            value = self.credentials.get(name, SecretStr("")).get_secret_value().strip()
            if not self.local and value in ("", LOCAL_CREDENTIAL):
                raise ValueError(f"TUYEN_{name.upper()} is not set to a secret of its own")
        if self.acknowledge_within_s <= 0:
            raise ValueError("TUYEN_ACKNOWLEDGE_WITHIN_S must be above 0 seconds")
        if self.body_within_s <= 0:
            raise ValueError("TUYEN_BODY_WITHIN_S must be above 0 seconds")
        require_proxies(self.trusted_proxies)
        return self

    def reveal_credentials(self) -> dict[str, str]:
        """The secrets as plain text, for the channels only."""
        return {
            name: value.get_secret_value().strip() or LOCAL_CREDENTIAL
            for name, value in self.credentials.items()
        }
