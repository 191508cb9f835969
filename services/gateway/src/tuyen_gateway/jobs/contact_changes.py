"""Changes many contacts (S3, W5): each by commands of its own, whose ids are derived from the job
and the contact. A batch that is repeated after a crash therefore changes nothing more.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import UNSET

from tuyen_events.crm.claims import PlaceContact
from tuyen_events.crm.records import CrmCommand, CrmCommandSettled, CrmOutcome
from tuyen_events.crm.shares import EnrollContact
from tuyen_events.ids import ContactId, derive_command_id
from tuyen_events.jobs import ContactsChangeRequested, JobProgressed
from tuyen_events.vocabulary import Role
from tuyen_gateway.domain.contact_visibility import Sight
from tuyen_gateway.domain.jobs import (
    CHANGED,
    UNCHANGED,
    ItemResult,
    ItemStatus,
    list_skipped,
)
from tuyen_gateway.jobs.job_run import JobRun, StoppedError
from tuyen_gateway.jobs.plan import merge
from tuyen_gateway.jobs.turns import Turn

CONTACT_NOT_FOUND = ItemResult(ItemStatus.REFUSED, "not_found")
"""It does not exist, or the requester may not see it: the two cannot be distinguished (W6)."""
READ_ONLY = ItemResult(ItemStatus.REFUSED, "read_only")
"""It is shared with the requester, who may read it and change nothing (S1)."""


_ENROLL, _PLACE = "enroll", "place"


class ContactsRun(JobRun):
    async def count(self) -> int:
        return len(self._list_ids())

    async def look_up(self, after: str | None) -> Sequence[str]:
        return [one for one in self._list_ids() if after is None or one > after]

    async def run_batch(
        self, ids: Sequence[str], turn: Turn, *, again: bool
    ) -> Mapping[str, ItemResult]:
        scope = await self.load_contact_scope()
        administrator = self.find_requester()[1].role is Role.SYSTEM_ADMIN
        contact_ids = [ContactId(one) for one in ids]
        found = await self.retry(lambda: self.gateway.crm.find_contacts(scope, contact_ids))
        sights = {contact.document.id: contact.sight for contact in found}
        results: dict[str, ItemResult] = {}
        commands: dict[ContactId, Sequence[CrmCommand]] = {}
        for one in contact_ids:
            sight = sights.get(one, Sight.NOTHING)
            if sight is Sight.WRITE:
                commands[one] = list(self._list_commands(one, administrator=administrator))
            else:
                results[one] = READ_ONLY if sight is Sight.READ else CONTACT_NOT_FOUND
        sent = [command for several in commands.values() for command in several]
        settled = await self.retry(lambda: self.gateway.crm_commands.carry_out_all(sent))
        for one, several in commands.items():
            results[one] = merge([read_result(settled[each.command_id]) for each in several])
        return results

    def _list_commands(self, contact_id: ContactId, *, administrator: bool) -> Iterator[CrmCommand]:
        request = self._request()
        common: dict[str, Any] = {
            "organization": request.organization,
            "contact_id": contact_id,
            "by": request.by,
            "at": self.gateway.crm_commands.now(),
        }
        if (request.campaign_id, request.care_status) != (UNSET, UNSET):
            yield EnrollContact(
                command_id=derive_command_id(self.job.id, contact_id, _ENROLL),
                campaign_id=request.campaign_id,
                care_status=request.care_status,
                **common,
            )
        if (request.assignee, request.warehouse_id) != (UNSET, UNSET):
            yield PlaceContact(
                command_id=derive_command_id(self.job.id, contact_id, _PLACE),
                assignee=request.assignee,
                warehouse_id=request.warehouse_id,
                administrator=administrator,
                **common,
            )

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
