"""Builds the doubles: all channels, the steering routes, and the application around them."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from tuyen_doubles import customer, site, steering
from tuyen_doubles.calls import CallRecord
from tuyen_doubles.exchange import Exchange, respond_json
from tuyen_doubles.faults import FaultTable
from tuyen_doubles.media import Media
from tuyen_doubles.registry import DOUBLED_CHANNELS
from tuyen_doubles.settings import DoublesSettings
from tuyen_doubles.webhooks import WebhookSender
from tuyen_platform.clock import Clock
from tuyen_platform.health import Health


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
    given = settings.reveal_channels()
    channels = {
        name: doubled.build(given, exchange, media, clock)
        for name, doubled in DOUBLED_CHANNELS.items()
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
        *customer.build_routes(channels, calls, webhooks, clock),
        *(route for each in channels.values() for route in each.routes),
    ]
    return Doubles(app, webhooks.run)


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
