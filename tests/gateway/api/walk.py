"""What a walk through every field of every route needs: bodies that are taken, values that are not,
and a database that is as strict as a real one about what it is asked."""

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, cast

import bson
import msgspec

from tuyen_events.ids import ContactId, ConversationId, CustomerId, OrganizationId, PageId
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.previews import RowCustomer
from tuyen_gateway.projections.collections import CONVERSATIONS
from tuyen_platform.mongodb import Database
from tuyen_views.contacts import CONTACTS_VIEW, ContactDocument

THREAD = "msg_1"

Place = tuple[str | int, ...]
"""Where in a body a value stands."""

PATHS: Mapping[str, str] = {
    "agent_id": "walked",
    "page_id": "chat",
    "rule_id": "rule",
    "department_id": "sales",
    "region_id": "north",
    "group_id": "giay",
    "link_id": "vn",
    "conversation_id": THREAD,
    "contact_id": "con_1",
    "organization_id": "other",
}

BODIES: Mapping[tuple[str, str], tuple[dict[str, Any], ...]] = {
    ("POST", "/v1/auth/login"): (
        {"organization": "shop", "username": "lan", "password": "s3cret"},
    ),
    ("POST", "/v1/auth/refresh"): ({"refresh_token": "set by the walk"},),
    ("POST", "/v1/organizations"): (
        {
            "id": "third",
            "name": "Third",
            "country": "VN",
            "admin": {"username": "chu", "password": "third-password"},
        },
    ),
    ("PATCH", "/v1/organizations/{organization_id}"): ({"suspended": False},),
    ("PUT", "/v1/departments/{department_id}"): ({"name": "Bán hàng"},),
    ("PUT", "/v1/departments/{department_id}/regions/{region_id}"): ({"name": "Miền Bắc"},),
    ("PUT", "/v1/agents/{agent_id}"): (
        {
            "name": "Walked",
            "username": "walked",
            "password": "walked-password",
            "role": "agent",
            "departments": ["sales"],
            "regions": ["sales/north"],
            "disabled": False,
        },
    ),
    ("PUT", "/v1/support-team"): ({"agent_ids": ["walked"]},),
    ("PUT", "/v1/pages/{page_id}"): (
        {"channel": "livechat", "name": "Chat", "staff": ["walked"], "status": "active"},
    ),
    ("PUT", "/v1/settings"): (
        {
            "page_permissions": False,
            "assignment": True,
            "visibility": "everyone",
            "auto_assign": False,
            "auto_reassign": False,
            "when_nobody": "queue",
            "take_unassigned": True,
            "done_after_hours": 1,
        },
    ),
    ("PUT", "/v1/rules/{rule_id}"): (
        {
            "name": "Ca tối",
            "enabled": True,
            "mode": "sequential",
            "applies_to": "online",
            "pages": ["chat"],
            "members": [
                {"agent_id": "walked", "capabilities": ["facebook_comment"], "capacity": 3}
            ],
        },
    ),
    ("PUT", "/v1/groups/{group_id}"): ({"name": "Giày", "members": ["walked"]},),
    ("PUT", "/v1/links/{link_id}"): ({"url": "https://shop.example/vn", "group": "giay"},),
    ("PUT", "/v1/presence"): ({"status": "online", "session": "phone", "agent_id": "walked"},),
    ("POST", "/v1/presence/heartbeat"): ({"session": "phone"},),
    ("POST", "/v1/agents/{agent_id}/handover"): ({"to": "lan", "note": "nghỉ"},),
    ("PUT", "/v1/conversations/{conversation_id}/assignee"): ({"agent_id": "lan", "note": "quen"},),
    ("PUT", "/v1/conversations/{conversation_id}/done"): ({"done": True},),
    ("PUT", "/v1/conversations/{conversation_id}/viewing"): ({"typing": True},),
    ("PATCH", "/v1/contacts/{contact_id}"): ({"name": "Chị Lan"},),
    ("POST", "/v1/contacts/{contact_id}/notes"): ({"text": "Thích giày size 42."},),
    ("POST", "/v1/conversations/{conversation_id}/read"): ({"until": "m_1"},),
    ("POST", "/v1/conversations/bulk"): (
        {"ids": [THREAD], "set": {"assignee": "lan", "done": True}, "note": "cuối ngày"},
        {
            "filter": {
                "kind": "message",
                "channel": "livechat",
                "page": "chat",
                "state": "unread",
                "assignee": "none",
                "tag": "vip",
                "q": "lan",
                "external_id": "v-1",
                "done": False,
            },
            "set": {"done": True},
        },
    ),
}
"""What each route takes; together they name every field."""

UNSET = frozenset({"external_id", "tags", "ids", "filter", "note"})
"""Fields that a body above leaves out because others of it rule them out."""

ODD: Mapping[str, str] = {
    "nul": r'"a\u0000b"',
    "half a pair": r'"\ud800"',
    "long": json.dumps("x" * 20_000),
    "a megabyte": json.dumps("x" * 1_000_000),
    "huge": str(10**30),
    "below": str(-(10**30)),
    "past 64 bit": str(2**63),
    "not a number": "NaN",
    "endless": "1e999",
    "deep list": "[" * 900 + "]" * 900,
    "deeper": "[" * 20_000 + "]" * 20_000,
    "deep object": '{"a":' * 900 + "1" + "}" * 900,
    "many": json.dumps(["facebook_comment"] * 12_000),
    "many of them": json.dumps([{"agent_id": f"a{n}"} for n in range(9_000)]),
    "null": "null",
    "true": "true",
    "list": "[]",
    "object": "{}",
    "empty": '""',
    "blank": '" "',
    "odd id": '"../..\\r\\n$where"',
    "unnormalized": '"chu\\u0309 \\ud83d\\ude00 \\u202e\\ufdfa"',
}
"""By name, what no field expects, as JSON."""

OF_A_WHOLE_BODY = frozenset({"a megabyte", "deeper", "many of them"})
"""Those that no route sees, or whose place makes no difference."""

ODD_IN_URL: Mapping[str, str] = {
    "nul": "%00",
    "half a pair": "%ED%A0%80",
    "long": "x" * 20_000,
    "huge": str(10**30),
    "below": str(-(10**30)),
    "past 64 bit": str(2**63),
    "not a number": "NaN",
    "deep": "%5B" * 2_000,
    "empty": "",
    "blank": "%20",
    "superscript": "%C2%B2",
    "pattern": "%28%2A%5B%24",
    "unnormalized": "chu%CC%89%F0%9F%98%80%EF%B7%BA",
}

ODD_HEADERS: tuple[tuple[str, bytes], ...] = (
    *(
        ("Authorization", value)
        for value in (
            b"Bearer \xe9\xff",
            b"Bearer ",
            b"bearer",
            b"Basic YTpi",
            b"Bearer a.b.c",
            b"Bearer " + b"W" * 20_000,
            b"Bearer W1tbW1tb" + b"W1tb" * 5_000 + b".e30.x",
            b"Bearer eyJhbGciOiJub25lIn0.e30.",
            b"\xff" * 100,
        )
    ),
    *(
        ("If-Match", value)
        for value in (b'"999999999999999999999999"', b'"\xb2"', b"\xff", b'W/"1"', b'"-1"', b"")
    ),
    ("Idempotency-Key", b"\xff" * 1_000),
    ("Last-Event-ID", b"9" * 1_000),
    ("Content-Type", b"\xff"),
    ("Content-Type", b"application/json; charset=utf-7"),
    ("Content-Length", b"-1"),
    ("Content-Length", b"9" * 5_000),
    ("Transfer-Encoding", b"\xff"),
    ("Accept", b"\xff"),
    ("Origin", b"\xff\xfe"),
)


def places(value: object, at: Place = ()) -> Iterator[Place]:
    """Every value of a body, its own included."""
    yield at
    if isinstance(value, dict):
        for name, held in value.items():
            yield from places(held, (*at, name))
    if isinstance(value, list):
        for index, held in enumerate(value):
            yield from places(held, (*at, index))


_HOLE = "\x01"


def replace_value(body: object, place: Place, odd: str) -> bytes:
    """The body as JSON, with `odd` for the value at `place`."""
    copy = json.loads(json.dumps(body))
    if not place:
        return odd.encode()
    inside = copy
    for step in place[:-1]:
        inside = inside[step]
    inside[place[-1]] = _HOLE
    return json.dumps(copy).replace(json.dumps(_HOLE), odd).encode()


class _Found:
    """A cursor over `rows`; whatever order or bound it is given changes nothing."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self._rows = rows

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: self

    async def to_list(self, length: int | None = None) -> list[dict[str, Any]]:
        return self._rows[:length]

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        for row in self._rows:
            yield row


class _Collection:
    def __init__(self, name: str, rows: list[dict[str, Any]]) -> None:
        self.name = name
        self._rows = rows

    def with_options(self, **_: object) -> "_Collection":
        return self

    def find(self, query: dict[str, Any], *_: object, **__: object) -> _Found:
        _ask(query)
        return _Found(self._rows)

    def aggregate(self, pipeline: list[dict[str, Any]], **_: object) -> _Found:
        _ask({"pipeline": pipeline})
        return _Found([])

    async def find_one(
        self, query: dict[str, Any], *_: object, **__: object
    ) -> dict[str, Any] | None:
        _ask(query)
        text = repr(query)
        return next((row for row in self._rows if repr(row["_id"]) in text), None)

    async def count_documents(self, query: dict[str, Any], **_: object) -> int:
        _ask(query)
        return len(self._rows)


def _ask(query: dict[str, Any]) -> None:
    """Raises what a real database, or the way to it, raises for a question that it cannot take."""
    bson.encode(query)
    for pattern in re.findall(r"'\$regex': '((?:[^'\\]|\\.)*)'", repr(query)):
        if "\\x00" in pattern:
            raise ValueError("a pattern ends at NUL")


class _Session:
    """A client, and its session."""

    async def start_session(self, *, snapshot: bool) -> "_Session":
        assert snapshot
        return self

    async def __aenter__(self) -> "_Session":
        return self

    async def __aexit__(self, *_: object) -> None:
        pass


class StrictDatabase(dict[str, _Collection]):
    """One conversation and one contact of `shop`, whatever is asked; what could not be sent is an
    error."""

    client = _Session()

    def __missing__(self, name: str) -> _Collection:
        customer = RowCustomer(id=CustomerId("cus_1"), external_id="v-1", name="Lan", picture=None)
        now = datetime(2026, 11, 21, 8, tzinfo=UTC)
        row = InboxRow(
            id=ConversationId(THREAD),
            organization=OrganizationId("shop"),
            page_id=PageId("chat"),
            channel=Channel.LIVECHAT,
            kind=ConversationKind.MESSAGE,
            external_id="v-1",
            customer=customer,
            customer_rank=(-1, now, now, 0, "m_1"),
            inbound_events=1,
            live_events=1,
            updated_at=now,
            active_at=now,
        )
        contact = ContactDocument(
            id=ContactId("con_1"),
            organization=OrganizationId("shop"),
            name="Lan",
            name_folded="lan",
            customers=(),
            warehouse_id="default",
            created_at=now,
            version=1,
        )
        rows = {
            CONVERSATIONS: [msgspec.to_builtins(row, builtin_types=(datetime,))],
            CONTACTS_VIEW.collection: [CONTACTS_VIEW.encode(contact)],
        }
        self[name] = _Collection(name, rows.get(name, []))
        return self[name]


def strict_database() -> Database:
    return cast("Database", StrictDatabase())
