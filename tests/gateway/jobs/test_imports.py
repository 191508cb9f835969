"""Importing the rows of a file (C9), over contacts in memory."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import BinaryIO, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.world import World
from tuyen_attachments.memory import InMemoryAttachments
from tuyen_attachments.ports import NewAttachment
from tuyen_crm.row_results import ImportedRows
from tuyen_directory.organization import Organization
from tuyen_events.crm.contact_fields import ContactFieldChanged
from tuyen_events.crm.imports import Duplicates, ImportContact
from tuyen_events.crm.records import CrmCommand, CrmCommandSettled
from tuyen_events.crm_limits import ROWS_REMEMBERED
from tuyen_events.custom_fields import CustomFields
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.jobs import ImportRequested, JobProgressed, JobState
from tuyen_events.outbound import AttachmentId
from tuyen_gateway.adapters.sheets import InMemorySheets
from tuyen_gateway.adapters.skipped_items import InMemorySkippedItems
from tuyen_gateway.domain.contact_visibility import ContactScope
from tuyen_gateway.domain.jobs import Job, evolve
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.jobs import imports, job_run
from tuyen_gateway.jobs.imports import ImportRun
from tuyen_gateway.jobs.runner import stop_job
from tuyen_gateway.jobs.turns import Turns
from tuyen_gateway.sheet_work.tasks import SheetTask
from tuyen_platform.clock import ManualClock

SHOP, BOSS = OrganizationId("hoa-sen"), AgentId("boss")
START = datetime.fromisoformat("2026-09-21T12:00:00+00:00")
FILE = """Tên,SĐT,Ghi chú
Lan,0912345678,a
Minh,,b

Hoa,none,c
Lan Anh,+84 912 345 678,d
Vĩnh,0912345670,e
"""
NAMES = ["Lan", "Minh", "Vĩnh"]


class Crash(Exception):
    """The process ends here."""


@dataclass
class ImportingShop:
    """A CRM, which remembers the rows of the job, and the log of it. After `left` more steps the
    process ends."""

    world: World = field(default_factory=World)
    rows: ImportedRows = field(default_factory=lambda: ImportedRows(at=START))
    files: InMemoryAttachments = field(default_factory=InMemoryAttachments)
    sheets: InMemorySheets = field(default_factory=InMemorySheets)
    left: int = 10_000
    reports: int = 0
    job_now: Job | None = None

    def step(self) -> None:
        if self.left == 0:
            raise Crash
        self.left -= 1

    def as_gateway(self) -> Gateway:
        parts = SimpleNamespace(
            clock=ManualClock(START),
            crm=self,
            crm_commands=self,
            jobs=self,
            directory=self,
            attachments=self.files,
            sheets=self.sheets,
            skipped_items=InMemorySkippedItems(),
        )
        return cast("Gateway", parts)

    # CrmCommands

    def now(self) -> datetime:
        return START

    async def carry_out_all(
        self, commands: Sequence[CrmCommand]
    ) -> Mapping[str, CrmCommandSettled]:
        settled = {}
        for command in commands:
            self.step()
            assert isinstance(command, ImportContact)
            known = self.rows.find(command.row)
            decision = self.world.do(command) if known is None else known.as_decision()
            if known is None:
                self.rows = self.rows.add(command.row, decision, command.at)
            settled[command.command_id] = CrmCommandSettled(
                command_id=command.command_id,
                organization=SHOP,
                contact_id=command.contact_id,
                outcome=decision.outcome,
                version=decision.version,
            )
        self.step()
        return settled

    # CrmViews

    async def contact_fields(self, organization: OrganizationId) -> CustomFields:
        assert organization == SHOP
        fields = self.world.list_setup("contact_fields")
        return {
            each.id: each.definition for each in fields if isinstance(each, ContactFieldChanged)
        }

    # Directory

    @property
    def table(self) -> "ImportingShop":
        return self

    async def refresh(self, within_s: float) -> bool:
        return True

    # Jobs

    def job(self, job_id: str) -> Job | None:
        return self.job_now

    async def keep_request(self, job: Job) -> None:
        return

    async def report(self, progress: JobProgressed) -> None:
        self.step()
        self.reports += 1
        self.job_now = evolve(self.job_now, progress)

    @contextmanager
    def ending(self, job_id: str) -> Iterator[None]:
        yield

    async def tidy(self, job: Job, forgotten: datetime) -> None:
        return


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "SLICE", 2)
    scope = ContactScope(organization=SHOP, agent_id=BOSS, managed=frozenset({"default"}))

    async def find_scope(_: ImportRun) -> tuple[Organization, ContactScope]:
        return Organization(id=SHOP), scope

    async def find_staff(_: ImportRun, _organization: Organization) -> tuple[AgentId, ...]:
        return ()

    monkeypatch.setattr(ImportRun, "_find_scope", find_scope)
    monkeypatch.setattr(ImportRun, "_find_staff", find_staff)


async def begin_shop(
    content: str = FILE, duplicates: Duplicates = Duplicates.SKIP
) -> ImportingShop:
    shop = ImportingShop()

    async def parts() -> AsyncIterator[bytes]:
        yield content.encode()

    new = NewAttachment(
        id=AttachmentId("imp_1"),
        organization=SHOP,
        kind="file",
        content_type="application/octet-stream",
        created_at=START,
    )
    await shop.files.add(new, parts())
    request = ImportRequested(
        job_id="imp_1",
        organization=SHOP,
        at=START,
        by=BOSS,
        warehouse_id="default",
        mapping={"Tên": "name", "SĐT": "phones"},
        duplicates=duplicates,
        rows=5,
    )
    shop.job_now = Job(request=request)
    return shop


async def run(shop: ImportingShop) -> JobProgressed:
    job = shop.job_now
    assert job is not None
    if not job.ended:
        await ImportRun(shop.as_gateway(), job, Turns(1)).run()
    assert shop.job_now is not None
    assert shop.job_now.progress is not None
    return shop.job_now.progress


def names(shop: ImportingShop) -> list[str]:
    return sorted(contact.name or "" for contact in shop.world.unmerged().values())


async def test_c9_every_row_becomes_a_contact_or_is_listed() -> None:
    shop = await begin_shop()
    progress = await run(shop)
    assert progress.state is JobState.DONE
    assert (progress.total, progress.done, progress.changed, progress.unchanged) == (5, 5, 3, 1)
    assert [(each.id, each.reason) for each in progress.skipped] == [("5", "invalid_row")]
    assert names(shop) == NAMES
    sources = {contact.source for contact in shop.world.unmerged().values()}
    assert sources == {"imp_1"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(crashes=st.lists(st.integers(0, 12), max_size=4), duplicates=st.sampled_from([*Duplicates]))
async def test_c9_a_job_that_crashed_between_any_two_rows_does_nothing_twice(
    crashes: list[int], duplicates: Duplicates
) -> None:
    """Also where rows change contacts that exist already."""
    whole, crashed = [await begin_shop(FILE, duplicates) for _ in range(2)]
    expected = await run(whole)
    for steps in crashes:
        crashed.left = steps
        with suppress(Crash):
            await run(crashed)
    crashed.left = 10_000
    assert await run(crashed) == expected
    assert crashed.world.events == whole.world.events


def test_c9_the_rows_that_are_under_way_at_once_are_remembered() -> None:
    assert job_run.SLICE < ROWS_REMEMBERED


async def test_c9_a_job_that_is_stopped_goes_no_further() -> None:
    shop = await begin_shop()
    shop.left = 4
    with suppress(Crash):
        await run(shop)
    shop.left = 10_000
    await stop_job(shop.as_gateway(), "imp_1")
    progress = await run(shop)
    assert (progress.state, progress.total) == (JobState.STOPPED, 5)
    assert len(names(shop)) < len(NAMES)
    await stop_job(shop.as_gateway(), "imp_1")
    assert shop.job_now is not None
    assert shop.job_now.progress == progress


async def test_c9_a_job_that_was_not_begun_can_be_stopped() -> None:
    shop = await begin_shop()
    await stop_job(shop.as_gateway(), "imp_1")
    assert (await run(shop)).state is JobState.STOPPED
    assert names(shop) == []


async def test_c9_a_job_that_is_stopped_while_its_file_is_read_does_not_begin() -> None:
    shop = await begin_shop()

    class StoppedSheets(InMemorySheets):
        async def carry_out(
            self, organization: OrganizationId, task: SheetTask, file: BinaryIO
        ) -> BinaryIO:
            await stop_job(shop.as_gateway(), "imp_1")
            return await super().carry_out(organization, task, file)

    shop.sheets = StoppedSheets()
    assert (await run(shop)).state is JobState.STOPPED
    assert (names(shop), shop.reports) == ([], 1)


async def test_c9_an_import_fails_if_its_file_is_not_kept_any_more() -> None:
    shop = await begin_shop()
    shop.files = InMemoryAttachments()
    progress = await run(shop)
    assert progress.state is JobState.FAILED
    assert "upload it again" in (progress.detail or "")


async def test_c9_memory_does_not_grow_with_the_number_of_rows() -> None:
    rows = "".join(f"Khách {number},,\n" for number in range(50))
    shop = await begin_shop("Tên,SĐT,Ghi chú\n" + rows)
    job = shop.job_now
    assert job is not None
    run_of_it = ImportRun(shop.as_gateway(), job, Turns(1))
    await run_of_it.run()
    assert len(names(shop)) == 50
    assert len(run_of_it._read) <= len(names(shop)) // 10
