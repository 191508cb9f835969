"""Contacts whose sharing rules have to be applied."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tuyen_events.ids import ContactId, OrganizationId
from tuyen_views.sharing_rules import SharingRuleDocument


@dataclass(frozen=True, slots=True)
class SharedContact:
    """A contact, the `sequence` of the last event in its document, and the rules that have to be
    applied to it, with their revisions; None for a rule that does not exist any more."""

    id: ContactId
    sequence: int
    rules: Mapping[str, int | None]


class SharingScans(Protocol):
    """The contacts of an organization for which its sharing rules are to be applied. They are found
    in the view, which may be behind: what is found may have been done already."""

    async def rules(self, organization: OrganizationId) -> Sequence[SharingRuleDocument]:
        """All sharing rules."""
        ...

    async def outdated(
        self,
        organization: OrganizationId,
        revisions: Mapping[str, int],
        limit: int,
        among: Collection[ContactId] | None = None,
    ) -> Sequence[SharedContact]:
        """Contacts to which a rule was applied that has another revision now, or does not exist any
        more: `revisions` has those of all rules. In no order; with `among`, only some of these."""
        ...

    async def waiting(
        self, rule: SharingRuleDocument, limit: int, after: ContactId | None
    ) -> Sequence[SharedContact]:
        """Contacts of the rule's campaign to which this revision of the rule was not applied, or
        that wait for the next run of a rule, in the order of their ids."""
        ...
