"""The application: every route of the gateway, under one frame."""

from importlib.metadata import version

from fastapi import APIRouter, FastAPI

from tuyen_gateway.api import problems
from tuyen_gateway.api.metrics import RequestMetrics
from tuyen_gateway.gateway import Gateway

_ROUTERS: tuple[APIRouter, ...] = ()

_DESCRIPTION = """\
Customers' messages, comments and livestream comments, routed to the right agent.

Log in with `POST /v1/auth/login` and send the access token as `Authorization: Bearer`. Errors are
`application/problem+json` (RFC 9457). Lists answer `{"items", "next", "position"}`. A write is
answered once it is in the log; give its `version` as `?after=` to read what has seen it. `PUT`
creates or replaces, and can be repeated.
"""


def create_app(gateway: Gateway) -> FastAPI:
    """The application over these ports. It starts and owns no task: `bootstrap` runs them."""
    app = FastAPI(
        title="Tuyến gateway",
        version=version("tuyen-gateway"),
        description=_DESCRIPTION,
        redoc_url=None,
    )
    app.state.gateway = gateway
    problems.install(app)
    app.add_middleware(RequestMetrics)
    for router in _ROUTERS:
        app.include_router(router, prefix="/v1", responses=problems.problems(401, 422, 503))
    app.routes.extend(gateway.health.routes())
    return app
