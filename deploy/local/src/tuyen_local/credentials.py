"""The secrets of one data directory: made once, kept, and readable by their owner alone."""

import base64
import json
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from tuyen_local.settings import Settings

DEMO_AGENTS: Mapping[str, str] = {"lan": "Lan", "minh": "Minh", "hoa": "Hoa"}
"""Username, which is the agent's id too, to name."""


@dataclass(frozen=True, slots=True, repr=False)
class LocalCredentials:
    """Plain text, as it is printed for the person at the terminal and handed to the services."""

    jwt_key: str
    secrets_key: str
    """What other secrets are encrypted with: losing it loses every livechat page's token."""
    operator_token: str
    bootstrap_password: str
    facebook_app_secret: str
    facebook_verify_token: str
    facebook_app_id: str
    zalo_app_id: str
    zalo_app_secret: str
    zalo_oa_secret: str
    agent_passwords: dict[str, str] = field(default_factory=dict)
    """Of the demo organization's agents, by username."""


def load(path: Path, settings: Settings) -> LocalCredentials:
    """The secrets in `path`, completed at random and written back with mode 0600.

    What the settings give wins and is kept too, so that a later start without them goes on with
    the same organization.
    """
    credentials = peek(path, settings) or _complete({}, settings)
    _write(path, json.dumps(asdict(credentials), indent=2) + "\n")
    return credentials


def peek(path: Path, settings: Settings) -> LocalCredentials | None:
    """What `load` would give, without writing; None where nothing was started yet."""
    if not path.exists():
        return None
    return _complete(json.loads(path.read_text(encoding="utf-8")), settings)


def _complete(known: Mapping[str, Any], settings: Settings) -> LocalCredentials:
    passwords = known.get("agent_passwords", {})

    def one(
        name: str, given: SecretStr | str | None = None, make: Callable[[], str] = _any_secret
    ) -> str:
        if given is not None:
            return given.get_secret_value() if isinstance(given, SecretStr) else given
        return str(known.get(name) or make())

    return LocalCredentials(
        jwt_key=one("jwt_key"),
        secrets_key=one("secrets_key", settings.secrets_key, _fernet_key),
        operator_token=one("operator_token", settings.operator_token),
        bootstrap_password=one("bootstrap_password", settings.bootstrap_password),
        facebook_app_secret=one("facebook_app_secret", settings.facebook_app_secret),
        facebook_verify_token=one("facebook_verify_token", settings.facebook_verify_token),
        facebook_app_id=one("facebook_app_id", settings.facebook_app_id, _app_id),
        zalo_app_id=one("zalo_app_id", settings.zalo_app_id, _app_id),
        zalo_app_secret=one("zalo_app_secret", settings.zalo_app_secret),
        zalo_oa_secret=one("zalo_oa_secret", settings.zalo_oa_secret),
        agent_passwords={
            agent: passwords.get(agent) or secrets.token_urlsafe(9) for agent in DEMO_AGENTS
        },
    )


def _any_secret() -> str:
    return secrets.token_urlsafe(24)


def _app_id() -> str:
    """A number, as Facebook and Zalo give to apps."""
    return str(secrets.randbelow(9 * 10**14) + 10**14)


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _write(path: Path, text: str) -> None:
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    unfinished.rename(path)
