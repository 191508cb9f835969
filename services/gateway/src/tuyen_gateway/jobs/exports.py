"""Counts the contacts of an export (C9). The file itself is made when it is downloaded, since what
a viewer may see can change until then."""

from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial

import msgspec

from tuyen_events.contact_filter import ContactSelection
from tuyen_events.jobs import ExportRequested, JobProgressed, SheetFormat
from tuyen_events.sheet_limits import SHEET_ROWS
from tuyen_gateway.domain.contact_filter import list_by_id
from tuyen_gateway.domain.contact_visibility import AccessLevel, ContactScope
from tuyen_gateway.domain.jobs import ItemResult
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.jobs.job_run import JobRun, StoppedError
from tuyen_gateway.jobs.turns import Turn
from tuyen_views.contacts import ContactDocument

_PAGE = 1_000


class ExportRun(JobRun):
    async def count(self) -> int:
        scope = await self.load_contact_scope()
        request = self.job.request
        if not isinstance(request, ExportRequested):
            raise StoppedError(f"This version does not know jobs of the type {request.type}.")
        selection = selection_of(request)
        counted, after = 0, None
        while True:
            read = partial(read_page, self.gateway, scope, selection, after)
            contacts, after = await self.retry(read)
            counted += len(contacts)
            if request.format is SheetFormat.XLSX and counted > SHEET_ROWS:
                raise StoppedError(f"A workbook has at most {SHEET_ROWS} rows: export CSV.")
            if after is None:
                return counted

    async def look_up(self, after: str | None) -> Sequence[str]:
        return ()

    async def run_batch(
        self, ids: Sequence[str], turn: Turn, *, again: bool
    ) -> Mapping[str, ItemResult]:
        return {}

    def complete(self, progress: JobProgressed) -> JobProgressed:
        return msgspec.structs.replace(progress, done=progress.total)


def selection_of(request: ExportRequested) -> ContactSelection:
    """The selection of contacts that are exported."""
    words = (request.words or "").strip() or request.selection.words
    return msgspec.structs.replace(request.selection, words=words)


async def read_contacts(
    gateway: Gateway, scope: ContactScope, selection: ContactSelection
) -> AsyncIterator[Sequence[ContactDocument]]:
    """The contacts that a viewer may read, in pages. Those that may only be claimed are left out
    (W3)."""
    after: str | None = None
    while True:
        contacts, after = await read_page(gateway, scope, selection, after)
        yield contacts
        if after is None:
            return


async def read_page(
    gateway: Gateway, scope: ContactScope, selection: ContactSelection, after: str | None
) -> tuple[Sequence[ContactDocument], str | None]:
    """One page of `read_contacts`, and what the next one is after; None if there is none."""
    page = await gateway.crm.contacts(scope, list_by_id(selection), _PAGE, after)
    contacts = [each.document for each in page.items if each.access >= AccessLevel.READ]
    return contacts, page.following
