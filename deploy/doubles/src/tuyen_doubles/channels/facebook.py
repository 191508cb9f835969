"""Facebook has a double: the Graph API and the login dialog, with the app that the services are."""

from collections.abc import Mapping

from starlette.routing import Mount, Route

from tuyen_doubles.exchange import Exchange, build_host
from tuyen_doubles.facebook import graph, posts
from tuyen_doubles.facebook.call import FacebookDouble
from tuyen_doubles.facebook.customers import FacebookCustomers
from tuyen_doubles.facebook.events import FACEBOOK, FacebookEvents
from tuyen_doubles.facebook.login import FacebookLogin
from tuyen_doubles.facebook.pages import KnownPages
from tuyen_doubles.media import Media
from tuyen_doubles.ports import ChannelDouble, DoubledChannel
from tuyen_doubles.tokens import PAGE_TOKEN_PREFIX, DoubleTokens
from tuyen_platform.clock import Clock

USER_TOKEN_PREFIX = "double-facebook-user-"  # noqa: S105 - what a token begins with

_API, _DIALOG = "/graph.facebook.com", "/www.facebook.com"


def _build(
    settings: Mapping[str, str], exchange: Exchange, media: Media, clock: Clock
) -> ChannelDouble:
    app_id, secret = settings["facebook_app_id"], settings["facebook_app_secret"]
    pages = KnownPages(clock)
    double = FacebookDouble(
        app_id=app_id,
        app_secret=secret,
        pages=pages,
        tokens=DoubleTokens(PAGE_TOKEN_PREFIX, clock),
        users=DoubleTokens(USER_TOKEN_PREFIX, clock),
        events=FacebookEvents(app_id=app_id, app_secret=secret, pages=pages, clock=clock),
        media=media,
        clock=clock,
    )
    login = FacebookLogin(double)
    answer = exchange.build_endpoint(
        FACEBOOK, graph.Graph(double, login).understand, graph.token_of, graph.UNREADABLE
    )
    dialogs = [
        Route(path, login.show_dialog) for path in ("/dialog/oauth", "/{version}/dialog/oauth")
    ]
    customers = FacebookCustomers(double)
    return ChannelDouble(
        customers,
        {"access": double.tokens},
        [
            build_host(_API, answer),
            Mount(_DIALOG, routes=dialogs),
            *posts.build_routes(customers).routes,
        ],
    )


DOUBLE = DoubledChannel(
    name=FACEBOOK,
    settings={"facebook_app_id": "990000000000001", "facebook_app_secret": "local-only"},
    hosts={"facebook_api": _API, "facebook_dialog": _DIALOG},
    build=_build,
)
