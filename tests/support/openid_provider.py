"""An OpenID provider over HTTP on this machine: Authlib's server (authorization code, PKCE, client
authentication), whose ID tokens a test can spoil."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import flask
import jwt
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode
from cryptography.hazmat.primitives.asymmetric import rsa
from werkzeug.serving import make_server

CLIENT_ID = "tuyen"
CLIENT_SECRET = "the-secret-of-the-client-of-the-tests"
REDIRECT_URI = "https://inbox.example/login"

Claims = dict[str, Any]


@dataclass
class Code(AuthorizationCodeMixin):  # type: ignore[misc]  # authlib has no types
    """An authorization code, and what it was issued for."""

    code: str
    client_id: str
    redirect_uri: str
    scope: str
    user: str
    nonce: str | None
    code_challenge: str | None
    code_challenge_method: str | None

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce


class Client(ClientMixin):  # type: ignore[misc]  # authlib has no types
    """The gateway."""

    client_id = CLIENT_ID

    def __init__(self, auth_method: str) -> None:
        self._auth_method = auth_method

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str:
        return REDIRECT_URI

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == REDIRECT_URI

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == self._auth_method

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Provider:
    """The provider. `users` are those who can log in, with their claims. `spoilt` replaces claims
    of the ID tokens, where None leaves one out."""

    issuer: str
    users: dict[str, Claims] = field(default_factory=dict)
    spoilt: Claims = field(default_factory=dict)
    auth_method: str = "client_secret_basic"
    keys: list[tuple[str, rsa.RSAPrivateKey]] = field(default_factory=list)
    """The published keys by their names; the last one signs."""
    described: Claims = field(default_factory=dict)
    """Replaces parts of the description."""
    asked: list[str] = field(default_factory=list)
    """The paths that were asked for."""

    def rotate_keys(self) -> None:
        """Signs with a new key from now on; the ones before stay published."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.keys.append((f"key-{len(self.keys)}", key))

    def sign(self, claims: Mapping[str, Any]) -> str:
        name, key = self.keys[-1]
        return jwt.encode(dict(claims), key, algorithm="RS256", headers={"kid": name})

    def publish_keys(self) -> Claims:
        listed = []
        for name, key in self.keys:
            public = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
            listed.append({**public, "kid": name, "use": "sig", "alg": "RS256"})
        return {"keys": listed}


def _build_grants(provider: Provider) -> tuple[type, OpenIDCode]:
    codes: dict[str, Code] = {}

    class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]  # authlib has no types
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")

        def save_authorization_code(self, code: str, request: Any) -> None:
            asked = request.payload.data
            codes[code] = Code(
                code=code,
                client_id=CLIENT_ID,
                redirect_uri=request.payload.redirect_uri,
                scope=request.payload.scope,
                user=request.user,
                nonce=asked.get("nonce"),
                code_challenge=asked.get("code_challenge"),
                code_challenge_method=asked.get("code_challenge_method"),
            )

        def query_authorization_code(self, code: str, client: Client) -> Code | None:
            return codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            del codes[authorization_code.code]

        def authenticate_user(self, authorization_code: Code) -> str:
            return authorization_code.user

    class SpoiltOpenIDCode(OpenIDCode):  # type: ignore[misc]  # authlib has no types
        def exists_nonce(self, nonce: str, request: Any) -> bool:
            return any(code.nonce == nonce for code in codes.values())

        def encode_id_token(self, token: Claims, request: Any) -> str:
            now = int(time.time())
            claims = {
                "iss": provider.issuer,
                "sub": f"sub-of-{request.user}",
                "aud": CLIENT_ID,
                "iat": now,
                "exp": now + 300,
                "nonce": request.authorization_code.nonce,
                **provider.users[request.user],
                **provider.spoilt,
            }
            return provider.sign({k: v for k, v in claims.items() if v is not None})

        def process_token(self, grant: Any, response: Any) -> Claims:
            token: Claims = response[1]
            token["id_token"] = self.encode_id_token(token, grant.request)
            return token

    return CodeGrant, SpoiltOpenIDCode(require_nonce=True)


def _build_app(provider: Provider) -> flask.Flask:
    app = flask.Flask("openid-provider")
    server = AuthorizationServer(
        app,
        query_client=lambda name: Client(provider.auth_method) if name == CLIENT_ID else None,
        save_token=lambda token, request: None,
    )
    grant, openid = _build_grants(provider)
    server.register_grant(grant, [openid, CodeChallenge(required=True)])

    @app.before_request
    def note() -> None:
        provider.asked.append(flask.request.path)

    @app.get("/.well-known/openid-configuration")
    def describe() -> Claims:
        return {
            "issuer": provider.issuer,
            "authorization_endpoint": f"{provider.issuer}/authorize",
            "token_endpoint": f"{provider.issuer}/token",
            "jwks_uri": f"{provider.issuer}/keys",
            "token_endpoint_auth_methods_supported": [provider.auth_method],
            **provider.described,
        }

    @app.get("/keys")
    def publish() -> Claims:
        return provider.publish_keys()

    @app.get("/authorize")
    def authorize() -> Any:
        """The user is already logged in at the provider, as `login_hint` says."""
        user = flask.request.args["login_hint"]
        grant = server.get_consent_grant(end_user=user)
        return server.create_authorization_response(grant_user=user, grant=grant)

    @app.post("/token")
    def issue() -> Any:
        return server.create_token_response()

    return app


@contextmanager
def running_provider() -> Iterator[Provider]:
    """A provider with one key, until the block is left."""
    provider = Provider(issuer="")
    provider.rotate_keys()
    server = make_server("127.0.0.1", 0, _build_app(provider), threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
