"""Calls to channels through httpx.

An error is judged by where it happened: before anything of the call was sent, or later.
"""

import asyncio
import logging

import httpx

from tuyen_channels.transport import AnswerLostError, HttpAnswer, HttpCall, NotSentError
from tuyen_platform.no_cookies import make_empty_jar

ANSWER_BYTES = 1024 * 1024
"""How much of an answer is read."""

_CONNECT_WITHIN_S = 5.0
_CONNECTIONS = 256

logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs addresses, some with secrets
logging.getLogger("httpcore").setLevel(logging.WARNING)

_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)


class HttpTransport:
    """Implements `Transport` for the addresses that the operator configured."""

    def __init__(self, within_s: float) -> None:
        """Each call is given up after `within_s` seconds."""
        self._within_s = within_s
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(within_s, connect=min(_CONNECT_WITHIN_S, within_s)),
            limits=httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=64),
            follow_redirects=False,
            trust_env=False,
            cookies=make_empty_jar(),
        )

    async def send(self, call: HttpCall) -> HttpAnswer:
        request = self._build(call)
        try:
            async with asyncio.timeout(self._within_s):
                response = await self._client.send(request, stream=True)
                try:
                    body = await _read(response)
                finally:
                    await response.aclose()
        except _NOT_SENT as error:
            raise NotSentError(type(error).__name__) from None
        except (httpx.HTTPError, TimeoutError) as error:
            raise AnswerLostError(type(error).__name__) from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        return HttpAnswer(response.status_code, headers, body)

    async def aclose(self) -> None:
        await self._client.aclose()

    def _build(self, call: HttpCall) -> httpx.Request:
        file = call.file
        files = None
        if file is not None:
            files = {file.field: (file.name, file.content, file.content_type)}
        try:
            return self._client.build_request(
                call.method,
                call.url,
                params=dict(call.query) or None,
                headers=dict(call.headers),
                json=call.json,
                content=call.content,
                data=None if call.form is None else dict(call.form),
                files=files,
            )
        except (httpx.InvalidURL, ValueError) as error:  # also a token that is no header's value
            raise NotSentError(type(error).__name__) from None


async def _read(response: httpx.Response) -> bytes:
    """The body, up to the limit; what comes after it is not read."""
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) >= ANSWER_BYTES:
            break
    return bytes(body[:ANSWER_BYTES])
