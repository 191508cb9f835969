"""The widget's routes, `/livechat/{app_id}/...`, for the browsers of a site's visitors.

A plain ASGI application in front of the others: a visitor is not logged in, and no framework has to
know them. `docs/livechat.md` describes the routes.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

import msgspec
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from tuyen_attachments.naming import clean_name
from tuyen_attachments.serving import begin_reading
from tuyen_channels.livechat.widget import WidgetScript
from tuyen_events.ids import MessageId
from tuyen_events.visitor_limits import (
    VISITOR_BODY_BYTES,
    VISITOR_PICTURE_BYTES,
    VISITOR_PICTURE_WITHIN_S,
)
from tuyen_ingest.api.visitor_answers import (
    VISITORS_PREFIX,
    answer_json,
    answer_preflight,
    answer_problem,
    answer_refusal,
    build_choices,
    build_thread,
    describe_file,
    share,
)
from tuyen_ingest.api.visitor_bodies import (
    MessageSent,
    ReplySeen,
    SessionOpened,
    ThreadAsked,
    clean_person,
    read_json,
    read_query,
)
from tuyen_ingest.domain.threads import find_seen_until
from tuyen_ingest.domain.visitors import SiteVisitor
from tuyen_ingest.errors import InvalidRequestError, StrangeVisitorError, VisitorRefusedError
from tuyen_ingest.ports import VisitorCipher
from tuyen_ingest.sites import Site, Sites
from tuyen_ingest.visitor_rates import VisitorRates, WaitingVisitors
from tuyen_ingest.visitor_reads import VisitorReads
from tuyen_ingest.visitor_writes import VisitorWrites
from tuyen_platform import metrics
from tuyen_platform.bodies import (
    BodyRefusedError,
    CallerGoneError,
    limit_body,
    read_body,
)
from tuyen_platform.callers import name_network

_BEARER = "bearer "

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Call:
    """One request: whose page it is about, and from where it comes."""

    request: Request
    site: Site
    rest: str
    network: str

    @property
    def origin(self) -> str | None:
        return self.request.headers.get("origin")

    @property
    def query(self) -> dict[str, str]:
        return dict(self.request.query_params)


_Answer = Callable[[_Call], Awaitable[Response]]


class VisitorRoutes:
    """The ASGI application; other paths go to `others`."""

    def __init__(
        self,
        *,
        sites: Sites,
        writes: VisitorWrites,
        reads: VisitorReads,
        cipher: VisitorCipher,
        rates: VisitorRates,
        others: ASGIApp,
    ) -> None:
        self._sites = sites
        self._writes = writes
        self._reads = reads
        self._cipher = cipher
        self._rates = rates
        self._others = others
        self._waiting = WaitingVisitors()
        self._script = WidgetScript()
        self._routes: dict[tuple[str, str], _Answer] = {
            ("GET", "widget.js"): self._serve_script,
            ("GET", "files"): self._serve_file,
            ("GET", "departments"): self._list_departments,
            ("GET", "thread"): self._show_thread,
            ("POST", "session"): self._open_session,
            ("POST", "messages"): self._write,
            ("POST", "pictures"): self._send_picture,
            ("POST", "seen"): self._note_seen,
        }
        self._names = {name for _, name in self._routes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(VISITORS_PREFIX):
            await self._others(scope, receive, send)
            return
        app_id, _, tail = scope["path"][len(VISITORS_PREFIX) :].partition("/")
        name, _, rest = tail.partition("/")
        route = name if name in self._names and bool(rest) == (name == "files") else "other"
        try:
            response = await self._respond(Request(scope, receive), app_id, route, rest)
        except (CallerGoneError, ClientDisconnect):
            return
        metrics.VISITOR_REQUESTS.labels(route, response.status_code).inc()
        await response(scope, receive, send)

    async def _respond(self, request: Request, app_id: str, route: str, rest: str) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        answer = self._routes.get((method, route))
        if route == "other":
            return answer_problem(HTTPStatus.NOT_FOUND, "There is no such address.")
        if answer is None and method != "OPTIONS":
            return answer_problem(HTTPStatus.METHOD_NOT_ALLOWED, "GET or POST.")
        network = name_network(None if request.client is None else request.client.host)
        try:
            site = await self._sites.find(app_id)
        except VisitorRefusedError as refused:
            response = answer_refusal(refused)
            response.headers["Access-Control-Allow-Origin"] = "*"
            return response
        call = _Call(request, site, rest, network)
        try:
            response = answer_preflight() if answer is None else await answer(call)
        except VisitorRefusedError as refused:
            response = answer_refusal(refused)
        except BodyRefusedError as refused:
            response = answer_problem(refused.status, refused.detail)
            response.headers["Connection"] = "close"  # the rest of the body may still arrive
        # The script is for every site: it does nothing that its site may not do.
        return response if route == "widget.js" else share(response, site, call.origin)

    async def _serve_script(self, call: _Call) -> Response:
        found = self._script.answer(call.request.headers)
        return Response(found.content, found.status, found.headers)

    async def _serve_file(self, call: _Call) -> Response:
        """A browser that loads a picture names no origin: the address itself is the secret."""
        self._rates.take_strangers_read(call.network)
        opened = await self._reads.open_file(call.site, call.rest)
        parts = await begin_reading(self._reads.read_file(call.site, opened))
        return StreamingResponse(parts, headers=describe_file(opened.attachment))

    async def _list_departments(self, call: _Call) -> Response:
        call.site.require_origin(call.origin)
        self._rates.take_strangers_read(call.network)
        return answer_json(build_choices(self._sites.list_choices(call.site)))

    async def _open_session(self, call: _Call) -> Response:
        """A token for the customer whom the site knows, for the visitor of the token that is given,
        or for a new one."""
        call.site.require_origin(call.origin)
        self._rates.take_session(call.network)
        asked = read_json(await _read(call.request), SessionOpened)
        name, known = clean_person(asked.name), self._find_visitor(call)
        if asked.user_id is not None:
            user_id, signed = str(asked.user_id), asked.user_hash or ""
            visitor = await self._writes.make_known(call.site, user_id, signed, name)
        elif known is not None:
            visitor = msgspec.structs.replace(known, name=name or known.name)
        else:
            visitor = self._writes.make_guest(call.site, name)
        return answer_json(
            {
                "token": self._cipher.encrypt_visitor(visitor),
                "known": visitor.is_known,
                "online": self._sites.has_somebody(call.site),
            }
        )

    async def _show_thread(self, call: _Call) -> Response:
        call.site.require_origin(call.origin)
        visitor = self._require_visitor(call)
        self._rates.take_read(visitor, call.network)
        asked = read_query(call.query, ThreadAsked)
        with self._waiting.hold(visitor, call.network) as may_wait:
            wait_s = asked.wait if may_wait and asked.version else 0.0
            view = await self._reads.wait_for_change(call.site, visitor, asked.version, wait_s)
        return answer_json(build_thread(view, call.site, self._cipher))

    async def _write(self, call: _Call) -> Response:
        call.site.require_origin(call.origin)
        visitor = self._require_visitor(call)
        self._rates.take_message(visitor, call.network)
        sent = read_json(await _read(call.request), MessageSent)
        if not (sent.text or "").strip():
            raise InvalidRequestError("Give a text.")
        written = sent.build(call.request.headers.get("user-agent"))
        message = await self._writes.write(call.site, visitor, written)
        _log.info("visitor_message_accepted", app_id=call.site.app_id, message_id=message)
        return answer_json({"id": message})

    async def _send_picture(self, call: _Call) -> Response:
        """The picture is the body itself, and what belongs to it is in the query."""
        call.site.require_origin(call.origin)
        visitor = self._require_visitor(call)
        self._rates.take_picture(visitor, call.network)
        query = call.query
        name = clean_name(query.pop("name", ""))
        query.pop("text", None)
        written = read_query(query, MessageSent).build(call.request.headers.get("user-agent"))
        receive = limit_body(
            call.request.scope,
            call.request.receive,
            max_bytes=VISITOR_PICTURE_BYTES,
            within_s=VISITOR_PICTURE_WITHIN_S,
        )
        parts = Request(call.request.scope, receive).stream()
        message = await self._writes.send_picture(call.site, visitor, written, parts, name)
        _log.info("visitor_picture_accepted", app_id=call.site.app_id, message_id=message)
        return answer_json({"id": message})

    async def _note_seen(self, call: _Call) -> Response:
        """What was sent after the reply that the visitor names is not seen, so that its own time
        counts."""
        call.site.require_origin(call.origin)
        visitor = self._require_visitor(call)
        self._rates.take_receipt(visitor, call.network)
        seen = read_json(await _read(call.request), ReplySeen)
        view = await self._reads.view(call.site, visitor)
        until = find_seen_until(view.messages, MessageId(seen.message))
        if until is None:
            raise InvalidRequestError("There is no such reply among the newest messages.")
        await self._writes.note_seen(call.site, visitor, until)
        return answer_json({})

    def _find_visitor(self, call: _Call) -> SiteVisitor | None:
        given = call.request.headers.get("authorization", "")
        if given[: len(_BEARER)].lower() != _BEARER:
            return None
        return self._cipher.decrypt_visitor(call.site.app_id, given[len(_BEARER) :].strip())

    def _require_visitor(self, call: _Call) -> SiteVisitor:
        visitor = self._find_visitor(call)
        if visitor is None:
            raise StrangeVisitorError("Open a session first.")
        return visitor


async def _read(request: Request) -> bytes:
    return await read_body(request.scope, request.receive, max_bytes=VISITOR_BODY_BYTES)
