"""`/livez`, `/readyz` and `/metrics`, the same for every service.

Reasons and metrics are for the operator only, because they concern all tenants. So the service's
public port only answers whether all is well, and a second port, which must not be public, gives the
details.

Decides O6.
"""

from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Check = Callable[[], str | None]
"""Describes in a few words what is wrong; None if nothing is. Must not block."""


class Health:
    """The health checks of a service.

    A failing `live` check says that the process must be restarted; a failing `ready` check says
    that it cannot serve yet or at the moment. Any answer proves that the event loop runs.
    """

    def __init__(self) -> None:
        self._live: dict[str, Check] = {}
        self._ready: dict[str, Check] = {}

    def live_when(self, name: str, check: Check) -> None:
        self._live[name] = check

    def ready_when(self, name: str, check: Check) -> None:
        self._ready[name] = check

    def problems(self) -> dict[str, str]:
        """What keeps the service from serving, by the check's name."""
        found = _problems(self._live)
        for name, problem in _problems(self._ready).items():
            found[name] = f"{found[name]}; {problem}" if name in found else problem
        return found

    def routes(self) -> list[Route]:
        """`/livez` and `/readyz` without reasons, for any Starlette or FastAPI application."""
        return self._checks(_respond)

    def build_internal_app(self) -> Starlette:
        """The application of the second port: both routes with reasons, and `/metrics`."""

        async def metrics(_: Request) -> Response:
            return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

        return Starlette(routes=[*self._checks(_explain), Route("/metrics", metrics)])

    def _checks(self, answer: Callable[[dict[str, str]], Response]) -> list[Route]:
        async def livez(_: Request) -> Response:
            return answer(_problems(self._live))

        async def readyz(_: Request) -> Response:
            return answer(self.problems())

        return [
            Route("/livez", livez, include_in_schema=False),
            Route("/readyz", readyz, include_in_schema=False),
        ]


def _problems(checks: dict[str, Check]) -> dict[str, str]:
    found = {name: check() for name, check in checks.items()}
    return {name: problem for name, problem in found.items() if problem is not None}


def _respond(problems: dict[str, str]) -> Response:
    return JSONResponse(
        {"status": "unavailable" if problems else "ok"}, status_code=503 if problems else 200
    )


def _explain(problems: dict[str, str]) -> Response:
    if not problems:
        return _respond(problems)
    return JSONResponse({"status": "unavailable", "problems": problems}, status_code=503)
