"""Input that nobody should send, and somebody will: bodies of webhooks, and requests of agents.

Whatever is in it, it ends no process, and what comes beside it goes through (R9.5, P4).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from faults.tenants import TENANTS, Json
from support import facebook, livechat

_MARK = "dau-hieu"
"""Replaces in a body what JSON cannot express."""
_LONG = 600_000
_DEEP = 3_000


@dataclass(frozen=True, slots=True)
class OddBody:
    """A body as it goes over the wire; `site` is the livechat page that it is for."""

    raw: bytes
    site: str | None = None


def _with_bytes(**changed: str) -> Callable[[Json, Json], OddBody]:
    """Facebook's body with bytes that are no UTF-8 in the text, the name or the id of a message."""

    def body(odd: Json, beside: Json) -> OddBody:
        raw = facebook.body(_message(odd, **changed), _message(beside))
        return OddBody(raw.replace(_MARK.encode(), b"\xff\xc0"))

    return body


def _escape(escape: str, **changed: str) -> Callable[[Json, Json], OddBody]:
    """The same with an escape that stands for no character that can be stored."""

    def body(odd: Json, beside: Json) -> OddBody:
        raw = facebook.body(_message(odd, **changed), _message(beside))
        return OddBody(raw.replace(_MARK.encode(), escape.encode()))

    return body


def _deep(odd: Json, beside: Json) -> OddBody:
    raw = facebook.body(_message(odd, text=_MARK), _message(beside))
    nested = "[" * _DEEP + "]" * _DEEP
    return OddBody(raw.replace(f'"{_MARK}"'.encode(), nested.encode()))


def _long(odd: Json, beside: Json) -> OddBody:
    return OddBody(facebook.body(_message(odd, text="a" * _LONG), _message(beside)))


def _visit(**changed: object) -> Callable[[Json, Json], OddBody]:
    """A visitor's message; those organizations have a site that have one."""

    def body(odd: Json, _: Json) -> OddBody:
        visitor = {"id": odd["customer"]}
        given = {"department": None, "region": None, "page_url": None, "timestamp": None, **changed}
        raw = livechat.body(odd["id"], visitor=visitor, **given)
        return OddBody(raw, next(each.site for each in TENANTS.values() if each.site))

    return body


_BODIES: Mapping[str, Callable[[Json, Json], OddBody]] = {
    "bytes in a text": _with_bytes(text=f"tin {_MARK}"),
    "bytes in an id": _with_bytes(mid=f"odd_{_MARK}"),
    "bytes in a sender": _with_bytes(sender=f"67{_MARK}"),
    "NUL in a text": _escape("\\u0000", text=f"tin {_MARK}"),
    "NUL in a sender": _escape("\\u0000", sender=f"67{_MARK}"),
    "half a character in a text": _escape("\\ud800", text=f"tin {_MARK}"),
    "depth": _deep,
    "length": _long,
    "a long address": _visit(page_url="https://shop.example/" + "a" * _LONG),
    "a long department": _visit(department="a" * _LONG),
    "a long region": _visit(department="ban-hang", region="a" * _LONG),
    "a late clock": _visit(timestamp="9999-12-31T23:59:59Z"),
}
ODD_BODIES = tuple(_BODIES)


def odd_body(which: str, odd: Json, beside: Json) -> OddBody:
    """The body of that kind, with the odd message and the ordinary one."""
    return _BODIES[which](odd, beside)


def _message(
    said: Json, *, text: str | None = None, mid: str | None = None, sender: str | None = None
) -> facebook.Update:
    page = TENANTS[said["tenant"]].pages[said["page"]]
    words = text or f"tin {said['id']}"
    message = facebook.message(mid or said["id"], words, sender or said["customer"], page)
    return facebook.entry(messaging=[message], page=page)


@dataclass(frozen=True, slots=True)
class OddRequest:
    method: str
    path: str
    content: bytes | None = None


def _make_post(method: str, path: str, body: Json) -> OddRequest:
    return OddRequest(method, path, json.dumps(body).encode())


_REQUESTS: Mapping[str, OddRequest] = {
    "NUL in a query": OddRequest("GET", "/v1/conversations?q=%00"),
    "half a character in a query": OddRequest("GET", "/v1/conversations?q=%ED%A0%80"),
    "a huge cursor": OddRequest("GET", "/v1/conversations?cursor=" + "9" * 900),
    "a huge version": OddRequest("GET", "/v1/agents?after=1" + "0" * 30),
    "NUL in a job": _make_post(
        "POST", "/v1/conversations/bulk", {"filter": {"q": "\0"}, "set": {"done": True}}
    ),
    "ids that nobody has": _make_post(
        "POST",
        "/v1/conversations/bulk",
        {"ids": [f"con_{each:060d}" for each in range(10_000)], "set": {"done": True}},
    ),
    "half a character in a token": OddRequest(
        "POST", "/v1/auth/refresh", b'{"refresh_token": "\\ud800"}'
    ),
    "a long session": _make_post("PUT", "/v1/presence", {"status": "away", "session": "a" * 10**6}),
    "depth": OddRequest("PUT", "/v1/presence", b"[" * 100_000),
    "no JSON": OddRequest("PUT", "/v1/presence", b"\xff\xfe"),
}
ODD_REQUESTS = tuple(_REQUESTS)


def odd_request(which: str) -> OddRequest:
    return _REQUESTS[which]
