"""Changes many contacts (S3, W5): each by commands of its own, whose ids are derived from the job
and the contact. A batch that is repeated after a crash therefore changes nothing more.

Decides W5.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import UNSET

from tuyen_events.crm.contacts import PatchContact
from tuyen_events.crm.records import CrmCommand, CrmCommandSettled, CrmOutcome
from tuyen_events.crm.shares import EnrollContact
from tuyen_events.ids import ContactId, derive_command_id
from tuyen_events.jobs import ContactsChangeRequested, JobProgressed
from tuyen_gateway.domain.contact_visibility import ContactScope, Sight, contact_scope_of
from tuyen_gateway.domain.jobs import (
    CHANGED,
    UNCHANGED,
    ItemResult,
    ItemStatus,
    list_skipped,
)
from tuyen_gateway.domain.visibility import viewer_of
from tuyen_gateway.jobs.job_run import JobRun, StoppedError
from tuyen_gateway.jobs.plan import merge
from tuyen_gateway.jobs.turns import Turn
from tuyen_gateway.ports.views import VisibleContact

CONTACT_NOT_FOUND = ItemResult(ItemStatus.REFUSED, "not_found")
"""It does not exist, or the requester may not see it: the two cannot be distinguished (W6)."""
READ_ONLY = ItemResult(ItemStatus.REFUSED, "read_only")
"""It is shared with the requester, who may read it and change nothing (S1)."""


NOT_MANAGER = ItemResult(ItemStatus.REFUSED, "not_manager")
"""Managers of its warehouse alone assign and move it (W5)."""

_ENROLL, _PLACE = "enroll", "place"


class ContactsRun(JobRun):
    async def count(self) -> int:
        return len(self._list_ids())

    async def look_up(self, after: str | None) -> Sequence[str]:
        return [one for one in self._list_ids() if after is None or one > after]

    async def run_batch(
        self, ids: Sequence[str], turn: Turn, *, again: bool
    ) -> Mapping[str, ItemResult]:
        scope = self._scope()
        contact_ids = [ContactId(one) for one in ids]
        found = await self.retry(lambda: self.gateway.crm.find_contacts(scope, contact_ids))
        contacts = {contact.document.id: contact for contact in found}
        results: dict[str, ItemResult] = {}
        commands: dict[str, Sequence[CrmCommand]] = {}
        for one in contact_ids:
            refused = self._find_obstacle(scope, contacts.get(one))
            if refused is None:
                commands[one] = list(self._list_commands(one))
            else:
                results[one] = refused
        sent = [command for several in commands.values() for command in several]
        settled = await self.retry(lambda: self.gateway.crm_commands.carry_out_all(sent))
        for one, several in commands.items():
            results[one] = merge([read_result(settled[each.command_id]) for each in several])
        return results

    def _find_obstacle(
        self, scope: ContactScope, contact: VisibleContact | None
    ) -> ItemResult | None:
        if contact is None or contact.sight < Sight.READ:
            return CONTACT_NOT_FOUND
        if contact.sight < Sight.WRITE:
            return READ_ONLY
        managed = contact.document.warehouse_id in scope.managed
        return None if managed or not self._places() else NOT_MANAGER

    def _list_commands(self, contact_id: ContactId) -> Iterator[CrmCommand]:
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
        if self._places():
            yield PatchContact(
                command_id=derive_command_id(self.job.id, contact_id, _PLACE),
                assignee=request.assignee,
                warehouse_id=request.warehouse_id,
                **common,
            )

    def _places(self) -> bool:
        """Whether contacts get another assignee or warehouse."""
        request = self._request()
        return (request.assignee, request.warehouse_id) != (UNSET, UNSET)

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

    def _scope(self) -> ContactScope:
        """What the requester may see and do by now. Raises StoppedError."""
        return contact_scope_of(viewer_of(*self.find_requester()))


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
