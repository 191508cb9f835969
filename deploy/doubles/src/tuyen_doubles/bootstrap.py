"""Builds the doubles: all channels, the steering routes, and the application around them."""

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
from tuyen_doubles.addresses import DoubledChannel, DoubledHost
from tuyen_doubles.calls import CallRecord
from tuyen_doubles.exchange import Exchange, build_host, respond_json
from tuyen_doubles.facebook import graph
from tuyen_doubles.facebook.call import FacebookDouble
from tuyen_doubles.facebook.customers import FacebookCustomers
from tuyen_doubles.facebook.events import FacebookEvents
from tuyen_doubles.facebook.login import FacebookLogin
from tuyen_doubles.facebook.pages import KnownPages
from tuyen_doubles.faults import FaultTable
from tuyen_doubles.media import Media
from tuyen_doubles.saying import ChannelDouble
from tuyen_doubles.settings import DoublesSettings
from tuyen_doubles.tokens import PAGE_TOKEN_PREFIX, DoubleTokens
from tuyen_doubles.webhooks import WebhookSender
from tuyen_doubles.zalo import open_api
from tuyen_doubles.zalo.accounts import OfficialAccounts
from tuyen_doubles.zalo.customers import ZaloCustomers
from tuyen_doubles.zalo.events import ZaloEvents
from tuyen_doubles.zalo.messages import ZaloDouble, token_of
from tuyen_doubles.zalo.oauth import ZaloOAuth
from tuyen_platform.clock import Clock
from tuyen_platform.health import Health

USER_TOKEN_PREFIX = "double-facebook-user-"  # noqa: S105 - what a token begins with
ZALO_TOKEN_PREFIX = "double-zalo-"  # noqa: S105 - what a token begins with
REFRESH_TOKEN_PREFIX = "double-refresh-"  # noqa: S105 - what a token begins with


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
    channels = {
        DoubledChannel.FACEBOOK: _build_facebook(settings, exchange, media, clock),
        DoubledChannel.ZALO: _build_zalo(settings, exchange, media, clock),
    }
    app = FastAPI(title="Channel doubles", docs_url=None, redoc_url=None)
    app.add_exception_handler(RequestValidationError, _refuse)
    app.include_router(
        steering.build_routes(
            calls=calls, faults=faults, channels=channels, webhooks=webhooks, clock=clock
        )
    )
    app.router.routes += [
        *Health().routes(),
        Route("/media/{name}", _serve(media)),
        *site.build_routes(settings.ingest_url),
        *(route for each in channels.values() for route in each.routes),
    ]
    return Doubles(app, webhooks.run)


def _build_facebook(
    settings: DoublesSettings, exchange: Exchange, media: Media, clock: Clock
) -> ChannelDouble:
    pages = KnownPages(clock)
    secret = settings.facebook_app_secret.get_secret_value()
    double = FacebookDouble(
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
    login = FacebookLogin(double)
    answer = exchange.build_endpoint(
        DoubledChannel.FACEBOOK,
        graph.Graph(double, login).understand,
        graph.token_of,
        graph.UNREADABLE,
    )
    dialogs = [
        Route(path, login.show_dialog) for path in ("/dialog/oauth", "/{version}/dialog/oauth")
    ]
    customers = FacebookCustomers(double)
    return ChannelDouble(
        customers,
        {"access": double.tokens},
        [
            build_host(DoubledHost.FACEBOOK_API, answer),
            Mount(DoubledHost.FACEBOOK_DIALOG, routes=dialogs),
            *steering.build_post_routes(customers).routes,
        ],
    )


def _build_zalo(
    settings: DoublesSettings, exchange: Exchange, media: Media, clock: Clock
) -> ChannelDouble:
    double = ZaloDouble(
        accounts=OfficialAccounts(),
        tokens=DoubleTokens(ZALO_TOKEN_PREFIX, clock),
        events=ZaloEvents(
            app_id=settings.zalo_app_id, oa_secret=settings.zalo_oa_secret.get_secret_value()
        ),
        media=media,
        clock=clock,
    )
    refresh_tokens = DoubleTokens(REFRESH_TOKEN_PREFIX, clock)
    oauth = ZaloOAuth(
        app_id=settings.zalo_app_id,
        app_secret=settings.zalo_app_secret.get_secret_value(),
        accounts=double.accounts,
        tokens=double.tokens,
        refresh_tokens=refresh_tokens,
        clock=clock,
    )
    answer = exchange.build_endpoint(
        DoubledChannel.ZALO, open_api.OpenApi(double).understand, token_of, open_api.UNREADABLE
    )
    token = exchange.build_endpoint(
        DoubledChannel.ZALO,
        partial(open_api.understand_oauth, oauth),
        lambda _call: None,
        open_api.UNREADABLE,
    )
    permission = Route("/v4/oa/permission", oauth.show_permission)
    return ChannelDouble(
        ZaloCustomers(double),
        {"access": double.tokens, "refresh": refresh_tokens},
        [
            build_host(DoubledHost.ZALO_API, answer),
            build_host(DoubledHost.ZALO_OAUTH, token, permission),
        ],
    )


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
