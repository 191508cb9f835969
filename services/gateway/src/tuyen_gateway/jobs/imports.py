"""Imports the rows of a file (C9), each by one command. The ids of the command and of the contact
are derived from the import and the row, and the CRM remembers what became of it, so a batch that is
repeated after a crash, or because its results were late, has no further effect.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from tuyen_directory.organization import Organization
from tuyen_events.crm.imports import ImportContact
from tuyen_events.crm.records import CrmCommandSettled
from tuyen_events.directory import COUNTRY
from tuyen_events.ids import AgentId, ContactId, derive_command_id
from tuyen_events.jobs import ImportRequested
from tuyen_gateway.domain.contact_visibility import ContactScope
from tuyen_gateway.domain.jobs import ItemResult, ItemStatus
from tuyen_gateway.imports.columns import ASSIGNEE, ImportableFields
from tuyen_gateway.imports.fields import load_importable_fields
from tuyen_gateway.imports.reading import RowFormat, read_contact
from tuyen_gateway.imports.report import cells_of
from tuyen_gateway.jobs.contact_changes import read_result
from tuyen_gateway.jobs.job_run import SLICE, JobRun, StoppedError
from tuyen_gateway.jobs.turns import Turn
from tuyen_gateway.sheet_work.tasks import ListRows, read_listed
from tuyen_gateway.sheets.loading import load_sheet
from tuyen_gateway.sheets.rows import SheetRow, UnreadableSheetError, name_columns
from tuyen_views.warehouses import WAREHOUSES_VIEW

INVALID_ROW = ItemResult(ItemStatus.REFUSED, "invalid_row")
"""The preview says what is wrong with it."""

KNOWN_ELSEWHERE = "known_elsewhere"


class ImportRun(JobRun):
    """Rows are named by their numbers. Only those of one batch are in memory."""

    lists_skipped = True

    _rows: Iterator[SheetRow] = iter(())
    _columns: Sequence[str] = ()
    _read: Mapping[str, SheetRow] = {}

    async def prepare(self) -> None:
        request = self._request()
        file = await self.retry(
            lambda: load_sheet(self.gateway.attachments, request.organization, request.job_id)
        )
        if file is None:
            raise StoppedError("The file is not kept any more: upload it again.")
        try:
            with file:
                listed = await self.gateway.sheets.carry_out(request.organization, ListRows(), file)
        except UnreadableSheetError as error:
            raise StoppedError(str(error)) from error
        self._rows = read_listed(listed)
        heading = next(self._rows, None)
        self._columns = () if heading is None else name_columns(heading.cells)

    async def count(self) -> int:
        return self._request().rows

    async def look_up(self, after: str | None) -> Sequence[str]:
        await self._read_after(0 if after is None else int(after))
        return list(self._read)

    async def run_batch(
        self, ids: Sequence[str], turn: Turn, *, again: bool
    ) -> Mapping[str, ItemResult]:
        if not self._read.keys() >= set(ids):
            await self._read_after(int(ids[0]) - 1)
        organization, scope = await self._find_scope()
        request = self._request()
        known = await self.retry(
            lambda: load_importable_fields(
                self.gateway,
                organization,
                scope,
                request.warehouse_id,
                request.mapping.values(),
            )
        )
        staff = await self._find_staff(organization)
        commands, results = {}, dict[str, ItemResult]()
        read = await asyncio.to_thread(self._read_fields, organization, known, ids)
        for one in ids:
            fields = read.get(one)
            if fields is None:
                results[one] = INVALID_ROW
            else:
                commands[one] = self._build_command(one, scope, staff, fields)
        settled = await self.retry(
            lambda: self.gateway.crm_commands.carry_out_all(list(commands.values()))
        )
        carried_out = {
            one: _read_result(settled[command.command_id]) for one, command in commands.items()
        }
        return {**results, **carried_out}

    def _read_fields(
        self, organization: Organization, known: ImportableFields, ids: Sequence[str]
    ) -> Mapping[str, dict[str, Any]]:
        """The fields of those of the rows that have no errors."""
        profile = organization.profile
        country = COUNTRY if profile is None else profile.value.country
        row_format = RowFormat(self._request().mapping, country, known)
        found: dict[str, dict[str, Any]] = {}
        for one in ids:
            row = self._read.get(one)
            if row is None:
                continue
            fields, errors = read_contact(row.number, cells_of(row, self._columns), row_format)
            if not errors:
                found[one] = fields
        return found

    def _build_command(
        self, one: str, scope: ContactScope, staff: tuple[AgentId, ...], fields: dict[str, Any]
    ) -> ImportContact:
        """Where the requester is no manager, what they import is theirs, as is what they add by
        hand."""
        request = self._request()
        manages = request.warehouse_id in scope.managed
        command_id = derive_command_id(self.job.id, one)
        return ImportContact(
            command_id=command_id,
            organization=request.organization,
            contact_id=ContactId(command_id.replace("cmd_", "con_", 1)),
            source=request.job_id,
            row=int(one),
            warehouse_id=request.warehouse_id,
            duplicates=request.duplicates,
            managed=tuple(sorted(scope.managed)),
            staff=staff if manages else (),
            by=request.by,
            at=self.gateway.crm_commands.now(),
            **(fields if manages else {**fields, ASSIGNEE: request.by}),
        )

    async def _read_after(self, number: int) -> None:
        """Reads the next rows, from the beginning of the file if another gateway read the ones
        before."""
        self._read = await asyncio.to_thread(_take, self._rows, number)

    async def _find_scope(self) -> tuple[Organization, ContactScope]:
        organization, agent = self.find_requester()
        scope = await self.load_contact_scope()
        if not agent.crm.imports:
            raise StoppedError(f"{agent.id} may not import any more.")
        if not scope.may_add_to(self._request().warehouse_id):
            raise StoppedError(f"{agent.id} may not add contacts to the warehouse any more.")
        return organization, scope

    async def _find_staff(self, organization: Organization) -> tuple[AgentId, ...]:
        """Who may get the contacts of this batch, if the warehouse distributes its new ones (W5). A
        hundred thousand commands name the members alone, and not all agents."""
        warehouse_id = self._request().warehouse_id
        warehouse = await self.retry(
            lambda: self.gateway.crm.setup(WAREHOUSES_VIEW, organization.id, warehouse_id)
        )
        if warehouse is None or warehouse.distribute is None:
            return ()
        members = frozenset(warehouse.members)
        return tuple(agent for agent in organization.crm_staff if agent in members)

    def _request(self) -> ImportRequested:
        request = self.job.request
        if not isinstance(request, ImportRequested):
            raise StoppedError(f"This version does not know jobs of the type {request.type}.")
        return request


def _read_result(settled: CrmCommandSettled) -> ItemResult:
    """With KNOWN_ELSEWHERE if the row has a phone number or an email of a contact that others look
    after (C2)."""
    result = read_result(settled)
    return replace(result, why=KNOWN_ELSEWHERE) if settled.known_elsewhere else result


def _take(rows: Iterator[SheetRow], number: int) -> Mapping[str, SheetRow]:
    """The next rows after the one with this number."""
    following = (row for row in rows if row.number > number)
    return {str(row.number): row for row in islice(following, SLICE)}
