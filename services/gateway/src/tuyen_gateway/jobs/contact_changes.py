"""Changes many contacts (S3, W5). Each contact is changed by one command, completely or not at all.
The id of the command is derived from the job and the contact, so a batch that is repeated after a
crash has no further effect.
"""

import asyncio
from collections.abc import Mapping, Sequence

from tuyen_events.contact_filter import ContactSelection
from tuyen_events.crm.contacts import PatchContact
from tuyen_events.crm.records import CrmCommandSettled, CrmOutcome
from tuyen_events.ids import ContactId, derive_command_id
from tuyen_events.jobs import ContactsChangeRequested
from tuyen_events.vocabulary import Role
from tuyen_gateway.domain.contact_filter import list_by_id
from tuyen_gateway.domain.contact_visibility import AccessLevel, ContactScope
from tuyen_gateway.domain.jobs import CHANGED, UNCHANGED, ItemResult, ItemStatus
from tuyen_gateway.jobs.job_run import JobRun, StoppedError
from tuyen_gateway.jobs.turns import Turn
from tuyen_gateway.ports.views import VisibleContact

CONTACT_NOT_FOUND = ItemResult(ItemStatus.REFUSED, "not_found")
"""It does not exist, or the requester may not see it: the two cannot be distinguished (W6)."""
READ_ONLY = ItemResult(ItemStatus.REFUSED, "read_only")
"""It is shared with the requester, who may read it and change nothing (S1)."""
VERSION_PASSED = ItemResult(ItemStatus.REFUSED, CrmOutcome.VERSION_PASSED.value)
"""Somebody changed it meanwhile, so that it does not match the filter any more."""

_ATTEMPTS = 3
"""How often a contact is looked at that somebody changes meanwhile. It may still match."""

_VIEW_BEHIND_S = 0.5
"""How long the view has to show a change that came first, before the contact is looked at again."""

_NO_VERSION = 0
"""No contact has this version."""

_FETCHED = 2_000
"""How many contacts that match a filter are found at once."""


class ContactsRun(JobRun):
    lists_skipped = True

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
        results: dict[str, ItemResult] = {}
        left = [ContactId(one) for one in ids]
        for attempt in range(_ATTEMPTS):
            if attempt:
                await asyncio.sleep(_VIEW_BEHIND_S)
            results |= await self._change(left, attempt)
            left = [one for one in left if results[one] == VERSION_PASSED]
            if not left:
                break
        return results

    async def _change(
        self, contact_ids: Sequence[ContactId], attempt: int
    ) -> Mapping[str, ItemResult]:
        scope = await self.load_contact_scope()
        found = await self.retry(lambda: self.gateway.crm.find_contacts(scope, contact_ids))
        known = {contact.document.id: contact for contact in found}
        versions = await self._find_versions(scope, known)
        results: dict[str, ItemResult] = {}
        commands: dict[str, PatchContact] = {}
        for one in contact_ids:
            access = known[one].access if one in known else AccessLevel.NOTHING
            if access is AccessLevel.WRITE:
                commands[one] = self._build_command(one, versions.get(one), attempt)
            else:
                results[one] = READ_ONLY if access is AccessLevel.READ else CONTACT_NOT_FOUND
        settled = await self.retry(
            lambda: self.gateway.crm_commands.carry_out_all(list(commands.values()))
        )
        changed = {one: read_result(settled[each.command_id]) for one, each in commands.items()}
        return {**results, **changed}

    async def _find_versions(
        self, scope: ContactScope, known: Mapping[ContactId, VisibleContact]
    ) -> Mapping[ContactId, int]:
        """The versions that contacts must have when they are changed, if they are changed because
        they match a filter: whoever claims one meanwhile keeps it (W4).

        They matched when the job looked them up. `known` was read before they are matched again, so
        that no change between the two is missed. For one that does not match any more the version
        is one that none has: if the job itself has changed it, and then crashed, the CRM answers
        with that result, and otherwise that another change came first."""
        selection = self._request().selection
        if selection is None or not known:
            return {}
        wanted = list_by_id(selection, tuple(known))
        matched = await self.retry(
            lambda: self.gateway.crm.find_readable_ids(scope, wanted, len(known), None)
        )
        matching = set(matched)
        return {
            one: each.document.version if one in matching else _NO_VERSION
            for one, each in known.items()
        }

    def _build_command(
        self, contact_id: ContactId, expected_version: int | None, attempt: int
    ) -> PatchContact:
        request, (_, requester) = self._request(), self.find_requester()
        given = {
            name: getattr(request, name)
            for name in PatchContact.__struct_fields__
            if name in ContactsChangeRequested.__struct_fields__
        }
        return PatchContact(
            **{**given, "at": self.gateway.crm_commands.now()},
            command_id=derive_command_id(self.job.id, contact_id, *[str(attempt)] * bool(attempt)),
            contact_id=contact_id,
            administrator=requester.role is Role.SYSTEM_ADMIN,
            expected_version=expected_version,
        )

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
