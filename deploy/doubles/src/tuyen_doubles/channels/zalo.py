"""Zalo has a double: the Open API and the OAuth host, with the app that the services are."""

from collections.abc import Mapping
from functools import partial

from starlette.routing import Route

from tuyen_doubles.exchange import Exchange, build_host
from tuyen_doubles.media import Media
from tuyen_doubles.ports import ChannelDouble, DoubledChannel
from tuyen_doubles.tokens import DoubleTokens
from tuyen_doubles.zalo import open_api
from tuyen_doubles.zalo.accounts import OfficialAccounts
from tuyen_doubles.zalo.customers import ZaloCustomers
from tuyen_doubles.zalo.events import ZALO, ZaloEvents
from tuyen_doubles.zalo.messages import ZaloDouble, token_of
from tuyen_doubles.zalo.oauth import ZaloOAuth
from tuyen_platform.clock import Clock

ZALO_TOKEN_PREFIX = "double-zalo-"  # noqa: S105 - what a token begins with
REFRESH_TOKEN_PREFIX = "double-refresh-"  # noqa: S105 - what a token begins with

_API, _OAUTH = "/openapi.zalo.me", "/oauth.zaloapp.com"


def _build(
    settings: Mapping[str, str], exchange: Exchange, media: Media, clock: Clock
) -> ChannelDouble:
    double = ZaloDouble(
        accounts=OfficialAccounts(),
        tokens=DoubleTokens(ZALO_TOKEN_PREFIX, clock),
        events=ZaloEvents(app_id=settings["zalo_app_id"], oa_secret=settings["zalo_oa_secret"]),
        media=media,
        clock=clock,
    )
    refresh_tokens = DoubleTokens(REFRESH_TOKEN_PREFIX, clock)
    oauth = ZaloOAuth(
        app_id=settings["zalo_app_id"],
        app_secret=settings["zalo_app_secret"],
        accounts=double.accounts,
        tokens=double.tokens,
        refresh_tokens=refresh_tokens,
        clock=clock,
    )
    answer = exchange.build_endpoint(
        ZALO, open_api.OpenApi(double).understand, token_of, open_api.UNREADABLE
    )
    token = exchange.build_endpoint(
        ZALO, partial(open_api.understand_oauth, oauth), lambda _call: None, open_api.UNREADABLE
    )
    permission = Route("/v4/oa/permission", oauth.show_permission)
    return ChannelDouble(
        ZaloCustomers(double),
        {"access": double.tokens, "refresh": refresh_tokens},
        [build_host(_API, answer), build_host(_OAUTH, token, permission)],
    )


DOUBLE = DoubledChannel(
    name=ZALO,
    settings={
        "zalo_app_id": "3600000000000000001",
        "zalo_app_secret": "local-only",
        "zalo_oa_secret": "local-only",
    },
    hosts={"zalo_api": _API, "zalo_oauth": _OAUTH},
    build=_build,
)
