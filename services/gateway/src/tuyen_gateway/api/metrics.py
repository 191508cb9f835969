"""Measures how long responses take, by the route's template and the status."""

from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tuyen_platform.metrics import HTTP_REQUEST_SECONDS

_NO_ROUTE = "none"


class RequestMetrics:
    """Observes each request up to the start of its response. All paths without a route count as
    one."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        """`prefix` is added to most templates: FastAPI returns them without it."""
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()

        async def observe(message: Message) -> None:
            if message["type"] == "http.response.start":
                template = getattr(scope.get("route"), "path", None)
                prefix = self._prefix if scope["path"].startswith(self._prefix + "/") else ""
                route = _NO_ROUTE if template is None else prefix + template
                seconds = perf_counter() - started
                HTTP_REQUEST_SECONDS.labels(route, message["status"]).observe(seconds)
            await send(message)

        await self._app(scope, receive, observe)
