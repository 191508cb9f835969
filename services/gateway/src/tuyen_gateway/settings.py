"""The gateway's settings."""

from typing import Self
from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from tuyen_gateway.domain.openid import ClaimMapping
from tuyen_platform.admitted_networks import AdmittedNetworks
from tuyen_platform.callers import require_proxies
from tuyen_platform.settings import EncryptionSettings

MIN_KEY_BYTES = 32
MIN_OPERATOR_TOKEN_BYTES = 16


class GatewaySettings(EncryptionSettings):
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
    """The public address of ingest: livechat sites send their webhooks there, and the widget that
    the gateway serves speaks with it."""
    trusted_proxies: str = ""
    """Addresses or networks of the proxies in front, separated by commas: `X-Forwarded-For` is used
    only if it comes from them. The login throttle distinguishes callers by it."""
    presence_lease_s: float = 30.0
    """How many seconds a session lives without a heartbeat (R8.1)."""
    facebook_human_agent: bool = False
    """Whether Facebook gave the operator's app the permission "Human Agent": people may then answer
    within 7 days, instead of 24 hours (P5)."""
    done_check_s: float = 60.0
    """Seconds between two searches for conversations to be closed by `done_after_hours` (I12)."""
    sharing_check_s: float = 10.0
    """Seconds between two searches for contacts whose sharing rules are to be applied (S3, S4)."""
    openid_issuer: str = ""
    """The issuer of the OpenID provider at which agents can log in instead of with a password,
    exactly as the provider names itself. Without one, they cannot."""
    openid_client_id: str = ""
    openid_client_secret: SecretStr | None = None
    """May be omitted for a client that the provider knows as a public one: PKCE is always used."""
    openid_redirect_uris: str = ""
    """The addresses to which the provider may send a browser back, separated by commas."""
    openid_scopes: str = "openid profile email"
    openid_username_claim: str = "preferred_username"
    """The claim of the ID token that is the username here. `email` counts only if the provider says
    that it is verified. Choose one that users cannot change by themselves."""
    openid_organization: str = ""
    """The organization whose agents log in at the provider."""
    openid_organization_claim: str = ""
    """Instead: the claim of the ID token that is the organization's id here."""

    subscription_check_s: float = 900.0
    """Seconds between two checks whether channels still send the pages' events to us (P1).
    Facebook cuts a page off after an hour in which our webhook failed."""
    facebook_api: str = "https://graph.facebook.com/v24.0"
    """Base address of the Graph API, with its version."""
    facebook_dialog: str = "https://www.facebook.com/v24.0"
    """Base address of Facebook's login, in front of `/dialog/oauth`."""
    facebook_app_id: str | None = None
    facebook_app_secret: SecretStr | None = None
    """Without the id and the secret of the app, nobody can connect Facebook pages by a login."""
    zalo_api: str = "https://openapi.zalo.me"
    zalo_oauth: str = "https://oauth.zaloapp.com"
    zalo_app_id: str | None = None
    zalo_app_secret: SecretStr | None = None
    """Without the id and the secret of the app, nobody can connect Zalo accounts by a login."""
    reply_networks: str = ""
    """Networks inside which a `reply_url` may be, separated by commas; others have to be public."""

    media_hosts: str = ""
    """Hosts, or `host:port`, from which media of messages may be fetched besides the channels' own,
    separated by commas: with HTTP, and inside the network. For stand-ins of the channels."""
    attachment_gb: float = 20.0
    """GiB of attachments that each organization keeps: beyond these the oldest are removed."""

    @field_validator("facebook_api", "facebook_dialog", "zalo_api", "zalo_oauth")
    @classmethod
    def _is_base_address(cls, given: str) -> str:
        parts = urlsplit(given)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise ValueError("it is no base address: https://graph.facebook.com/v24.0")
        return given.rstrip("/")

    @model_validator(mode="after")
    def _has_networks(self) -> Self:
        try:
            AdmittedNetworks(self.reply_networks)
        except ValueError as error:
            raise ValueError(f"TUYEN_REPLY_NETWORKS: {error}") from None
        return self

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
        require_proxies(self.trusted_proxies)
        if self.presence_lease_s <= 0:
            raise ValueError("TUYEN_PRESENCE_LEASE_S must be above 0 seconds")
        if self.attachment_gb <= 0:
            raise ValueError("TUYEN_ATTACHMENT_GB must be above 0")
        return self

    @model_validator(mode="after")
    def _has_whole_openid(self) -> Self:
        if not self.openid_issuer:
            return self
        if urlsplit(self.openid_issuer).scheme != "https" and not self.local:
            raise ValueError("TUYEN_OPENID_ISSUER does not begin with https://")
        if not self.openid_client_id:
            raise ValueError("TUYEN_OPENID_CLIENT_ID is not set")
        if not self.list_openid_redirects():
            raise ValueError("TUYEN_OPENID_REDIRECT_URIS is not set")
        if bool(self.openid_organization) == bool(self.openid_organization_claim):
            raise ValueError(
                "Set one of TUYEN_OPENID_ORGANIZATION and TUYEN_OPENID_ORGANIZATION_CLAIM: "
                "a username alone says nothing of the organization"
            )
        return self

    def list_openid_redirects(self) -> frozenset[str]:
        """The addresses to which the provider may send a browser back."""
        return frozenset(filter(None, map(str.strip, self.openid_redirect_uris.split(","))))

    def map_openid_claims(self) -> ClaimMapping:
        """How the claims of an ID token name an agent."""
        return ClaimMapping(
            username_claim=self.openid_username_claim,
            organization=self.openid_organization or None,
            organization_claim=self.openid_organization_claim or None,
        )
