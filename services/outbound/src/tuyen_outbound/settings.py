"""The settings of the service."""

import os
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from tuyen_channels.connectors import connector_settings
from tuyen_platform.admitted_networks import AdmittedNetworks
from tuyen_platform.settings import EncryptionSettings


def _read_connectors() -> dict[str, SecretStr]:
    defaults = connector_settings()
    given = {name: os.environ.get(f"TUYEN_{name.upper()}", "").strip() for name in defaults}
    return {name: SecretStr(given[name] or default) for name, default in defaults.items()}


class OutboundSettings(EncryptionSettings):
    """The settings that only this service has.

    `connectors` are the addresses and secrets of all channels' connectors, each from its own
    variable, for example TUYEN_FACEBOOK_API.
    """

    connectors: dict[str, SecretStr] = Field(default_factory=_read_connectors)
    reply_networks: str = ""
    """Networks inside of which a `reply_url` may lead, separated by commas; others have to be
    public."""
    gateway_url: str = "http://127.0.0.1:8000"
    """The public address of the gateway: livechat's sites fetch the files of replies there."""
    call_within_s: float = Field(20.0, gt=0)
    """Seconds until a call to a channel counts as lost."""
    settle_within_s: float = Field(25.0, gt=0)
    """Seconds that an echo is waited for, if the answer to a call is not known. It must be longer
    than a call may take: by then, a process that lost the partition makes no call any more."""

    @field_validator("reply_networks")
    @classmethod
    def _are_networks(cls, given: str) -> str:
        AdmittedNetworks(given)
        return given

    @model_validator(mode="after")
    def _can_settle(self) -> Self:
        if not self.mongodb:
            raise ValueError("TUYEN_MONGODB is not set: attachments are stored there")
        if self.settle_within_s <= self.call_within_s and not self.local:
            raise ValueError("TUYEN_SETTLE_WITHIN_S must be above TUYEN_CALL_WITHIN_S")
        return self

    def reveal_connectors(self) -> dict[str, str]:
        """The addresses and secrets as plain text, for the connectors only."""
        return {name: value.get_secret_value() for name, value in self.connectors.items()}
