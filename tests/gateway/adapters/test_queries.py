"""The console selects the rows that the server selects: it has a test of the same vectors (I4)."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tuyen_directory.organization import Organization
from tuyen_events.crm.tags import fold_tag
from tuyen_events.ids import AgentId, ConversationId, CustomerId, OrganizationId, PageId
from tuyen_events.vocabulary import Channel, ConversationKind, Role
from tuyen_gateway.adapters.queries import build_matching_query
from tuyen_gateway.api.conversation_filter import FilterIn
from tuyen_gateway.api.dependencies import Caller
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.previews import RowCustomer
from tuyen_gateway.domain.visibility import Assignees, Scope, Viewer
from tuyen_gateway.projections.collections import CONVERSATIONS
from tuyen_gateway.projections.counters import write_rows
from tuyen_platform.mongodb import Database
from tuyen_platform.text import fold_accents

CORE = Path(__file__).parents[3] / "services/gateway/console/src/core"
FILTERS = json.loads((CORE / "predicate.vectors.json").read_text())
FOLDED = json.loads((CORE / "names.vectors.json").read_text())
SHOP, LAN = OrganizationId("shop"), AgentId(FILTERS["me"])
EVERYBODY = Scope(organization=SHOP, agent_id=LAN, pages=None, assignees=Assignees.ALL)
VIEWER = Viewer(
    organization=SHOP, agent_id=LAN, name="Lan", role=Role.SYSTEM_ADMIN, pages=frozenset()
)
CALLER = Caller(
    viewer=VIEWER, scope=EVERYBODY, organization=Organization(id=SHOP), session="browser"
)
START = datetime(2026, 11, 21, 8, tzinfo=UTC)


def _row(number: int, vector: dict[str, Any]) -> InboxRow:
    name, tags = vector["name"], vector["tags"]
    return InboxRow(
        id=ConversationId(vector["id"]),
        organization=SHOP,
        page_id=PageId(vector["page_id"]),
        channel=Channel(vector["channel"]),
        kind=ConversationKind(vector["kind"]),
        external_id=vector["external_id"],
        customer=RowCustomer(
            id=CustomerId(f"cus_{number}"),
            external_id=vector["external_id"],
            name=name,
            picture=None,
        ),
        name_folded=None if name is None else fold_accents(name),
        live_events=vector["unread"],
        updated_at=START - timedelta(minutes=number),
        assignee=vector["assignee"],
        read_by=() if vector["unread"] else (LAN,),
        tags=tuple(tags),
        tag_keys=tuple(map(fold_tag, tags)),
        done=vector["done"],
    )


@pytest.fixture
async def filled(views: Database, indexes: None) -> Database:
    rows = [_row(number, vector) for number, vector in enumerate(FILTERS["rows"])]
    assert await write_rows(views, {}, rows)
    return views


async def test_i4_the_console_selects_the_same_rows(filled: Database) -> None:
    for vector in FILTERS["filters"]:
        wanted = FilterIn.model_validate(vector["filter"]).to_filter(CALLER)
        query = {"$and": build_matching_query(EVERYBODY, wanted)}
        found = filled[CONVERSATIONS].find(query).sort("updated_at", -1)
        assert [row["_id"] for row in await found.to_list(None)] == vector["ids"], vector


@pytest.mark.parametrize("vector", FOLDED["tags"], ids=lambda vector: vector["text"])
def test_the_console_folds_tags_the_same(vector: dict[str, str]) -> None:
    assert fold_tag(vector["text"]) == vector["folded"]
