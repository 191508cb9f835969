"""Changes many contacts (S3, W5): each by a command of its own, whose id is derived from the job
and the contact, and which changes all that is given, or nothing. A batch that is repeated after a
crash therefore changes nothing more.
"""

from collections.abc import Mapping, Sequence

from tuyen_events.contact_filter import ContactSelection
from tuyen_events.crm.contacts import PatchContact
from tuyen_events.crm.records import CrmCommandSettled, CrmOutcome
from tuyen_events.ids import ContactId, derive_command_id
from tuyen_events.jobs import ContactsChangeRequested, JobProgressed
from tuyen_events.vocabulary import Role
from tuyen_gateway.domain.contact_filter import list_by_id
from tuyen_gateway.domain.contact_visibility import Sight
from tuyen_gateway.domain.jobs import (
    CHANGED,
    UNCHANGED,
    ItemResult,
    ItemStatus,
    list_skipped,
)
from tuyen_gateway.jobs.job_run import JobRun, StoppedError
from tuyen_gateway.jobs.turns import Turn

CONTACT_NOT_FOUND = ItemResult(ItemStatus.REFUSED, "not_found")
"""It does not exist, or the requester may not see it: the two cannot be distinguished (W6)."""
READ_ONLY = ItemResult(ItemStatus.REFUSED, "read_only")
"""It is shared with the requester, who may read it and change nothing (S1)."""

_FETCHED = 2_000
"""How many contacts that match a filter are found at once."""


class ContactsRun(JobRun):
    async def count(self) -> int:
        selection = self._request().selection
        if selection is None:
            return len(self._list_named())
        counted, last = 0, None
        while found := await self._find(selection, last):
            counted, last = counted + len(found), found[-1]
        return counted

    async def look_up(self, after: str | None) -> Sequence[str]:
        last = None if after is None else ContactId(after)
        selection = self._request().selection
        if selection is None:
            return [one for one in self._list_named() if last is None or one > last]
        return await self._find(selection, last)

    async def _find(
        self, selection: ContactSelection, after: ContactId | None
    ) -> Sequence[ContactId]:
        scope, wanted = await self.load_contact_scope(), list_by_id(selection)
        return await self.retry(
            lambda: self.gateway.crm.find_readable_ids(scope, wanted, _FETCHED, after)
        )

    async def run_batch(
        self, ids: Sequence[str], turn: Turn, *, again: bool
    ) -> Mapping[str, ItemResult]:
        scope = await self.load_contact_scope()
        administrator = self.find_requester()[1].role is Role.SYSTEM_ADMIN
        contact_ids = [ContactId(one) for one in ids]
        found = await self.retry(lambda: self.gateway.crm.find_contacts(scope, contact_ids))
        sights = {contact.document.id: contact.sight for contact in found}
        results: dict[str, ItemResult] = {}
        commands: dict[str, PatchContact] = {}
        for one in contact_ids:
            sight = sights.get(one, Sight.NOTHING)
            if sight is Sight.WRITE:
                commands[one] = self._build_command(one, administrator=administrator)
            else:
                results[one] = READ_ONLY if sight is Sight.READ else CONTACT_NOT_FOUND
        settled = await self.retry(
            lambda: self.gateway.crm_commands.carry_out_all(list(commands.values()))
        )
        changed = {one: read_result(settled[each.command_id]) for one, each in commands.items()}
        return {**results, **changed}

    def _build_command(self, contact_id: ContactId, *, administrator: bool) -> PatchContact:
        request = self._request()
        given = {
            name: getattr(request, name)
            for name in PatchContact.__struct_fields__
            if name in ContactsChangeRequested.__struct_fields__
        }
        return PatchContact(
            **{**given, "at": self.gateway.crm_commands.now()},
            command_id=derive_command_id(self.job.id, contact_id),
            contact_id=contact_id,
            administrator=administrator,
        )

    def note_results(
        self, progress: JobProgressed, results: Mapping[str, ItemResult]
    ) -> JobProgressed:
        return list_skipped(super().note_results(progress, results), results)

    def _list_named(self) -> Sequence[ContactId]:
        return sorted(set(self._request().contact_ids))

    def _request(self) -> ContactsChangeRequested:
        request = self.job.request
        if not isinstance(request, ContactsChangeRequested):
            raise StoppedError(f"This version does not know jobs of the type {request.type}.")
        return request


def read_result(settled: CrmCommandSettled) -> ItemResult:
    match settled.outcome:
        case CrmOutcome.APPLIED:
            return CHANGED
        case CrmOutcome.UNCHANGED:
            return UNCHANGED
        case CrmOutcome.NOT_FOUND:
            return CONTACT_NOT_FOUND
        case CrmOutcome.REFUSED if settled.refusal is not None:
            return ItemResult(ItemStatus.REFUSED, settled.refusal.value)
        case other:
            return ItemResult(ItemStatus.REFUSED, other.value)
