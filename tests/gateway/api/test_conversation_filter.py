"""The inbox's filter means the same in a list, in the counts and in a bulk change."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
import pytest

from gateway.rig import Rig, User, events
from tuyen_events.conversation_filter import ConversationFilter, Holder, Selection
from tuyen_events.ids import AgentId, CustomerId, OrganizationId, PageId
from tuyen_events.jobs import BulkRequested
from tuyen_events.topics import JOBS
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.adapters.counters import is_countable
from tuyen_gateway.adapters.queries import build_covered_query, build_matching_query
from tuyen_gateway.api import jobs
from tuyen_gateway.api.app import create_app
from tuyen_gateway.api.conversation_filter import FilterFields
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.live import NOWHERE, JournalPosition
from tuyen_gateway.domain.visibility import Assignees, Scope
from tuyen_gateway.ports.views import InboxCounts, ViewPage
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_views.names import match_part

SENT: dict[str, tuple[dict[str, Any], ConversationFilter]] = {
    "nothing": ({}, ConversationFilter()),
    "kind": ({"kind": "comment"}, ConversationFilter(kind=ConversationKind.COMMENT)),
    "channel": ({"channel": "zalo"}, ConversationFilter(channel=Channel.ZALO)),
    "page": ({"page": "p1"}, ConversationFilter(page_id=PageId("p1"))),
    "unread": ({"state": "unread"}, ConversationFilter(unread=True)),
    "read or not": ({"state": "all"}, ConversationFilter()),
    "agent": ({"assignee": "lan"}, ConversationFilter(held_by=Holder(agent_id=AgentId("lan")))),
    "caller": ({"assignee": "me"}, ConversationFilter(held_by=Holder(agent_id=AgentId("admin")))),
    "nobody": ({"assignee": "none"}, ConversationFilter(held_by=Holder(agent_id=None))),
    "tag": ({"tag": "vip"}, ConversationFilter(tag="vip")),
    "name": ({"q": " Vĩnh "}, ConversationFilter(name="Vĩnh")),
    "no name": ({"q": " "}, ConversationFilter()),
    "customer": ({"external_id": "psid-1"}, ConversationFilter(external_id="psid-1")),
    "open": ({"done": False}, ConversationFilter(done=False)),
}
"""What is sent, and what it means."""

SCOPE = Scope(
    organization=OrganizationId("shop"),
    agent_id=AgentId("lan"),
    pages=None,
    assignees=Assignees.ALL,
)


@dataclass
class InboxTwin:
    """An empty inbox that remembers what it was asked for."""

    asked: list[ConversationFilter] = field(default_factory=list)

    async def head(self, organization: OrganizationId) -> JournalPosition:
        return NOWHERE

    async def conversations(
        self, scope: Scope, wanted: ConversationFilter, limit: int, after: str | None
    ) -> ViewPage[InboxRow]:
        self.asked.append(wanted)
        return ViewPage(items=(), following=None)

    async def counts(self, scope: Scope, wanted: ConversationFilter) -> InboxCounts:
        self.asked.append(wanted)
        return InboxCounts(total=0, unread=0, unread_by_channel={}, unread_by_kind={})

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"nobody asks the inbox for {name}")


@pytest.fixture
def inbox() -> InboxTwin:
    return InboxTwin()


@pytest.fixture
async def reader(rig: Rig, boss: User, inbox: InboxTwin) -> AsyncIterator[User]:
    """`boss`, who reads the inbox of the twin."""
    transport = httpx.ASGITransport(create_app(replace(rig.gateway, inbox=inbox)))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        yield User(client, boss.token)


def query_of(sent: dict[str, Any]) -> str:
    return urlencode({name: str(value) for name, value in sent.items()})


@pytest.mark.parametrize(("sent", "meant"), SENT.values(), ids=SENT)
async def test_i4_lists_counts_and_bulk_changes_take_the_same_filter(
    *,
    reader: User,
    inbox: InboxTwin,
    log: InMemoryLog,
    monkeypatch: pytest.MonkeyPatch,
    sent: dict[str, Any],
    meant: ConversationFilter,
) -> None:
    await reader.done("GET", f"/v1/conversations?{query_of(sent)}")
    await reader.done("GET", f"/v1/conversations/counts?{query_of(sent)}")
    assert inbox.asked == [meant, meant]
    monkeypatch.setattr(jobs, "_SHORT_S", 0)  # nobody runs the job
    await reader.done("POST", "/v1/conversations/bulk", {"filter": sent, "set": {"done": True}})
    (request,) = await events(log, JOBS)
    assert isinstance(request, BulkRequested)
    assert request.selection == Selection(**msgspec.structs.asdict(meant))
    assert msgspec.json.encode(request.selection) == msgspec.json.encode(meant)


def test_i4_every_field_of_the_filter_can_be_sent() -> None:
    sent = {name for fields, _ in SENT.values() for name in fields}
    assert sent == set(FilterFields.model_fields)
    unset = ConversationFilter()
    for name in ConversationFilter.__struct_fields__:
        assert any(getattr(meant, name) != getattr(unset, name) for _, meant in SENT.values()), name


async def test_an_unknown_field_is_ignored_in_a_query_and_refused_in_a_body(
    reader: User, inbox: InboxTwin
) -> None:
    await reader.done("GET", "/v1/conversations?color=red")
    assert inbox.asked == [ConversationFilter()]
    body = {"filter": {"color": "red"}, "set": {"done": True}}
    answer = await reader.post("/v1/conversations/bulk", body)
    assert answer.json()["errors"][0]["field"] == "body.filter.color"


@pytest.mark.parametrize(
    ("name", "value"),
    [("kind", "fax"), ("channel", "fax"), ("state", "read"), ("done", "x"), ("page", "x" * 65)],
)
async def test_a_wrong_value_is_refused_by_its_place(reader: User, name: str, value: str) -> None:
    answer = await reader.get(f"/v1/conversations?{name}={value}")
    assert answer.json()["errors"][0]["field"] == f"query.{name}"
    body = {"filter": {name: value}, "set": {"done": True}}
    answer = await reader.post("/v1/conversations/bulk", body)
    assert answer.json()["errors"][0]["field"] == f"body.filter.{name}"


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        (ConversationFilter(page_id=PageId("p1")), {"page_id": "p1"}),
        (ConversationFilter(held_by=Holder(agent_id=None)), {"assignee": None}),
        (ConversationFilter(held_by=Holder(agent_id=AgentId("lan"))), {"assignee": "lan"}),
        (ConversationFilter(external_id="psid-1"), {"external_id": "psid-1"}),
        (ConversationFilter(done=False), {"done": False}),
        (ConversationFilter(name="Vĩnh"), match_part("vinh")),
        (ConversationFilter(kind=ConversationKind.COMMENT), {"kind": {"$in": ["comment"]}}),
        (ConversationFilter(channel=Channel.ZALO), {"channel": {"$in": ["zalo"]}}),
    ],
)
def test_i4_each_field_adds_its_condition(
    wanted: ConversationFilter, part: dict[str, object]
) -> None:
    query = build_matching_query(SCOPE, wanted)
    assert part in query
    assert all(each in query for each in build_covered_query(SCOPE))


def test_i4_a_name_is_also_looked_for_among_the_customers_who_are_named_elsewhere() -> None:
    query = build_matching_query(SCOPE, ConversationFilter(name="Vĩnh"), {CustomerId("cus_1")})
    assert {
        "$or": [
            match_part("vinh"),
            {"customer.name": None, "customer.id": {"$in": ["cus_1"]}},
        ]
    } in query


def test_i3_the_counters_answer_only_what_they_know() -> None:
    """A field that they do not know makes the gateway count rows, and so does a new one."""
    known = {"kind", "channel", "page_id", "unread", "held_by", "done"}
    for name in ConversationFilter.__struct_fields__:
        setting: Any = {name: "x"}
        if name == "held_by":
            setting = {name: Holder(agent_id=AgentId("lan"))}
        assert is_countable(ConversationFilter(**setting)) == (name in known), name
    assert not is_countable(ConversationFilter(page_id=PageId("*")))
    assert not is_countable(ConversationFilter(held_by=Holder(agent_id=AgentId("*"))))
