"""Changes many contacts (S3): each by a command of its own, whose id is derived from the job and
the contact. A batch that is repeated after a crash therefore changes nothing more.
"""

from collections.abc import Mapping, Sequence

from tuyen_events.crm.records import CrmCommandSettled, CrmOutcome
from tuyen_events.crm.shares import EnrollContact
from tuyen_events.ids import ContactId, derive_command_id
from tuyen_events.jobs import ContactsChangeRequested, JobProgressed
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


class ContactsRun(JobRun):
    async def count(self) -> int:
        return len(self._list_ids())

    async def look_up(self, after: str | None) -> Sequence[str]:
        return [one for one in self._list_ids() if after is None or one > after]

    async def run_batch(
        self, ids: Sequence[str], turn: Turn, *, again: bool
    ) -> Mapping[str, ItemResult]:
        scope, request = await self.load_contact_scope(), self._request()
        contact_ids = [ContactId(one) for one in ids]
        found = await self.retry(lambda: self.gateway.crm.find_contacts(scope, contact_ids))
        sights = {contact.document.id: contact.sight for contact in found}
        commands = {
            one: EnrollContact(
                command_id=derive_command_id(self.job.id, one),
                organization=request.organization,
                contact_id=one,
                campaign_id=request.campaign_id,
                care_status=request.care_status,
                by=request.by,
                at=self.gateway.crm_commands.now(),
            )
            for one in contact_ids
            if sights.get(one) is Sight.WRITE
        }
        settled = await self.retry(
            lambda: self.gateway.crm_commands.carry_out_all(list(commands.values()))
        )
        results: dict[str, ItemResult] = {}
        for one in contact_ids:
            if one in commands:
                results[one] = _read_result(settled[commands[one].command_id])
            else:
                shared = sights.get(one) is Sight.READ
                results[one] = READ_ONLY if shared else CONTACT_NOT_FOUND
        return results

    def note_results(
        self, progress: JobProgressed, results: Mapping[str, ItemResult]
    ) -> JobProgressed:
        return list_skipped(super().note_results(progress, results), results)

    def _list_ids(self) -> Sequence[ContactId]:
        return sorted(set(self._request().contact_ids))

    def _request(self) -> ContactsChangeRequested:
        request = self.job.request
        if not isinstance(request, ContactsChangeRequested):
            raise StoppedError(f"This version does not know jobs of the type {request.type}.")
        return request


def _read_result(settled: CrmCommandSettled) -> ItemResult:
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
