"""The application: all routes of the gateway, with their common middleware."""

from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute

from tuyen_gateway.api import (
    agents,
    assignee,
    assignments,
    attachments,
    audit,
    auth,
    comments,
    connecting,
    console,
    conversations,
    crm,
    dead_letters,
    departments,
    docs,
    events,
    failed_replies,
    groups,
    jobs,
    links,
    livechat,
    me,
    next_assignee,
    openid,
    organizations,
    pages,
    posts,
    preferences,
    presence,
    problems,
    replies,
    reports,
    rules,
    saved_views,
    settings,
    support_team,
    templates,
    viewing,
    words,
)
from tuyen_gateway.api.metrics import RequestMetrics
from tuyen_gateway.api.request_checks import RequestChecks
from tuyen_gateway.api.sessions import CookieSessions
from tuyen_gateway.gateway import Gateway

_ROUTERS: tuple[APIRouter, ...] = (
    auth.router,
    openid.router,
    me.router,
    organizations.router,
    agents.router,
    support_team.router,
    pages.router,
    connecting.router,
    settings.router,
    rules.router,
    next_assignee.router,
    presence.router,
    departments.router,
    groups.router,
    links.router,
    conversations.router,
    replies.router,
    failed_replies.router,
    comments.router,
    assignee.router,
    assignments.router,
    attachments.router,
    posts.router,
    viewing.router,
    events.router,
    jobs.router,
    templates.router,
    saved_views.router,
    preferences.router,
    dead_letters.router,
    audit.router,
    reports.router,
    *crm.ROUTERS,
)

_PREFIX = "/v1"

_DESCRIPTION = """\
Customers' messages, comments and livestream comments, routed to the right agent.

Log in with `POST /v1/auth/login` and send the access token as `Authorization: Bearer`. Errors are
`application/problem+json` (RFC 9457). Lists answer `{"items", "next", "position"}`. A write is
answered once it is in the log; give its `version` as `?after=` to read what has seen it. `PUT`
creates or replaces, and can be repeated. Sets of words that have `x-extensible-enum` grow: expect
values in answers that you do not know, and show or pass them on as they are.
"""


def create_app(gateway: Gateway) -> FastAPI:
    """Builds the application for these ports. It starts and owns no task: `bootstrap` runs them."""
    app = _create_bare_app()
    app.state.gateway = gateway
    problems.install(app)
    app.add_middleware(RequestChecks, gateway=gateway)
    app.add_middleware(livechat.AnySite)
    app.add_middleware(CookieSessions)
    app.add_middleware(RequestMetrics, prefix=_PREFIX)
    app.routes.extend(gateway.health.routes())
    app.routes.extend(console.list_routes())
    return app


def describe_api() -> dict[str, Any]:
    """The OpenAPI document that every gateway of this version serves at `/openapi.json`."""
    return _create_bare_app().openapi()


def _create_bare_app() -> FastAPI:
    app = FastAPI(
        title="Tuyến gateway",
        version=version("tuyen-gateway"),
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
    )
    app.routes.extend(_list_routes())
    _describe(app)
    return app


@cache
def _list_routes() -> Sequence[BaseRoute]:
    """All routes. They find the gateway by the application that serves the request, so all
    applications of a process have the same ones: to build them takes a fifth of a second."""
    whole = APIRouter()
    for router in _ROUTERS:
        whole.include_router(
            router, prefix=_PREFIX, responses=problems.problems(401, 408, 413, 422, 429, 503)
        )
    whole.include_router(livechat.router)
    whole.include_router(docs.router)
    return tuple(whole.routes)


def _describe(app: FastAPI) -> None:
    """Adds which sets of words are open, and what `problems.problems` refers to; FastAPI itself
    would call it plain JSON."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        schema = generate()
        schemas = schema.setdefault("components", {}).setdefault("schemas", {})
        schemas.update(problems.schemas())
        words.open_up(schemas)
        return schema

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI documents it
