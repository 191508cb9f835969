"""Builds the doubles: both channels, the steering routes, and the application around them."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from tuyen_doubles import site, steering
from tuyen_doubles.addresses import FACEBOOK_API, FACEBOOK_DIALOG, ZALO_API, ZALO_OAUTH
from tuyen_doubles.calls import CallRecord, DoubledChannel
from tuyen_doubles.exchange import Exchange, respond_json
from tuyen_doubles.facebook import graph
from tuyen_doubles.facebook.call import FacebookDouble
from tuyen_doubles.facebook.events import FacebookEvents
from tuyen_doubles.facebook.login import FacebookLogin
from tuyen_doubles.facebook.pages import KnownPages
from tuyen_doubles.faults import FaultTable
from tuyen_doubles.media import Media
from tuyen_doubles.saying import Customers
from tuyen_doubles.settings import DoublesSettings
from tuyen_doubles.tokens import DoubleTokens
from tuyen_doubles.webhooks import WebhookSender
from tuyen_doubles.zalo import open_api
from tuyen_doubles.zalo.accounts import OfficialAccounts
from tuyen_doubles.zalo.events import ZaloEvents
from tuyen_doubles.zalo.messages import ZaloDouble, token_of
from tuyen_doubles.zalo.oauth import ZaloOAuth
from tuyen_platform.clock import Clock
from tuyen_platform.health import Health

PAGE_TOKEN_PREFIX = "double-facebook-page-"  # noqa: S105 - what a token begins with
USER_TOKEN_PREFIX = "double-facebook-user-"  # noqa: S105 - what a token begins with
ZALO_TOKEN_PREFIX = "double-zalo-"  # noqa: S105 - what a token begins with
REFRESH_TOKEN_PREFIX = "double-refresh-"  # noqa: S105 - what a token begins with

_METHODS = ["GET", "POST", "DELETE"]


@dataclass(frozen=True, slots=True)
class Doubles:
    """The application, and what has to run beside it: the sender of webhooks."""

    app: ASGIApp
    run: Callable[[], Coroutine[None, None, None]]


def build(settings: DoublesSettings, clock: Clock) -> Doubles:
    """Builds the doubles. Nothing runs yet."""
    media, webhooks = Media(), WebhookSender(settings.ingest_url)
    calls, faults = CallRecord(), FaultTable()
    exchange = Exchange(calls, faults, webhooks, clock)
    facebook = _build_facebook(settings, media, clock)
    zalo = _build_zalo(settings, media, clock)
    refresh_tokens = DoubleTokens(REFRESH_TOKEN_PREFIX, clock)
    oauth = ZaloOAuth(
        app_id=settings.zalo_app_id,
        app_secret=settings.zalo_app_secret.get_secret_value(),
        accounts=zalo.accounts,
        tokens=zalo.tokens,
        refresh_tokens=refresh_tokens,
        clock=clock,
    )
    app = FastAPI(title="Channel doubles", docs_url=None, redoc_url=None)
    app.add_exception_handler(RequestValidationError, _refuse)
    app.include_router(
        steering.routes(
            calls=calls,
            faults=faults,
            customers=Customers(facebook, zalo),
            tokens={
                (DoubledChannel.FACEBOOK, "access"): facebook.tokens,
                (DoubledChannel.ZALO, "access"): zalo.tokens,
                (DoubledChannel.ZALO, "refresh"): refresh_tokens,
            },
            webhooks=webhooks,
            clock=clock,
        )
    )
    app.router.routes += [
        *Health().routes(),
        Route("/media/{name}", _serve(media)),
        *site.routes(settings.ingest_url),
        *_route_facebook(exchange, facebook),
        *_route_zalo(exchange, zalo, oauth),
    ]
    return Doubles(app, webhooks.run)


def _build_facebook(settings: DoublesSettings, media: Media, clock: Clock) -> FacebookDouble:
    pages = KnownPages(clock)
    secret = settings.facebook_app_secret.get_secret_value()
    return FacebookDouble(
        app_id=settings.facebook_app_id,
        app_secret=secret,
        pages=pages,
        tokens=DoubleTokens(PAGE_TOKEN_PREFIX, clock),
        users=DoubleTokens(USER_TOKEN_PREFIX, clock),
        events=FacebookEvents(
            app_id=settings.facebook_app_id, app_secret=secret, pages=pages, clock=clock
        ),
        media=media,
        clock=clock,
    )


def _build_zalo(settings: DoublesSettings, media: Media, clock: Clock) -> ZaloDouble:
    return ZaloDouble(
        accounts=OfficialAccounts(),
        tokens=DoubleTokens(ZALO_TOKEN_PREFIX, clock),
        events=ZaloEvents(
            app_id=settings.zalo_app_id, oa_secret=settings.zalo_oa_secret.get_secret_value()
        ),
        media=media,
        clock=clock,
    )


def _route_facebook(exchange: Exchange, double: FacebookDouble) -> list[Mount]:
    login = FacebookLogin(double)
    answer = exchange.endpoint(
        DoubledChannel.FACEBOOK,
        graph.Graph(double, login).understand,
        graph.token_of,
        graph.UNREADABLE,
    )
    dialog = [
        Route(path, login.show_dialog) for path in ("/dialog/oauth", "/{version}/dialog/oauth")
    ]
    return [
        Mount(FACEBOOK_API, routes=[Route("/{path:path}", answer, methods=_METHODS)]),
        Mount(FACEBOOK_DIALOG, routes=dialog),
    ]


def _route_zalo(exchange: Exchange, double: ZaloDouble, oauth: ZaloOAuth) -> list[Mount]:
    answer = exchange.endpoint(
        DoubledChannel.ZALO, open_api.OpenApi(double).understand, token_of, open_api.UNREADABLE
    )
    token = exchange.endpoint(
        DoubledChannel.ZALO,
        partial(open_api.understand_oauth, oauth),
        lambda _call: None,
        open_api.UNREADABLE,
    )
    return [
        Mount(ZALO_API, routes=[Route("/{path:path}", answer, methods=_METHODS)]),
        Mount(
            ZALO_OAUTH,
            routes=[
                Route("/v4/oa/permission", oauth.show_permission),
                Route("/{path:path}", token, methods=_METHODS),
            ],
        ),
    ]


def _serve(media: Media) -> Callable[[Request], Coroutine[None, None, Response]]:
    async def serve(request: Request) -> Response:
        file = media.get(request.path_params["name"])
        if file is None:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        return Response(file.content, headers={"Content-Type": file.content_type})

    return serve


async def _refuse(_request: Request, error: Exception) -> Response:
    """What is wrong with a request to the steering routes."""
    problems = error.errors() if isinstance(error, RequestValidationError) else []
    said = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in problems]
    return respond_json({"detail": "; ".join(said)}, HTTPStatus.UNPROCESSABLE_ENTITY)
