"""How long answers take, by the route's template and the status."""

from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tuyen_platform.metrics import HTTP_REQUEST_SECONDS

_NO_ROUTE = "none"


class RequestMetrics:
    """Observes each request up to the start of its answer. Paths without a route count as one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()

        async def observed(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", _NO_ROUTE)
                HTTP_REQUEST_SECONDS.labels(route, message["status"]).observe(
                    perf_counter() - started
                )
            await send(message)

        await self._app(scope, receive, observed)
