"""An OpenID provider over HTTP: authorization code with PKCE (OpenID Connect Core, RFC 7636)."""

import asyncio
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import jwt
import msgspec
import structlog
from pydantic import SecretStr

from tuyen_events.limits import OPENID_ANSWER_BYTES, OPENID_WITHIN_S
from tuyen_gateway.adapters.pkce import derive_challenge
from tuyen_gateway.errors import UnauthenticatedError, UnavailableError
from tuyen_gateway.ports.openid import AuthorizationRequest
from tuyen_platform.clock import Clock

_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
"""Signatures with a public key only: with HS256, the client's secret would be the key."""

_METADATA_LASTS = timedelta(hours=1)
_KEYS_LAST = timedelta(hours=1)
_KEYS_INTERVAL = timedelta(seconds=10)
"""An unknown key may be new, so the keys are read again, but not more often than this: anybody can
invent the name of a key."""

_RETRY_INTERVAL = timedelta(seconds=5)
"""A provider that does not answer is asked again after that long: whoever wants to log in meanwhile
is answered at once, and does not wait for all who came before (R9.5)."""

_LEEWAY_S = 60
"""By how much the provider's clock may differ from ours."""

_AT_ONCE = 8

_DIRECTLY: Mapping[str, None] = MappingProxyType({"all://127.0.0.1": None, "all://localhost": None})
"""A provider on this machine is called without the proxy that leads outside."""

_SILENT = "The login's provider does not answer: try again."
_REFUSED = "The provider did not confirm this login: begin again."

_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

_log = structlog.get_logger()


class _Metadata(msgspec.Struct, frozen=True):
    """The part of the provider's description that is used (OpenID Connect Discovery 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class _TokenAnswer(msgspec.Struct, frozen=True):
    id_token: str


class HttpOpenIdProvider:
    """`OpenIdProvider`. Its description and its keys are read when they are needed first, and kept
    for an hour."""

    def __init__(
        self,
        *,
        issuer: str,
        client_id: str,
        client_secret: SecretStr | None,
        scopes: str,
        clock: Clock,
    ) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._scopes = scopes
        self._clock = clock
        self._secure = urlsplit(issuer).scheme == "https"
        self._metadata: tuple[datetime, _Metadata] | None = None
        self._keys: tuple[datetime, dict[str | None, jwt.PyJWK]] | None = None
        self._failed: tuple[str, datetime] | None = None
        """The address that could not be read last, and when."""
        self._calls = asyncio.Semaphore(_AT_ONCE)
        self._reading = asyncio.Lock()

    async def build_authorize_url(self, request: AuthorizationRequest) -> str:
        metadata = await self._describe()
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self._client_id,
                "redirect_uri": request.redirect_uri,
                "scope": self._scopes,
                "state": request.state,
                "nonce": request.nonce,
                "code_challenge": derive_challenge(request.verifier),
                "code_challenge_method": "S256",
            }
        )
        separator = "&" if "?" in metadata.authorization_endpoint else "?"
        return f"{metadata.authorization_endpoint}{separator}{query}"

    async def exchange(self, request: AuthorizationRequest, code: str) -> Mapping[str, Any]:
        metadata = await self._describe()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": request.redirect_uri,
            "code_verifier": request.verifier,
            "client_id": self._client_id,
        }
        auth: httpx.BasicAuth | None = None
        if self._client_secret is not None:
            secret = self._client_secret.get_secret_value()
            if "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
                auth = httpx.BasicAuth(self._client_id, secret)
            else:
                form["client_secret"] = secret
        status, body = await self._call("POST", metadata.token_endpoint, form=form, auth=auth)
        if status != httpx.codes.OK:
            _log.warning("openid_code_refused", issuer=self._issuer, status=status)
            raise UnauthenticatedError(_REFUSED)
        try:
            token = msgspec.json.decode(body, type=_TokenAnswer).id_token
        except _UNREADABLE as error:
            raise UnavailableError("The provider answered no ID token.") from error
        try:
            return await self._verify(token, request.nonce)
        except (jwt.InvalidTokenError, ValueError, TypeError, RecursionError) as error:
            _log.warning("openid_token_refused", issuer=self._issuer, reason=type(error).__name__)
            raise UnauthenticatedError(_REFUSED) from error

    async def _verify(self, token: str, nonce: str) -> Mapping[str, Any]:
        """The claims of an ID token (OpenID Connect Core 3.1.3.7). Raises InvalidTokenError."""
        header = jwt.get_unverified_header(token)
        key = await self._find_key(header.get("kid"))
        if key is None:
            raise jwt.InvalidTokenError("no key of the provider has this name")
        claims: dict[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=[one for one in _ALGORITHMS if one == key.algorithm_name],
            issuer=self._issuer,
            audience=self._client_id,
            # Times are checked below, by the clock port.
            options={
                "require": ["iss", "sub", "aud", "exp", "iat", "nonce"],
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
        now = self._clock.now().timestamp()
        if not claims["iat"] - _LEEWAY_S <= now < claims["exp"] + _LEEWAY_S:
            raise jwt.InvalidTokenError("it has expired, or was issued in the future")
        audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if claims.get("azp", self._client_id if len(audiences) == 1 else None) != self._client_id:
            raise jwt.InvalidTokenError("it was issued to another client")
        if not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
            raise jwt.InvalidTokenError("it belongs to another request")
        return claims

    async def _describe(self) -> _Metadata:
        now = self._clock.now()
        async with self._reading:
            if self._metadata is not None and now - self._metadata[0] < _METADATA_LASTS:
                return self._metadata[1]
            address = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
            metadata = _decode(await self._read(address), _Metadata)
            if metadata.issuer != self._issuer:
                raise UnavailableError("The provider says that it is another issuer.")
            endpoints = (
                metadata.authorization_endpoint,
                metadata.token_endpoint,
                metadata.jwks_uri,
            )
            for endpoint in endpoints:
                if self._secure and urlsplit(endpoint).scheme != "https":
                    raise UnavailableError("The provider names an address without encryption.")
            self._metadata = (now, metadata)
            return metadata

    async def _find_key(self, name: str | None) -> jwt.PyJWK | None:
        """The provider's key of this name; without a name, its only key."""
        metadata = await self._describe()
        now = self._clock.now()
        async with self._reading:
            read_at, keys = self._keys or (None, {})
            old = read_at is None or now - read_at >= _KEYS_LAST
            missing = _pick(keys, name) is None
            if old or (missing and read_at is not None and now - read_at >= _KEYS_INTERVAL):
                keys = _read_keys(await self._read(metadata.jwks_uri))
                self._keys = (now, keys)
            return _pick(keys, name)

    async def _read(self, address: str) -> bytes:
        now = self._clock.now()
        failed_address, failed_at = self._failed or (None, now)
        if failed_address == address and now - failed_at < _RETRY_INTERVAL:
            raise UnavailableError(_SILENT)
        try:
            status, body = await self._call("GET", address)
            if status != httpx.codes.OK:
                raise UnavailableError(f"The provider answered {status}: try again later.")
        except UnavailableError:
            self._failed = (address, self._clock.now())
            raise
        return body

    async def _call(
        self,
        method: str,
        address: str,
        *,
        form: Mapping[str, str] | None = None,
        auth: httpx.BasicAuth | None = None,
    ) -> tuple[int, bytes]:
        """The status and body. Redirects are not followed: a code goes to the provider only."""
        try:
            async with (
                asyncio.timeout(OPENID_WITHIN_S),
                self._calls,
                httpx.AsyncClient(timeout=OPENID_WITHIN_S, mounts=_DIRECTLY) as client,
                client.stream(
                    method,
                    address,
                    data=form,
                    auth=auth if auth is not None else httpx.USE_CLIENT_DEFAULT,
                    headers={"Accept": "application/json"},
                ) as answer,
            ):
                body = b""
                async for part in answer.aiter_bytes():
                    body += part
                    if len(body) > OPENID_ANSWER_BYTES:
                        raise UnavailableError("The provider's answer is too long.")
                return answer.status_code, body
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            _log.warning("openid_provider_unavailable", issuer=self._issuer, error=repr(error))
            raise UnavailableError(_SILENT) from error


def _decode(body: bytes, kind: type[_Metadata]) -> _Metadata:
    try:
        return msgspec.json.decode(body, type=kind)
    except _UNREADABLE as error:
        raise UnavailableError("The provider describes itself in no known way.") from error


def _read_keys(body: bytes) -> dict[str | None, jwt.PyJWK]:
    """The keys by their names; those that are of no use here are omitted."""
    try:
        listed = jwt.PyJWKSet.from_json(body.decode()).keys
    except (jwt.PyJWTError, ValueError, AttributeError, TypeError, RecursionError) as error:
        raise UnavailableError("The provider's keys cannot be read.") from error
    return {
        key.key_id: key
        for key in listed
        if key.public_key_use in (None, "sig") and key.algorithm_name in _ALGORITHMS
    }


def _pick(keys: Mapping[str | None, jwt.PyJWK], name: str | None) -> jwt.PyJWK | None:
    if name is None and len(keys) == 1:
        return next(iter(keys.values()))
    return keys.get(name)
