"""The application: every route of the gateway, under one frame."""

from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI

from tuyen_gateway.api import (
    agents,
    assignee,
    assignments,
    auth,
    contacts,
    conversations,
    departments,
    groups,
    jobs,
    links,
    livechat,
    me,
    organizations,
    pages,
    presence,
    problems,
    rules,
    settings,
    support_team,
)
from tuyen_gateway.api.door import Door
from tuyen_gateway.api.metrics import RequestMetrics
from tuyen_gateway.gateway import Gateway

_ROUTERS: tuple[APIRouter, ...] = (
    auth.router,
    me.router,
    organizations.router,
    agents.router,
    support_team.router,
    pages.router,
    settings.router,
    rules.router,
    presence.router,
    departments.router,
    groups.router,
    links.router,
    conversations.router,
    assignee.router,
    assignments.router,
    jobs.router,
    contacts.router,
)

_PREFIX = "/v1"

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
    app.add_middleware(Door, gateway=gateway)
    app.add_middleware(livechat.AnySite)
    app.add_middleware(RequestMetrics, prefix=_PREFIX)
    for router in _ROUTERS:
        app.include_router(
            router, prefix=_PREFIX, responses=problems.problems(401, 408, 413, 422, 429, 503)
        )
    app.include_router(livechat.router)
    app.routes.extend(gateway.health.routes())
    _describe_problems(app)
    return app


def _describe_problems(app: FastAPI) -> None:
    """Adds what `problems.problems` refers to; FastAPI itself would call it plain JSON."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        schema = generate()
        schemas = schema.setdefault("components", {}).setdefault("schemas", {})
        schemas.update(problems.schemas())
        return schema

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI documents it
