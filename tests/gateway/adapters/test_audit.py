"""O2: the audit is read from an index, whatever is asked, and a page of it is never too long."""

from datetime import timedelta

import pytest

from gateway.rig import START
from tuyen_events.audit import AuditAction, AuditChange, AuditRecorded
from tuyen_events.audit_topics import AUDIT
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.limits import THREAD_PAGE_BYTES
from tuyen_gateway.adapters.audit import MongoAudit
from tuyen_gateway.adapters.read_limits import ReadLimiter
from tuyen_gateway.domain.audit import AuditFilter
from tuyen_gateway.projections.audit import ENTRIES, NEWEST_FIRST, ensure_audit_indexes, fold_audit
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import RecordPosition
from tuyen_platform.mongodb import Database
from tuyen_platform.projection import FoldedEvent

SHOP = OrganizationId("shop")


async def fold(views: Database, count: int, text: str = "x") -> None:
    await ensure_audit_indexes(views)
    batch = []
    for number in range(count):
        entry = AuditRecorded(
            organization=SHOP,
            by=AgentId(f"agent-{number % 3}"),
            at=START + timedelta(seconds=number // 2),
            action=AuditAction.CHANGED,
            entity="rule",
            id=f"r{number}",
            changes=(AuditChange(field="name", before=None, after=f'"{text}"'),),
        )
        place = RecordPosition(AUDIT.name, 0, number, 0)
        batch.append(FoldedEvent(entry, f"evt_{number}", place))
    await fold_audit(views, batch)


@pytest.mark.parametrize("asked", [{}, {"by": "agent-1"}, {"entity": "rule"}])
async def test_o2_the_audit_is_read_from_an_index_in_its_order(
    views: Database, asked: dict[str, str]
) -> None:
    await fold(views, 60)
    query = {"organization": "shop", **asked, "at": {"$lt": START + timedelta(hours=1)}}
    found = views[ENTRIES].find(query).sort(list(NEWEST_FIRST)).limit(5)
    plan = str((await found.explain())["queryPlanner"]["winningPlan"])
    assert "IXSCAN" in plan
    assert "'SORT'" not in plan


async def test_o2_a_page_of_long_entries_ends_early_and_none_is_left_out(
    views: Database, log: InMemoryLog, clock: ManualClock
) -> None:
    await fold(views, 7, "x" * (THREAD_PAGE_BYTES // 3))
    audit = MongoAudit(views, log, clock, ReadLimiter())
    found: list[str] = []
    after = None
    while True:
        page = await audit.list_entries(AuditFilter(organization=SHOP), 50, after)
        assert 0 < len(page.items) < 4
        found += [entry.id for entry in page.items]
        after = page.following
        if after is None:
            break
    assert found == [f"r{number}" for number in reversed(range(7))]
