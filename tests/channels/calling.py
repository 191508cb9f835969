"""A transport whose answers a test decides, and orders for connectors."""

import json
from typing import Any

from outbound.asking import ACCOUNT, request
from tuyen_channels.calls import CallOrder, HiddenToken
from tuyen_channels.ports import Connector
from tuyen_channels.transport import HttpAnswer, HttpCall
from tuyen_events.outbound import OutboundRequested

TOKEN = HiddenToken("page-token")


def answer(body: object, status: int = 200, **headers: str) -> HttpAnswer:
    """An answer in JSON; `x_app_usage` is the header `x-app-usage`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpAnswer(status, named, content)


class ScriptedTransport:
    """Gives the answers in their order, and the last one again and again."""

    def __init__(self, *answers: HttpAnswer | Exception) -> None:
        self._answers = list(answers)
        self.calls: list[HttpCall] = []

    async def send(self, call: HttpCall) -> HttpAnswer:
        self.calls.append(call)
        given = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(given, Exception):
            raise given
        return given


def order(
    connector: Connector, requested: OutboundRequested | None = None, part: int = 0, **given: Any
) -> CallOrder:
    """The order of one part of a request."""
    asked = requested or request()
    fields: dict[str, Any] = {
        "request": asked,
        "part": connector.split(asked)[part],
        "account": ACCOUNT,
        "token": TOKEN,
    }
    return CallOrder(**(fields | given))
