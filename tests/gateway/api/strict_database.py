"""A database that is as strict as a real one about what it is asked."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, cast

import bson
import msgspec

from crm.child_kinds import KINDS
from gateway.api.crm.answering import define_field
from support.outbound import failed, requested
from tuyen_events.crm.pipelines import PipelineStep
from tuyen_events.custom_fields import FieldType
from tuyen_events.ids import (
    AgentId,
    ContactId,
    ConversationId,
    CustomerId,
    MessageId,
    OrganizationId,
    PageId,
)
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.domain.dead_letters import DeadLetter
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.posts import PagePost
from tuyen_gateway.domain.previews import RowCustomer
from tuyen_gateway.domain.replies import fold_reply
from tuyen_gateway.domain.threads import EventSource, Message
from tuyen_gateway.projections.collections import CONVERSATIONS, MESSAGES, PAGE_POSTS
from tuyen_gateway.projections.dead_letters import LETTERS
from tuyen_platform.mongodb import Database
from tuyen_views.campaigns import CAMPAIGNS_VIEW, CampaignDocument
from tuyen_views.contact_fields import CONTACT_FIELDS_VIEW
from tuyen_views.contacts import CONTACTS_VIEW, ContactDocument
from tuyen_views.pipelines import PIPELINES_VIEW, PipelineDocument
from tuyen_views.sharing_rules import SHARING_RULES_VIEW, SharingRuleDocument
from tuyen_views.teams import TEAMS_VIEW, TeamDocument

THREAD = "msg_1"
REPLY = "m_reply"


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
        return next((row for row in self._rows if _is_named(row, text)), None)

    async def distinct(self, _key: str, query: dict[str, Any]) -> list[str]:
        _ask(query)
        return []

    async def count_documents(self, query: dict[str, Any], **_: object) -> int:
        _ask(query)
        return len(self._rows)


def _is_named(row: dict[str, Any], text: str) -> bool:
    """Whether the text of a query names a row, by one of its ids."""
    return any(repr(row[name]) in text for name in ("_id", "id", "external_id") if name in row)


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


def _build_reply() -> Message:
    """A comment of the page that was sent as a reply, and failed: everything can be done with
    it."""
    request = requested(organization=OrganizationId("shop"), page_id=PageId("chat"))
    reply = fold_reply(None, request.message_id, request, EventSource("evt_1", 0, 0))
    reply = fold_reply(reply, request.message_id, failed(request), EventSource("evt_2", 0, 0))
    return msgspec.structs.replace(
        reply,
        id=MessageId(REPLY),
        conversation_id=ConversationId(THREAD),
        request=msgspec.structs.replace(request, conversation_id=ConversationId(THREAD)),
        comment=True,
        external_id="c1",
    )


def _build_campaign() -> CampaignDocument:
    now = datetime(2026, 11, 21, 8, tzinfo=UTC)
    return CampaignDocument(
        key="shop/tet",
        id="tet",
        organization=OrganizationId("shop"),
        sequence=1,
        created_at=now,
        created_by=AgentId("admin"),
        updated_at=now,
        name="Tết 2027",
    )


def _build_team() -> TeamDocument:
    now = datetime(2026, 11, 21, 8, tzinfo=UTC)
    return TeamDocument(
        key="shop/nhom-1",
        id="nhom-1",
        organization=OrganizationId("shop"),
        sequence=1,
        created_at=now,
        created_by=AgentId("admin"),
        updated_at=now,
        name="Nhóm 1",
        members=(AgentId("lan"),),
    )


def _build_sharing_rule() -> SharingRuleDocument:
    now = datetime(2026, 11, 21, 8, tzinfo=UTC)
    return SharingRuleDocument(
        key="shop/rule",
        id="rule",
        organization=OrganizationId("shop"),
        sequence=1,
        created_at=now,
        created_by=AgentId("admin"),
        updated_at=now,
        name="Tết 2027",
        owner=AgentId("admin"),
        campaign_id="tet",
        agent_ids=(),
        every_minutes=15,
        revision=1,
    )


def _build_pipeline() -> PipelineDocument:
    now = datetime(2026, 11, 21, 8, tzinfo=UTC)
    return PipelineDocument(
        key="shop/retail",
        id="retail",
        organization=OrganizationId("shop"),
        sequence=1,
        created_at=now,
        created_by=AgentId("admin"),
        updated_at=now,
        name="Bán lẻ",
        steps=(PipelineStep(id="new", name="Mới"),),
    )


class StrictDatabase(dict[str, _Collection]):
    """One conversation, one message, one contact, one campaign, one team, one sharing rule and one
    of every kind of part of `shop`, whatever is asked; what could not be sent is an error."""

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
            version=2,
            sequence=2,
        )
        post = PagePost(
            id="shop|chat|104_1",
            organization=OrganizationId("shop"),
            page_id=PageId("chat"),
            channel=Channel.FACEBOOK,
            external_id="104_1",
            created_at=now,
        )
        letter = DeadLetter(
            id="evt_letter",
            organization=OrganizationId("shop"),
            page_id=PageId("chat"),
            service="ingest",
            origin="livechat",
            delivery_id="dlv_1",
            error="ValidationError",
            payload="{}",
            at=now,
            partition=0,
            offset=0,
            changed=0,
        )
        rows = {
            PAGE_POSTS: [msgspec.to_builtins(post, builtin_types=(datetime,))],
            MESSAGES: [msgspec.to_builtins(_build_reply(), builtin_types=(datetime,))],
            CONVERSATIONS: [msgspec.to_builtins(row, builtin_types=(datetime,))],
            CONTACTS_VIEW.collection: [CONTACTS_VIEW.encode(contact)],
            SHARING_RULES_VIEW.collection: [SHARING_RULES_VIEW.encode(_build_sharing_rule())],
            CAMPAIGNS_VIEW.collection: [CAMPAIGNS_VIEW.encode(_build_campaign())],
            CONTACT_FIELDS_VIEW.collection: [
                CONTACT_FIELDS_VIEW.encode(define_field("size", FieldType.TEXT))
            ],
            PIPELINES_VIEW.collection: [PIPELINES_VIEW.encode(_build_pipeline())],
            **{
                kind.entity.view.collection: [kind.entity.view.encode(kind.show("shop", "con_1"))]
                for kind in KINDS
            },
            TEAMS_VIEW.collection: [TEAMS_VIEW.encode(_build_team())],
            LETTERS: [msgspec.to_builtins(letter, builtin_types=(datetime,))],
        }
        self[name] = _Collection(name, rows.get(name, []))
        return self[name]


def strict_database() -> Database:
    return cast("Database", StrictDatabase())
